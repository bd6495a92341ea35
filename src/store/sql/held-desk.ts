import type { Scope } from "../../accounts/administrator.ts"
import { failed } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import type { HeldDesk, HeldForDesk } from "../held-desk.ts"
import type { HeldMessage } from "../held-store.ts"
import type { Database } from "./database.ts"
import { createHeldStore, heldColumns, heldFrom } from "./held.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What administrators may see and decide of held messages, in PostgreSQL. */
export function createHeldDesk({ database }: { readonly database: Database }): HeldDesk {
  const store = createHeldStore({ database })
  const find = async (scope: Scope, envelopeId: number): Promise<HeldForDesk | undefined> => (await database.query<HeldForDesk>(byId, [scopeValue(scope), envelopeId]))[0]
  const within = async (scope: Scope, envelopeId: number): Promise<boolean> => (await database.query(isWithin, [scopeValue(scope), envelopeId])).length > 0
  return {
    async list(scope, { decided, kind, text }, { limit, after }) {
      const values: unknown[] = [scopeValue(scope)]
      const add = (value: unknown): string => `$${values.push(value)}`
      const conditions = [
        `h.decision IS ${decided ? "NOT NULL" : "NULL"}`, concerns,
        ...(kind === undefined ? [] : [`h.kind = ${add(kind)}`]),
        ...(text === undefined ? [] : [holds(add(`%${text.replace(/[\\%_]/g, "\\$&")}%`))]),
        ...(after === undefined ? [] : [`h.envelope_id ${decided ? "<" : ">"} ${add(after)}`]),
      ]
      return database.query<HeldMessage>({ text: `SELECT ${heldColumns} ${heldFrom} WHERE ${conditions.join(" AND ")} ORDER BY h.envelope_id ${decided ? "DESC" : "ASC"} LIMIT ${limit}` }, values)
    },
    waiting: async (scope) => (await database.query<{ count: number }>(waiting, [scopeValue(scope)]))[0]?.count ?? 0,
    find,
    release: async (scope, envelopeId, by) => ((await within(scope, envelopeId)) ? store.release(envelopeId, by) : failed(notHeld)),
    refuse: async (scope, envelopeId, by) => ((await within(scope, envelopeId)) ? store.refuse(envelopeId, by) : failed(notHeld)),
  }
}

const notHeld = failure("notFound", "no message of that number is held")

/**
 * `$1` is the scope's value. Aggregates where EXISTS would say the same: what is asked of each message goes by its envelope's index then, while the planner
 * turns an EXISTS that stands beside an OR into one pass over all deliveries, or all of the audit.
 */
const concerns = `($1::text[] IS NULL
  OR (SELECT bool_and(coalesce(${inScope("a.unit_code", "$1")}, false)) FROM delivery d LEFT JOIN account a ON a.id = d.account_id WHERE d.envelope_id = h.envelope_id)
  OR (h.kind = 'approval' AND (SELECT bool_or(${inScope("a.unit_code", "$1")}) FROM audit u JOIN account a ON a.id = u.account_id WHERE u.envelope_id = h.envelope_id AND u.kind = 'message.accepted')))`

const holds = (parameter: string): string =>
  `(e.reverse_path ILIKE ${parameter} OR e.message_id ILIKE ${parameter} OR h.rule_id ILIKE ${parameter} OR (SELECT bool_or(d.recipient ILIKE ${parameter}) FROM delivery d WHERE d.envelope_id = h.envelope_id))`

const byId = { name: "held-desk-by-id", text: `SELECT ${heldColumns}, e.content ${heldFrom} WHERE h.envelope_id = $2 AND ${concerns}` }
const isWithin = { name: "held-desk-within", text: `SELECT 1 AS yes FROM held_message h WHERE h.envelope_id = $2 AND ${concerns}` }
const waiting = { name: "held-desk-waiting", text: `SELECT count(*) AS count FROM held_message h WHERE h.decision IS NULL AND ${concerns}` }
