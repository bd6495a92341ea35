import type { Certificate } from "../../pki/certificate.ts"
import type { DirectoryState } from "./provisioning-store.ts"
import type { ImportFiles } from "./read-folder.ts"
import { type DirectoryTables, type TableName, tableNames } from "./rows.ts"
import { type NamedRows, namedRows } from "./tables.ts"

/** The difference between files and directory: what an import will do. Pure. */
export interface TablePlan<Row> {
  readonly add: readonly Row[]
  /** New rows of what is there already. */
  readonly change: readonly Row[]
  /** What the files no longer name and was asked to be suspended: accounts, principals and certificates are suspended, assignments end, the rest is removed. */
  readonly suspend: readonly Row[]
  /** Accounts, principals and certificates that the files name and that were asked to be opened again. */
  readonly reactivate: readonly Row[]
  readonly unchanged: number
  /** Named by the files, suspended in the directory, and left so. */
  readonly leftSuspended: number
}

export interface ImportPlan {
  /** Of the directory that was compared. */
  readonly version: number
  readonly tables: { readonly [Name in TableName]: TablePlan<DirectoryTables[Name]> }
  /** Those of the rows that `tables.certificates` adds, by fingerprint. */
  readonly certificates: ReadonlyMap<string, Certificate>
  /** The civil date of the import: an ended assignment's last day is the day before. */
  readonly today: string
}

export interface PlanOptions {
  readonly suspendMissing: boolean
  readonly reactivate: boolean
  readonly today: string
}

export function planImport(files: ImportFiles, state: DirectoryState, options: PlanOptions): ImportPlan {
  const { suspendedAccounts, archivedAccounts, suspendedPrincipals, suspendedCertificates, revokedCertificates } = state
  const plan = <Name extends TableName>(name: Name, isSuspended: (row: DirectoryTables[Name]) => boolean, canSuspend = true): TablePlan<DirectoryTables[Name]> => {
    const wanted = files.tables[name].rows.map(({ row }) => row)
    const current = state.tables[name]
    const missing = options.suspendMissing && canSuspend && files.present.has(name)
    return compare<DirectoryTables[Name]>({ table: namedRows[name], wanted, current, missing, reactivate: options.reactivate, isSuspended })
  }
  const never = (): boolean => false
  return {
    version: state.version,
    today: options.today,
    certificates: files.certificates,
    tables: {
      // a unit that is gone from the files is still named by old rows
      units: plan("units", never, false),
      principals: plan("principals", ({ principalId }) => suspendedPrincipals.has(principalId)),
      accounts: keepClosed(plan("accounts", ({ address }) => suspendedAccounts.has(address)), ({ address }) => archivedAccounts.has(address)),
      assignments: withoutEnded(plan("assignments", never), options.today),
      aliases: plan("aliases", never),
      groups: plan("groups", never),
      members: plan("members", never),
      certificates: keepClosed(plan("certificates", ({ fingerprint }) => suspendedCertificates.has(fingerprint) || revokedCertificates.has(fingerprint)), ({ fingerprint }) => revokedCertificates.has(fingerprint)),
    },
  }
}

/** Nothing to do: applying it would change nothing. */
export const isEmptyPlan = ({ tables }: ImportPlan): boolean =>
  tableNames.every((name) => tables[name].add.length + tables[name].change.length + tables[name].suspend.length + tables[name].reactivate.length === 0)

interface Comparison<Row> {
  readonly table: NamedRows<Row>
  readonly wanted: readonly Row[]
  readonly current: readonly Row[]
  readonly missing: boolean
  readonly reactivate: boolean
  readonly isSuspended: (row: Row) => boolean
}

function compare<Row>({ table, wanted, current, missing, reactivate, isSuspended }: Comparison<Row>): TablePlan<Row> {
  const before = new Map(current.map((row) => [table.key(row), row]))
  const named = new Set(wanted.map(table.key))
  const add: Row[] = []
  const change: Row[] = []
  const back: Row[] = []
  let leftSuspended = 0
  for (const row of wanted) {
    const old = before.get(table.key(row))
    if (old === undefined) add.push(row)
    else if (!isSame(old, row)) change.push(row)
    if (old !== undefined && isSuspended(row)) {
      if (reactivate) back.push(row)
      else leftSuspended++
    }
  }
  const suspend = missing ? current.filter((row) => !named.has(table.key(row)) && !isSuspended(row)) : []
  return { add, change, suspend, reactivate: back, unchanged: wanted.length - add.length - change.length, leftSuspended }
}

/** Rows are flat: text, numbers, null, lists of text; their columns are written in one order everywhere. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** An assignment that is over needs no end. */
const withoutEnded = (plan: TablePlan<DirectoryTables["assignments"]>, today: string): TablePlan<DirectoryTables["assignments"]> => ({
  ...plan,
  suspend: plan.suspend.filter(({ until }) => until === null || until >= today),
})

/** Neither a certificate's revocation nor an account's archiving is taken back by naming it again. */
const keepClosed = <Row>(plan: TablePlan<Row>, isForGood: (row: Row) => boolean): TablePlan<Row> => {
  const reactivate = plan.reactivate.filter((row) => !isForGood(row))
  return { ...plan, reactivate, leftSuspended: plan.leftSuspended + plan.reactivate.length - reactivate.length }
}
