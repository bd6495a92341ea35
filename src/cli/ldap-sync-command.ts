import { systemClock } from "../base/clock.ts"
import { provinceTime } from "../delivery/story.ts"
import { canonicalAddress } from "../mail/address.ts"
import { printable } from "../mail/printable.ts"
import { openLdapSync } from "../roles/ldap-sync.ts"
import type { SyncOutcome } from "../addressbook/ldap-sync.ts"
import type { Change } from "../store/change.ts"
import { createExclusive } from "../store/sql/exclusive.ts"
import { createLdapSyncStore } from "../store/sql/ldap-sync.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { announceDirectory, CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { planText } from "./plan-text.ts"

/** `congthu ldap-sync …`: people and groups of an LDAP server or Active Directory. */
export function addLdapSyncCommands({ program, command, run }: CommandKit): void {
  const sync = program.command("ldap-sync").description("take people and groups over from an LDAP server or Active Directory (ldapSync in the configuration)")
  command(sync, "plan").description("say what would be done, and do nothing")
    .option(...takeOverOption)
    .action(({ takeOver = [] }: Options) => run((context) => synchronize(context, { mode: "plan", confirmed: false, takeOver }))())
  command(sync, "apply")
    .description("do it, in one transaction; who has gone there is suspended here")
    .option("--confirm", "even if more are suspended than ldapSync.maxSuspended")
    .option(...takeOverOption)
    .action(({ confirm = false, takeOver = [] }: Options) => run((context) => synchronize(context, { mode: "apply", confirmed: confirm, takeOver }))())
  command(sync, "status").description("the last runs, and what came of them").action(run(status))
}

interface Options {
  readonly confirm?: boolean
  readonly takeOver?: readonly string[]
}

const takeOverOption = ["--take-over <address...>", "groups that were made here by hand and follow the server from now on"] as const

async function synchronize(context: CommandContext, { mode, confirmed, takeOver }: { readonly mode: "plan" | "apply"; readonly confirmed: boolean; readonly takeOver: readonly string[] }): Promise<number> {
  const { config, database } = context
  if (config.ldapSync.url === "") throw new CommandError("ldapSync.url is not set: there is no server to read from")
  const changes: Change[] = []
  const sync = openLdapSync({ config, store: createLdapSyncStore({ database, feed: { publish: (some) => void changes.push(...some) } }), clock: systemClock })
  let outcome: SyncOutcome | undefined
  const isFree = await createExclusive(database, "ldapSync")(async () => void (outcome = await sync.run({ mode, confirmed, takeOver: takeOver.map(canonicalAddress), by: administrator(), signal: AbortSignal.timeout(maxRunMs) })))
  if (!isFree || !outcome) throw new CommandError("another synchronization is under way")
  for (const change of changes) if (change.kind === "directory") await announceDirectory(context, change.version)
  return tell(outcome)
}

const maxRunMs = 30 * 60_000
const shownProblems = 50

function tell({ run, state, report, plan }: SyncOutcome): number {
  if (plan) print(planText(plan))
  for (const { dn, reason } of report.problems.slice(0, shownProblems)) say(`${printable(dn)}: ${printable(reason)}`)
  if (report.problems.length > shownProblems) say(`… and ${report.problems.length - shownProblems} more`)
  print(`Run ${run}: ${state}; ${report.people} people and ${report.groups} groups were read, ${report.problems.length} ${report.problems.length === 1 ? "problem" : "problems"}.`)
  if (report.reason !== "") say(`${printable(report.reason)}${state === "stopped" ? "; nothing was changed: `congthu ldap-sync apply --confirm` does it" : ""}`)
  return state === "failed" ? exitCodes.unavailable : state === "stopped" ? exitCodes.badData : exitCodes.ok
}

async function status({ database }: CommandContext): Promise<number> {
  const runs = await createLdapSyncStore({ database, feed: { publish: () => undefined } }).list(20)
  if (runs.length === 0) say("There was no synchronization yet.")
  else {
    const sum = (counts: (typeof runs)[number]["report"]["counts"], kind: "add" | "change" | "suspend"): string => String(Object.values(counts).reduce((all, one) => all + one[kind], 0))
    print(fitTable(["RUN", "AT", "BY", "STATE", "READ", "ADD", "CHANGE", "SUSPEND", "PROBLEMS", "WHY"], runs.map(({ id, at, by, state, report }) =>
      [String(id), provinceTime(at).slice(0, 19), by, state, String(report.people + report.groups), sum(report.counts, "add"), sum(report.counts, "change"), sum(report.counts, "suspend"), String(report.problems.length), report.reason].map(printable))))
  }
  return exitCodes.ok
}
