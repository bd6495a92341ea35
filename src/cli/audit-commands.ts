import type { Command } from "commander"
import { type ExportOptions, exportAudit, type FilterOptions, listAccesses, listAudit, type PageOptions } from "./audit-command.ts"
import { printHead, verifyAudit, type VerifyCommandOptions } from "./audit-verify-command.ts"
import type { CommandKit } from "./command-kit.ts"

/** `congthu audit …`: who did what, who came into whose account, and the proof that nothing of it was changed. */
export function addAuditCommands({ program, command, run }: CommandKit): void {
  const audit = program.command("audit").description("who did what, and the proof that it was not changed (docs/audit.md)")
  filters(pages(command(audit, "list")))
    .description("entries, newest first; acceptances of messages only with --kind message.accepted (see trace)")
    .addHelpText("after", "\nExamples:\n  npm run congthu -- audit list --kind 'signIn.*' --since 1d\n  npm run congthu -- audit list --who an.vp --account vanthu@sonv.tinh.example --json")
    .action((options: FilterOptions & PageOptions) => run((context) => listAudit(context, options))())
  filters(command(audit, "export"))
    .description("all that fit, oldest first, as lines of JSON; that it was exported is an entry itself")
    .option("--csv", "as CSV")
    .option("--out <file>", "a new file instead of standard output")
    .action((options: ExportOptions) => run((context) => exportAudit(context, options))())
  pages(command(audit, "accesses <address>"))
    .description("who else than its owner came into an account, newest first")
    .action((address: string, options: PageOptions) => run((context) => listAccesses(context, address, options))())
  command(audit, "verify")
    .description("read the chain from its beginning: finds entries that were changed, removed, inserted or put in another order")
    .option("--from <position>", "begin there, relying on the link before it")
    .option("--to <position>", "end there")
    .option("--head <files...>", "signed heads that were kept elsewhere, one a line")
    .option("--heads <files...>", "the same")
    .option("--key <hex...>", "public keys that this server signed with before")
    .option("--json", "the report as JSON")
    .addHelpText("after", "\nExit code 0: all is as it was sealed; 1: it is not.\n\nExample:\n  npm run congthu -- audit verify --head /media/usb/heads.txt")
    .action(({ head = [], heads = [], ...options }: VerifyCommandOptions & { readonly heads?: readonly string[] }) => run((context) => verifyAudit(context, { ...options, head: [...head, ...heads] }))())
  command(audit, "head")
    .description("print the last signed head of the chain, to be kept where this server cannot write")
    .option("--all", "all of them, one a line")
    .option("--now", "seal and sign first what there is")
    .action((options: { readonly all?: boolean; readonly now?: boolean }) => run((context) => printHead(context, options))())
}

const filters = (to: Command): Command =>
  to
    .option("--kind <kind>", 'what happened: exact, or its beginning, as "signIn.*"')
    .option("--who <name>", "by whom: a system user, a token's name, a principal")
    .option("--account <address>", "on which account")
    .option("--since <time>", "from then: 7d, 2026-11-26, 2026-11-26T08:00:00+07:00")
    .option("--until <time>", "before then")
    .option("--text <text>", "somewhere in the details")

const pages = (to: Command): Command =>
  to.option("--limit <number>", "entries of one page", "100").option("--before <number>", "the next page: those before this entry").option("--json", "as lines of JSON").option("--csv", "as CSV")
