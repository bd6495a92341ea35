import type { CommandKit } from "./command-kit.ts"
import { type DecideOptions, listHeld, refuseHeld, releaseHeld, showHeld } from "./held-command.ts"

/** The words of `congthu held …`. */
export function addHeldCommands({ program, command, run }: CommandKit): void {
  const held = program.command("held").description("messages that policy took and that wait for a person's word")
  command(held, "list")
    .description("list those that wait, oldest first: number, kind, time, sender, recipients, rule, Message-ID")
    .action(run(listHeld))
  command(held, "show <number>")
    .description("show one, and what was decided")
    .action((number: string) => run((context) => showHeld(context, number))())
  command(held, "release <number>")
    .description("let it go to its recipients, or to one of them")
    .option("--recipient <address>", "only the copy of this recipient; the others go on waiting")
    .option("--note <text>", "why, for the audit")
    .option("--by <name>", "who decides, for the audit")
    .action((number: string, options: DecideOptions) => run((context) => releaseHeld(context, number, options))())
  command(held, "refuse <number>")
    .description("never deliver it; its sender is told")
    .requiredOption("--note <text>", "the reason, which the sender reads")
    .option("--by <name>", "who decides, for the audit")
    .action((number: string, options: DecideOptions) => run((context) => refuseHeld(context, number, options))())
}
