import type { AuditEvent, NewAuditEntry } from "../../accounts/audit-record.ts"
import { actAsNobody, currentActor } from "../../accounts/actor.ts"
import type { AuditFilter, AuditStore, ListedEntry } from "../audit-store.ts"
import { entryColumns } from "./audit-rows.ts"
import type { Database } from "./database.ts"

/** Entries in PostgreSQL. What is recorded at the same moment is one statement: sign-ins of a morning do not pay a commit each. */
export function createAuditStore(database: Pick<Database, "query">): AuditStore {
  const waiting: Waiting[] = []
  let underWay = false
  const pump = async (): Promise<void> => {
    if (underWay) return
    underWay = true
    while (waiting.length > 0) {
      const some = waiting.splice(0, maxBatch)
      try {
        await insert(database, some)
        for (const { done } of some) done()
      } catch (error) {
        for (const { broken } of some) broken(error)
      }
    }
    underWay = false
  }
  const read = async (conditions: Conditions, { limit, order }: { readonly limit: number; readonly order: "ASC" | "DESC" }): Promise<readonly ListedEntry[]> =>
    database.query<ListedEntry>({ text: `${listed} WHERE ${conditions.text()} ORDER BY a.id ${order} LIMIT ${limit}` }, conditions.values)
  return {
    record(entry) {
      if (waiting.length >= maxWaiting) return Promise.reject(new Error("too many audit entries wait to be written"))
      const actor = currentActor()
      return new Promise((done, broken) => {
        waiting.push({ entry, actor: actor ? JSON.stringify(actor) : null, done, broken })
        // a batch is nobody's: each of its entries carries its own actor
        actAsNobody(() => void pump())
      })
    },
    list: (filter, { limit, before, after }) => read(conditionsOf(filter, { kinds: filter.kind === undefined ? actionsOnly : undefined, before, after }), { limit, order: "DESC" }),
    async reach({ kind, accountId, since, until }, { entries, before }) {
      const conditions = conditionsOf({ ...(accountId !== undefined && { accountId }), ...(since !== undefined && { since }), ...(until !== undefined && { until }) }, { kinds: meansActions(kind) ? actionsOnly : undefined, before })
      const [row] = await database.query<{ id: number }>({ text: `SELECT a.id FROM audit a WHERE ${conditions.text()} ORDER BY a.id DESC OFFSET ${entries - 1} LIMIT 1` }, conditions.values)
      return row?.id
    },
    async *export(filter) {
      for (let after = 0, more = true; more; ) {
        const page: readonly ListedEntry[] = await read(conditionsOf(filter, { after }), { limit: pageSize, order: "ASC" })
        yield* page
        after = page.at(-1)?.id ?? after
        more = page.length === pageSize
      }
    },
    accessesOf: (accountId, { limit, before }) => read(conditionsOf({ accountId }, { kinds: byOthers, before }), { limit, order: "DESC" }),
  }
}

const maxBatch = 200
/** Beyond this the database is away, and whoever signs in is told so. */
const maxWaiting = 10_000
const pageSize = 1_000

interface Waiting {
  readonly entry: NewAuditEntry
  readonly actor: string | null
  readonly done: () => void
  readonly broken: (error: unknown) => void
}

async function insert(database: Pick<Database, "query">, some: readonly Waiting[]): Promise<void> {
  const column = <T>(value: (entry: NewAuditEntry) => T): T[] => some.map(({ entry }) => value(entry))
  await database.query(insertEntries, [
    column(({ kind }) => kind), column(({ principalId }) => principalId ?? null), column(({ accountId }) => accountId ?? null), column(({ clientAddress }) => clientAddress ?? null),
    column(({ envelopeId }) => envelopeId ?? null), column(({ detail }) => JSON.stringify(detail)), some.map(({ actor }) => actor),
  ])
}

const insertEntries = {
  name: "audit-record",
  text: `INSERT INTO audit (kind, principal_id, account_id, client_address, envelope_id, detail, actor)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::jsonb[], $7::jsonb[])`,
}

const listed = `SELECT ${entryColumns}, s.position, c.address AS account, p.name AS principal
  FROM audit a LEFT JOIN audit_seal s ON s.audit_id = a.id LEFT JOIN account c ON c.id = a.account_id LEFT JOIN principal p ON p.id = a.principal_id`

/** As the partial indexes have it. */
const actionsOnly = "a.kind <> 'message.accepted'"
const signIns = ["signIn.succeeded", "signIn.repeated"] as const satisfies readonly AuditEvent[]
/** As the index `audit_accesses` has it. */
const byOthers = `(a.kind LIKE 'access.%' OR (a.kind IN (${signIns.map((kind) => `'${kind}'`).join(", ")}) AND a.detail->>'owner' = 'false'))`

interface Conditions {
  text(): string
  readonly values: readonly unknown[]
}

interface More {
  readonly kinds?: string | undefined
  readonly before?: number | undefined
  readonly after?: number | undefined
}

/** Spares the planner the acceptances where none can be meant. */
const meansActions = (kind: string | undefined): boolean => kind === undefined || !/^[m*]/.test(kind)

function conditionsOf({ kind, who, accountId, since, until, text }: AuditFilter, { kinds, before, after }: More): Conditions {
  const values: unknown[] = []
  const parts: string[] = []
  const add = (part: (parameter: string) => string, value: unknown): void => void parts.push(part(`$${values.push(value)}`))
  if (kinds !== undefined) parts.push(kinds)
  if (kind?.endsWith("*")) add((p) => `starts_with(a.kind, ${p})`, kind.slice(0, -1))
  else if (kind !== undefined) add((p) => `a.kind = ${p}`, kind)
  if (kind !== undefined && meansActions(kind)) parts.push(actionsOnly)
  if (who !== undefined) add((p) => `(a.principal_id = ${p} OR a.actor->>'name' = ${p} OR a.actor->>'principalId' = ${p} OR a.detail->>'by' = ${p})`, who)
  if (accountId !== undefined) add((p) => `a.account_id = ${p}`, accountId)
  if (since !== undefined) add((p) => `a.at >= to_timestamp(${p}::float8 / 1000)`, since)
  if (until !== undefined) add((p) => `a.at < to_timestamp(${p}::float8 / 1000)`, until)
  if (text !== undefined) add((p) => `position(lower(${p}) IN lower(a.kind || ' ' || coalesce(a.client_address, '') || ' ' || coalesce(a.actor::text, '') || ' ' || a.detail::text)) > 0`, text)
  if (before !== undefined) add((p) => `a.id < ${p}`, before)
  if (after !== undefined) add((p) => `a.id > ${p}`, after)
  return { text: () => (parts.length === 0 ? "true" : parts.join(" AND ")), values }
}
