import type { CommandKit } from "./command-kit.ts"
import { checkDns, type CheckOptions, printRecords, type RecordsOptions } from "./dns-command.ts"

/** The words of `congthu dns …`. */
export function addDnsCommands({ program, command, run }: CommandKit): void {
  const strict = ["--strict", "ask others to refuse what is forged (DMARC p=reject) instead of only to report it"] as const
  const dns = command(program, "dns <domain>")
    .description("print every record that the DNS should hold for a domain of ours, in zone-file notation (docs/dns.md)")
    .option(...strict)
    .addHelpText("after", "\nExamples:\n  npm run congthu -- dns tinh.example\n  npm run congthu -- dns check tinh.example")
    .action((domain: string, options: RecordsOptions) => run((context) => printRecords(context, domain, options))())
  command(dns, "check <domain>")
    .description("ask the DNS for each of them, the policy server for the MTA-STS policy, and for PTR records that lead back; exit code 1 when one is missing, different, or cannot be asked for")
    .option(...strict)
    .option("--server <address>", "the resolver to ask, instead of the configured ones")
    .action((domain: string, options: CheckOptions) => run((context) => checkDns(context, domain, options))())
}
