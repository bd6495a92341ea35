import { Command, CommanderError } from "commander"
import { migrate } from "../store/sql/migrate.ts"
import { addAccountCommands } from "./account-commands.ts"
import { addAdministratorCommands } from "./administrator-commands.ts"
import { createAppPassword, type CreateOptions, listCredentials, revokeCredential } from "./app-password-command.ts"
import { addAuditCommands } from "./audit-commands.ts"
import { addBulkCommands } from "./bulk-commands.ts"
import { addCertificateCommands } from "./certificate-commands.ts"
import type { CommandKit } from "./command-kit.ts"
import { type CommandContext, exitCodes, type GlobalOptions, print, withContext } from "./context.ts"
import { addDirectoryCommands } from "./directory-commands.ts"
import { addDkimCommands } from "./dkim-commands.ts"
import { addDnsCommands } from "./dns-commands.ts"
import { addEvidenceCommands } from "./evidence-commands.ts"
import { addHeldCommands } from "./held-commands.ts"
import { type ImportOptions, runImport } from "./import-command.ts"
import { addLdapSyncCommands } from "./ldap-sync-command.ts"
import { addNotificationCommands } from "./notification-command.ts"
import { addOutboundCommands } from "./outbound-commands.ts"
import { setPassword } from "./password-command.ts"
import { addPolicyCommands } from "./policy-commands.ts"
import { addQueueCommands } from "./queue-commands.ts"
import { addReportCommands } from "./reports-commands.ts"
import { addTemplateCommands } from "./template-command.ts"
import { addSecondFactorCommands } from "./second-factor-commands.ts"
import { addTokenCommands } from "./token-command.ts"
import { addTraceCommand } from "./trace-command.ts"

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

const kit: CommandKit = { program, command, run, finish: (code) => (exitCode = code) }
addPolicyCommands(kit)
addHeldCommands(kit)
addCertificateCommands(kit)
addEvidenceCommands(kit)
addDkimCommands(kit)
addDnsCommands(kit)
addOutboundCommands(kit)
addQueueCommands(kit)
addTraceCommand(kit)
addReportCommands(kit)
addTokenCommands(kit)
addAdministratorCommands(kit)
addSecondFactorCommands(kit)
addAuditCommands(kit)
addLdapSyncCommands(kit)
addNotificationCommands(kit)
addTemplateCommands(kit)
addDirectoryCommands(kit)
addAccountCommands(kit)
addBulkCommands(kit)

command(program, "migrate")
  .description("bring the database schema up to date")
  .action(
    run(async ({ database }) => {
      const applied = await migrate(database)
      print(applied.length === 0 ? "The schema is up to date." : `Applied: ${applied.join(", ")}`)
      return exitCodes.ok
    }),
  )

// `congthu … | head` has read enough: that is no failure of ours
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? exitCode : exitCodes.internal))

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
