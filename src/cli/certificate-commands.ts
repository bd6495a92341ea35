import { addCertificate, type AddOptions, changeState, listCertificates, type ListOptions, showCertificate } from "./certificate-command.ts"
import type { CommandKit } from "./command-kit.ts"

/** The words of `congthu certificate …`. */
export function addCertificateCommands({ program, command, run }: CommandKit): void {
  const certificate = program.command("certificate").description("the registry of signing certificates: whose they are, for which accounts they speak")
  command(certificate, "list")
    .description("list certificates, the next to end first")
    .option("--holder <id>", "only those of this principal")
    .option("--state <state>", "only those that are active, suspended or revoked")
    .option("--expiring <time>", "only those that end within this time, such as 60d")
    .addHelpText("after", "\nExample:\n  npm run congthu -- certificate list --state active --expiring 30d")
    .action((options: ListOptions) => run((context) => listCertificates(context, options))())
  command(certificate, "expiring")
    .description("list active certificates that end soon")
    .option("--within <time>", "how soon", "60d")
    .action(({ within }: { within: string }) => run((context) => listCertificates(context, { state: "active", expiring: within }))())
  command(certificate, "show <fingerprint>")
    .description("show all about one; the beginning of its fingerprint is enough")
    .option("--pem", "print the certificate itself")
    .action((fingerprint: string, options: { pem?: boolean }) => run((context) => showCertificate(context, fingerprint, options))())
  command(certificate, "add <file>")
    .description("register a certificate: PEM, DER, PKCS#7, or PKCS#12 without a key")
    .requiredOption("--holder <id>", "the principal whose it is")
    .requiredOption("--use <use>", "personal, organizational or mobile")
    .option("--for <address...>", "accounts it speaks for; every account for which its holder may sign, when absent")
    .option("--from <date>", "first day of the binding")
    .option("--until <date>", "last day of the binding")
    .addHelpText("after", "\nExample:\n  npm run congthu -- certificate add sonv.pem --holder TC0005 --use organizational --for vp@sonv.tinh.example sonv@sonv.tinh.example")
    .action((file: string, options: AddOptions) => run((context) => addCertificate(context, file, options))())
  for (const { verb, state, what } of stateCommands) {
    const one = command(certificate, `${verb} <fingerprint>`).description(what)
    const reason = "why, for the audit and for whoever asks"
    if (state === "active") one.option("--reason <text>", reason)
    else one.requiredOption("--reason <text>", reason)
    one.action((fingerprint: string, options: { reason?: string }) => run((context) => changeState(context, fingerprint, { state, reason: options.reason ?? "" }))())
  }
}

const stateCommands = [
  { verb: "suspend", state: "suspended", what: "take it out of use until it is reinstated" },
  { verb: "revoke", state: "revoked", what: "take it out of use for good" },
  { verb: "reinstate", state: "active", what: "put a suspended one back into use" },
] as const
