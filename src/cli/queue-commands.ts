import type { Command } from "commander"
import type { QueueAction } from "../store/queue-action.ts"
import type { CommandKit } from "./command-kit.ts"
import { listPauses, pauseDestination, type PauseOptions, resumeDestination } from "./pause-command.ts"
import { listDestinations, listQueue, type ListOptions, showDelivery } from "./queue-list.ts"
import { type SteerOptions, steerQueue } from "./queue-steer.ts"

/** The words of `congthu queue …`. */
export function addQueueCommands({ program, command, run }: CommandKit): void {
  const queue = program.command("queue").description("deliveries that are not settled: see them, stop them, send them on")
  const json = "one JSON object a line"
  const by = ["--by <name>", "who decides, for the audit; whoever runs the command when absent"] as const

  filterOptions(command(queue, "list"))
    .description("list them, oldest first: number, state, age, next try, tries, sender, recipient, the peer's last words")
    .option("--limit <number>", "the most that are listed", "100")
    .option("--after <number>", "go on after this delivery")
    .option("--json", json)
    .addHelpText("after", "\nExamples:\n  npm run congthu -- queue list --destination xa.example\n  npm run congthu -- queue list --older-than 4h --text greylist")
    .action((options: ListOptions) => run((context) => listQueue(context, options))())
  command(queue, "show <number>")
    .description("show one: every attempt with the peer's words and TLS, and what people did to it")
    .option("--json", "as JSON")
    .action((number: string, options: { json?: boolean }) => run((context) => showDelivery(context, number, options))())
  command(queue, "destinations")
    .description("how many wait for each destination, the fullest first")
    .option("--json", json)
    .action((options: { json?: boolean }) => run((context) => listDestinations(context, options))())

  for (const { action, what, reason } of actions) {
    const one = filterOptions(command(queue, `${action} [numbers...]`))
      .description(what)
      .option("--limit <number>", "the most that are changed when they are not named by number", "1000")
      .option("--dry-run", "show which are meant, change nothing")
      .option("--yes", "do it; without, which are meant is shown only")
      .option(...by)
    if (reason === undefined) one.option("--why <text>", "the reason, for the audit")
    else one.requiredOption("--why <text>", reason)
    one.action((numbers: string[], options: SteerOptions) => run((context) => steerQueue(context, action, numbers, options))())
  }

  command(queue, "pause <destination>")
    .description('send nothing to a domain, or to all below one ("*.xa.example"), for a while; what waits too long is returned to its sender')
    .requiredOption("--why <text>", "the reason, for the audit")
    .option("--for <time>", "how long, such as 2h; until it is resumed when absent")
    .option("--host", "it is a mail host (MX) rather than the domain of recipients")
    .option(...by)
    .addHelpText("after", "\nExample:\n  npm run congthu -- queue pause xa.example --for 2h --why \"their server is being moved\"")
    .action((destination: string, options: PauseOptions) => run((context) => pauseDestination(context, destination, options))())
  command(queue, "pauses")
    .description("list destinations that are paused")
    .option("--json", json)
    .action((options: { json?: boolean }) => run((context) => listPauses(context, options))())
  command(queue, "resume <destination>")
    .description("end a pause, by its destination or its number; what waits goes on at once")
    .option("--why <text>", "the reason, for the audit")
    .option(...by)
    .action((destination: string, options: { why?: string; by?: string }) => run((context) => resumeDestination(context, destination, options))())
}

const filterOptions = (command: Command): Command =>
  command
    .option("--state <state>", "waiting, deferred, underWay, paused, held or policyHeld")
    .option("--destination <domain>", 'domain of the recipient, or "*.domain" for those below it')
    .option("--sender <address>", 'the reverse-path; "<>" for notifications')
    .option("--recipient <address>", "the recipient")
    .option("--older-than <time>", "accepted longer ago than this, such as 4h")
    .option("--text <text>", "a part of the peer's last words")
    .option("--class <class>", "what the last refusal means, such as greylisted, throttled or mailboxFull")
    .option("--account <address>", "sent by somebody who was signed in to this account")

const actions: readonly { readonly action: QueueAction; readonly what: string; readonly reason?: string }[] = [
  { action: "hold", what: "stop them until they are released; the time does not count", reason: "the reason, for the audit and for whoever asks" },
  { action: "release", what: "let what was held go on, at once" },
  { action: "retry", what: "try them now" },
  { action: "bounce", what: "give them up; their senders are told", reason: "the reason, which the senders read" },
  { action: "delete", what: "give them up without a word to anybody", reason: "the reason, for the audit" },
]
