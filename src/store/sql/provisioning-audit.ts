import type { ImportPlan } from "../../accounts/import/plan.ts"
import type { DirectoryState } from "../../accounts/import/provisioning-store.ts"
import type { TableName } from "../../accounts/import/rows.ts"
import { namedRows } from "../../accounts/import/tables.ts"
import type { Transaction } from "./database.ts"

/** An audit entry for each row that an import changes, with the row before and after, in the import's transaction; `before` is the directory as it was, needed where rows change; a few statements, however many rows. */
export async function auditPlan(tx: Transaction, plan: ImportPlan, before: DirectoryState | undefined): Promise<void> {
  let some: Entry[] = []
  const write = async (): Promise<void> => {
    if (some.length === 0) return
    await tx.query(insertEntries, [some.map(({ kind }) => kind), some.map(({ address }) => address), some.map(({ detail }) => JSON.stringify(detail))])
    some = []
  }
  for (const name of tableNames) {
    for (const entry of entriesOf(name, plan, before?.tables)) if (some.push(entry) === maxRows) await write()
  }
  await write()
}

interface Entry {
  readonly kind: string
  /** Of the account that it is about. */
  readonly address: string | null
  readonly detail: Readonly<Record<string, unknown>>
}

/** Parameters of one statement stay below some 2 MB. */
const maxRows = 2_000

/** What rows are called in the kinds of entries. Certificates have entries of their own (certificate-rows.ts). */
const nouns = { units: "unit", principals: "principal", accounts: "account", assignments: "assignment", aliases: "alias", groups: "group", members: "groupMember" } as const satisfies Partial<Record<TableName, string>>
const tableNames = Object.keys(nouns) as (keyof typeof nouns)[]

/** What becomes of rows that the files no longer name (plan.ts). */
const suspension = { units: "suspended", principals: "suspended", accounts: "suspended", assignments: "ended", aliases: "removed", groups: "removed", members: "removed" } as const

function* entriesOf<Name extends keyof typeof nouns>(name: Name, { tables }: ImportPlan, before: DirectoryState["tables"] | undefined): Iterable<Entry> {
  const { add, change, suspend, reactivate } = tables[name]
  const key = namedRows[name].key as (row: object) => string
  const old = new Map((change.length > 0 ? (before?.[name] ?? []) : []).map((row) => [key(row), row]))
  const entry = (verb: string, row: object, detail: object): Entry => ({ kind: `${nouns[name]}.${verb}`, address: addressOf(name, row), detail: { key: key(row), by: "import", ...detail } })
  for (const row of add) yield entry("added", row, { after: row })
  for (const row of change) yield entry("changed", row, { before: old.get(key(row)) ?? null, after: row })
  for (const row of suspend) yield entry(suspension[name], row, { before: row })
  for (const row of reactivate) yield entry("reactivated", row, { after: row })
}

function addressOf(name: TableName, row: object): string | null {
  if (name === "aliases") return "target" in row && typeof row.target === "string" ? row.target : null
  return (name === "accounts" || name === "assignments") && "address" in row && typeof row.address === "string" ? row.address : null
}

const insertEntries = {
  name: "audit-import",
  text: `INSERT INTO audit (kind, account_id, detail)
    SELECT t.kind, a.id, t.detail FROM unnest($1::text[], $2::text[], $3::jsonb[]) WITH ORDINALITY AS t (kind, address, detail, n) LEFT JOIN account a ON a.address = t.address ORDER BY t.n`,
}
