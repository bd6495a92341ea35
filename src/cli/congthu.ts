import { Command, CommanderError } from "commander"
import { migrate } from "../store/sql/migrate.ts"
import { createAppPassword, type CreateOptions, listCredentials, revokeCredential } from "./app-password-command.ts"
import { addCertificateCommands } from "./certificate-commands.ts"
import { type CommandContext, exitCodes, type GlobalOptions, print, withContext } from "./context.ts"
import { exportEvidence, type ExportOptions, verifyEvidenceFile, type VerifyOptions } from "./evidence-command.ts"
import { type DecideOptions, listHeld, refuseHeld, releaseHeld, showHeld } from "./held-command.ts"
import { type ImportOptions, runImport } from "./import-command.ts"
import { setPassword } from "./password-command.ts"

/**
 * `congthu`, the administrator's commands: `npm run congthu -- COMMAND`. They work beside a running system, and alone: then the
 * embedded PostgreSQL is started for as long as the command runs. Results go to standard output, everything else to standard error.
 */
let exitCode: number = exitCodes.ok

const program = new Command("congthu")
  .description("Commands for the administrator of Công Thư. They work whether or not the system runs.")
  .option("--config <file>", "configuration file (YAML), as for npm start")
  .option("--data-dir <folder>", "data folder, as for npm start")
  .showHelpAfterError("(--help shows the options)")
  .exitOverride()

const run = (work: (context: CommandContext) => Promise<number>) => async (): Promise<void> => {
  exitCode = await withContext(program.opts<GlobalOptions>(), work)
}

/** `--config` and `--data-dir` may also stand after the command. */
const command = (parent: Command, usage: string): Command =>
  parent
    .command(usage)
    .option("--config <file>", "configuration file (YAML), as for npm start")
    .option("--data-dir <folder>", "data folder, as for npm start")
    .hook("preAction", (_program, action) => {
      const { config, dataDir } = action.opts<GlobalOptions>()
      if (config !== undefined) program.setOptionValue("config", config)
      if (dataDir !== undefined) program.setOptionValue("dataDir", dataDir)
    })

command(program, "import <dir>")
  .description("bring the directory to what the CSV files of a folder say; with one bad row nothing is applied")
  .option("--dry-run", "print the plan, apply nothing")
  .option("--credentials <file>", "CSV of address,password: initial passwords; one that fits already is left alone")
  .option("--suspend-missing", "suspend accounts and principals that the files no longer name, end assignments, remove aliases, groups and members")
  .option("--reactivate", "open suspended accounts and principals that the files name")
  .addHelpText("after", `
Files, all optional, columns in any order (UTF-8, with or without BOM):
  organization-units.csv  code,name,kind,parent_code,domain
  principals.csv          principal_id,kind,name,unit_code,title,phone
  accounts.csv            address,kind,display_name,unit_code,quota
  assignments.csv         address,principal_id,rights,from,until
  aliases.csv             address,target
  groups.csv              address,display_name,allowed_senders
  group-members.csv       group,member
  certificates.csv        principal_id,use,file,addresses,from,until

A certificate's file is PEM, DER, PKCS#7, or PKCS#12 without a key, inside the folder; without addresses it speaks for every
account on which its holder has the right "owner", or "sign" on an office's account.

Examples:
  npm run congthu -- import ./province --dry-run
  npm run congthu -- import ./province --credentials ./credentials.csv
  npm run congthu -- import ./province --suspend-missing`)
  .action((dir: string, options: ImportOptions) => run((context) => runImport(context, dir, options))())

const appPassword = program.command("app-password").description("keys of single persons and mail clients to an account")
command(appPassword, "create <address>")
  .description("make an app password and print it once")
  .option("--principal <id>", "whose it is; the owner when absent")
  .requiredOption("--label <text>", "what it is for, to tell it from others")
  .addHelpText("after", "\nExample:\n  npm run congthu -- app-password create vanthu@sonv.tinh.example --principal CN00120 --label \"Thunderbird\"")
  .action((address: string, options: CreateOptions) => run((context) => createAppPassword(context, address, options))())
command(appPassword, "list <address>")
  .description("list live credentials: number, kind, time of creation, person, label")
  .action((address: string) => run((context) => listCredentials(context, address))())
command(appPassword, "revoke <address> <number>")
  .description("revoke one; it is refused from the next sign-in on")
  .action((address: string, id: string) => run((context) => revokeCredential(context, address, id))())

const password = program.command("password").description("passwords of accounts")
command(password, "set <address>")
  .description("set an account's password, asked for on the terminal")
  .option("--stdin", "read it from the first line of standard input")
  .addHelpText("after", "\nExample:\n  npm run congthu -- password set an.vp@sonv.tinh.example")
  .action((address: string, options: { stdin?: boolean }) => run((context) => setPassword(context, address, options))())

const held = program.command("held").description("messages that policy took and that wait for a person's word")
command(held, "list")
  .description("list those that wait, oldest first: number, kind, time, sender, recipients, rule, Message-ID")
  .action(run(listHeld))
command(held, "show <number>")
  .description("show one, and what was decided")
  .action((number: string) => run((context) => showHeld(context, number))())
command(held, "release <number>")
  .description("let it go to its recipients")
  .option("--note <text>", "why, for the audit")
  .option("--by <name>", "who decides, for the audit")
  .action((number: string, options: DecideOptions) => run((context) => releaseHeld(context, number, options))())
command(held, "refuse <number>")
  .description("never deliver it; its sender is told")
  .requiredOption("--note <text>", "the reason, which the sender reads")
  .option("--by <name>", "who decides, for the audit")
  .action((number: string, options: DecideOptions) => run((context) => refuseHeld(context, number, options))())
addCertificateCommands({ program, command, run })
const evidence = program.command("evidence").description("why signed messages were decided upon as they were")
command(evidence, "export <message>")
  .description("write one message's evidence to a file that can be verified years later: MESSAGE is an envelope's number or a Message-ID")
  .option("--out <file>", "file to write; standard output when absent")
  .option("--no-message", "leave the message itself out; its SHA-256 stays")
  .addHelpText("after", "\nExample:\n  npm run congthu -- evidence export '<20261126.1@sonv.tinh.example>' --out evidence.json")
  .action((message: string, options: ExportOptions) => run((context) => exportEvidence(context, message, options))())
command(evidence, "verify <file>")
  .description("verify such a file for the time when the message was accepted, without database and network")
  .option("--trust <file>", "certificates of the authorities that you trust; those of the configuration when absent")
  .option("--message <file>", "the message, for a file without it")
  .addHelpText("after", "\nExit codes: 0 everything holds, 3 nothing is wrong but something rests on others' word, 1 something does not hold, 65 the file is damaged.\n\nExample:\n  npm run congthu -- evidence verify evidence.json --trust root-ca.pem")
  .action(async (file: string, options: VerifyOptions) => {
    exitCode = await verifyEvidenceFile(program.opts<GlobalOptions>(), file, options)
  })

command(program, "migrate")
  .description("bring the database schema up to date")
  .action(
    run(async ({ database }) => {
      const applied = await migrate(database)
      print(applied.length === 0 ? "The schema is up to date." : `Applied: ${applied.join(", ")}`)
      return exitCodes.ok
    }),
  )

try {
  await program.parseAsync()
} catch (error) {
  // commander has told already; --help and --version are no failures
  if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  else {
    process.stderr.write(`congthu: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    exitCode = exitCodes.internal
  }
}
process.exitCode = exitCode
