import { setImmediate as breathe } from "node:timers/promises"
import type { Clock } from "../../base/clock.ts"
import type { DefaultMailbox } from "../default-mailboxes.ts"
import { provinceDate } from "../province-date.ts"
import { checkReferences } from "./check-references.ts"
import { type ImportPlan, isEmptyPlan, planImport } from "./plan.ts"
import { createProblemList, type ImportProblem, inFileOrder } from "./problem.ts"
import type { ProvisioningStore } from "./provisioning-store.ts"
import { fileNames, type ImportFiles, readFolder } from "./read-folder.ts"
import type { CredentialRow } from "./rows.ts"

/**
 * Brings the directory to what a folder of CSV files says: read all, check all, compare, apply in one transaction. With one
 * bad row nothing is applied. Running it again changes nothing. Must not know: SQL, terminals.
 */
export interface ImportRequest {
  readonly dir: string
  /** `credentials.csv`; null: no passwords are touched. */
  readonly credentialsPath: string | null
  readonly suspendMissing: boolean
  readonly reactivate: boolean
  readonly dryRun: boolean
}

export interface ImportTools {
  readonly store: ProvisioningStore
  readonly mailboxes: readonly DefaultMailbox[]
  readonly clock: Clock
  /** Called with the plan before it is applied. */
  readonly onPlan?: (plan: ImportPlan) => void
}

export type ImportOutcome =
  | { readonly kind: "bad"; readonly problems: readonly ImportProblem[]; readonly total: number }
  /** `version` is null when the plan was empty or the run a dry one. */
  | { readonly kind: "done"; readonly plan: ImportPlan; readonly version: number | null; readonly credentials: readonly CredentialRow[] }
  | { readonly kind: "busy" }

/** Another import may commit between comparing and applying. */
const maxTries = 5

export async function importFolder(request: ImportRequest, tools: ImportTools): Promise<ImportOutcome> {
  const problems = createProblemList()
  const files = await readFolder(request.dir, request.credentialsPath, problems)
  for (let tries = 0; tries < maxTries; tries++) {
    const state = await tools.store.readState()
    checkReferences(files, state, problems)
    if (problems.total > 0) return { kind: "bad", problems: inFileOrder(problems.kept, [...fileNames, files.credentialsFile]), total: problems.total }
    await breathe()
    const plan = planImport(files, state, { ...request, today: provinceDate(tools.clock.now()) })
    tools.onPlan?.(plan)
    if (request.dryRun || isEmptyPlan(plan)) return done(plan, null, files)
    const applied = await tools.store.apply(plan, tools.mailboxes)
    if (applied.ok) return done(plan, applied.value, files)
  }
  return { kind: "busy" }
}

const done = (plan: ImportPlan, version: number | null, files: ImportFiles): ImportOutcome => ({ kind: "done", plan, version, credentials: files.credentials.rows.map(({ row }) => row) })
