import { systemClock } from "../base/clock.ts"
import { defaultMailboxes } from "../accounts/default-mailboxes.ts"
import { importFolder, type ImportOutcome } from "../accounts/import/import.ts"
import { describeProblem } from "../accounts/import/problem.ts"
import { setPasswords } from "../accounts/import/set-passwords.ts"
import { createPasswordPool } from "../accounts/password-pool.ts"
import { createProvisioningStore } from "../store/sql/provisioning.ts"
import { announceDirectory, type CommandContext, exitCodes, print, say } from "./context.ts"
import { planText } from "./plan-text.ts"
import { createProgress } from "./progress.ts"

/** `congthu import DIR`: the directory becomes what the files say, or every bad row is told and nothing changes. */
export interface ImportOptions {
  readonly dryRun?: boolean
  readonly credentials?: string
  readonly suspendMissing?: boolean
  readonly reactivate?: boolean
}

export async function runImport(context: CommandContext, dir: string, options: ImportOptions): Promise<number> {
  const started = systemClock.now()
  const store = createProvisioningStore(context.database)
  const dryRun = options.dryRun ?? false
  const outcome = await importFolder(
    { dir, credentialsPath: options.credentials ?? null, suspendMissing: options.suspendMissing ?? false, reactivate: options.reactivate ?? false, dryRun },
    { store, mailboxes: defaultMailboxes(context.config.imap.vietnameseFolderNames), clock: systemClock, onPlan: (plan) => print(planText(plan)) },
  )
  if (outcome.kind === "bad") return tellProblems(outcome)
  if (outcome.kind === "busy") {
    say("the directory keeps changing: somebody else imports at the same time; nothing was applied")
    return exitCodes.unavailable
  }
  if (outcome.version !== null) {
    await announceDirectory(context, outcome.version)
    print(`Applied in ${((systemClock.now() - started) / 1000).toFixed(1)} s; the directory is at version ${outcome.version}.`)
  }
  if (dryRun) print(`Dry run: nothing was applied${outcome.credentials.length > 0 ? `, ${outcome.credentials.length} passwords were not looked at` : ""}.`)
  else if (outcome.credentials.length > 0) await importPasswords(context, outcome)
  return exitCodes.ok
}

async function importPasswords({ config, database }: CommandContext, { credentials }: Extract<ImportOutcome, { kind: "done" }>): Promise<void> {
  const pool = createPasswordPool(config.auth.bcryptCost)
  const progress = createProgress("Passwords")
  try {
    const { set, unchanged } = await setPasswords(credentials, { store: createProvisioningStore(database), pool, onProgress: (done, total) => progress.update(done, total) })
    progress.stop()
    print(`Passwords: set ${set}, unchanged ${unchanged}.`)
  } finally {
    progress.stop()
    await pool.close()
  }
}

function tellProblems({ problems, total }: Extract<ImportOutcome, { kind: "bad" }>): number {
  for (const problem of problems) say(describeProblem(problem))
  if (total > problems.length) say(`… and ${total - problems.length} more`)
  say(`${total} ${total === 1 ? "problem" : "problems"}: nothing was applied.`)
  return exitCodes.badData
}
