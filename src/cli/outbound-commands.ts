import type { CommandKit } from "./command-kit.ts"
import { type ClearOptions, clearOutbound, listOutbound } from "./outbound-command.ts"
import { type AddOptions, addSuppression, listSuppressions, removeSuppression, showSuppression } from "./suppression-command.ts"

/** The words of `congthu outbound …` and `congthu suppression …`. */
export function addOutboundCommands({ program, command, run }: CommandKit): void {
  const outbound = program.command("outbound").description("accounts whose mail is held because they send more than is believable")
  command(outbound, "list")
    .description("list them, longest first: account, time, held messages, reason")
    .action(run(listOutbound))
  command(outbound, "clear <address>")
    .description("let an account send again, once its password is changed or the mail explained")
    .option("--release", "and let go what is held of it")
    .option("--refuse <reason>", "and never deliver what is held of it; its sender reads the reason")
    .option("--by <name>", "who decides, for the audit")
    .action((address: string, options: ClearOptions) => run((context) => clearOutbound(context, address, options))())

  const suppression = program.command("suppression").description("foreign recipients that are refused at submission, because they do not exist")
  command(suppression, "list")
    .description("list those that are refused, the latest first: address, returned messages, times")
    .option("--counted", "those that are only counted so far, too")
    .action((options: { counted?: boolean }) => run((context) => listSuppressions(context, options))())
  command(suppression, "show <address>")
    .description("show what is known against one, and what its server said")
    .action((address: string) => run((context) => showSuppression(context, address))())
  command(suppression, "add <address>")
    .description("refuse one from now on")
    .option("--for <duration>", "for so long, such as 30d; until it is removed when absent")
    .option("--note <text>", "why, for the audit")
    .option("--by <name>", "who decides, for the audit")
    .action((address: string, options: AddOptions) => run((context) => addSuppression(context, address, options))())
  command(suppression, "remove <address>")
    .description("allow one again")
    .option("--by <name>", "who decides, for the audit")
    .action((address: string, options: Pick<AddOptions, "by">) => run((context) => removeSuppression(context, address, options))())
}
