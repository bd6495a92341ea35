import type { CommandKit } from "./command-kit.ts"
import { createDkimKeys, type ForceOptions, listDkimKeys, retireDkimKeys, rotateDkimKeys } from "./dkim-command.ts"

/** The words of `congthu dkim …`. */
export function addDkimCommands({ program, command, run }: CommandKit): void {
  const dkim = program.command("dkim").description("the keys that outgoing mail is signed with (docs/dkim.md)")
  command(dkim, "create <domain>")
    .description("make a pair of keys, RSA and Ed25519, that waits to be published, and print its records")
    .action((domain: string) => run((context) => createDkimKeys(context, domain))())
  command(dkim, "list [domain]")
    .description("list keys: domain, selector, algorithm, waiting (for the DNS), active, retiring or retired, and since when")
    .action((domain: string | undefined) => run((context) => listDkimKeys(context, domain))())
  command(dkim, "rotate <domain>")
    .description("take the next step: make new keys and say what to publish, or sign with them once the DNS shows them")
    .option("--force", "sign with them although the DNS does not show them")
    .addHelpText("after", "\nRun it and publish what it prints: a worker asks the DNS every hour and lets the keys sign; run it again to have that at once. A week later run `dkim retire`. Exit code 1: the records are not in the DNS yet.")
    .action((domain: string, options: ForceOptions) => run((context) => rotateDkimKeys(context, domain, options))())
  command(dkim, "retire <domain>")
    .description("give up the keys that were replaced, and say which records may go")
    .option("--force", "also when mail that they signed may still be on its way")
    .action((domain: string, options: ForceOptions) => run((context) => retireDkimKeys(context, domain, options))())
}
