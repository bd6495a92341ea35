import type { Command } from "commander"
import type { CommandKit } from "./command-kit.ts"
import { type DmarcListOptions, listDmarcReports, showDmarcReport } from "./dmarc-reports-command.ts"
import { defaultSince, type ReportListOptions } from "./report-options.ts"
import { listTlsReports, showTlsReport } from "./tls-reports-command.ts"

/** The words of `congthu reports …`. */
export function addReportCommands(kit: CommandKit): void {
  const reports = kit.program.command("reports").description("what others report about our domains, and what we report about theirs (docs/reports.md)")
  const tls = listCommand(kit, reports, "tls")
    .description("TLS reports (RFC 8460): how sessions with a domain's mail servers were protected, one line for each policy")
    .addHelpText("after", "\nExamples:\n  npm run congthu -- reports tls\n  npm run congthu -- reports tls --domain tinh.example --since 7d\n  npm run congthu -- reports tls --sent\n  npm run congthu -- reports tls show 12")
    .action((options: ReportListOptions) => kit.run((context) => listTlsReports(context, options))())
  kit
    .command(tls, "show <number>")
    .description("show one, ours or others', with every failure")
    .option("--json", "as JSON")
    .action((number: string, options: { json?: boolean }) => kit.run((context) => showTlsReport(context, number, { ...options, ...tls.opts<{ json?: boolean }>() }))())
  const dmarc = listCommand(kit, reports, "dmarc")
    .description("DMARC reports (RFC 9990): who sends in the name of our domains and fails, one line for each source; those that fail most first")
    .option("--reports", "the reports one by one, with the numbers that `show` takes")
    .addHelpText("after", "\nExamples:\n  npm run congthu -- reports dmarc\n  npm run congthu -- reports dmarc --domain tinh.example --since 7d --reports\n  npm run congthu -- reports dmarc --sent\n  npm run congthu -- reports dmarc show 12")
    .action((options: DmarcListOptions) => kit.run((context) => listDmarcReports(context, options))())
  kit
    .command(dmarc, "show <number>")
    .description("show one, ours or others', with every record")
    .option("--json", "as JSON")
    .action((number: string, options: { json?: boolean }) => kit.run((context) => showDmarcReport(context, number, { ...options, ...dmarc.opts<{ json?: boolean }>() }))())
}

/** A list of one kind of reports, with the options that all lists have. */
const listCommand = ({ command }: CommandKit, reports: Command, name: string): Command =>
  command(reports, name)
    .option("--received", "those of others about our domains (the default)")
    .option("--sent", "those of ours about other domains, and what has become of them")
    .option("--domain <domain>", "about this domain only")
    .option("--since <duration>", "about days that ended no longer ago", defaultSince)
    .option("--json", "one JSON object a line")
