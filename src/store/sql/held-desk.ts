import type { Scope } from "../../accounts/administrator.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { DeskChoice, DeskCopy, HeldDesk, HeldForDesk } from "../held-desk.ts"
import type { HeldMessage } from "../held-store.ts"
import type { Database } from "./database.ts"
import { createHeldStore, heldByPolicy, heldColumns, heldFrom, refusedHere } from "./held.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What administrators may see and decide of held messages, in PostgreSQL. */
export function createHeldDesk({ database }: { readonly database: Database }): HeldDesk {
  const store = createHeldStore({ database })
  /** Undefined: the message as a whole. */
  const chosen = async (scope: Scope, { envelopeId, deliveryIds }: DeskChoice): Promise<Result<readonly number[] | undefined, Failure>> => {
    const [found] = await database.query<{ whole: boolean; ids: readonly number[] }>(choice, [scopeValue(scope), envelopeId, deliveryIds ?? null])
    if (!found) return failed(notHeld)
    return ok(found.whole && deliveryIds === undefined ? undefined : found.ids)
  }
  return {
    async list(scope, { decided, kind, text }, { limit, after }) {
      const values: unknown[] = [scopeValue(scope)]
      const add = (value: unknown): string => `$${values.push(value)}`
      const conditions = [
        decided ? `${visible} AND NOT ${waits}` : waits,
        ...(kind === undefined ? [] : [`h.kind = ${add(kind)}`]),
        ...(text === undefined ? [] : [holds(add(`%${text.replace(/[\\%_]/g, "\\$&")}%`))]),
        ...(after === undefined ? [] : [`h.envelope_id ${decided ? "<" : ">"} ${add(after)}`]),
      ]
      return database.query<HeldMessage>({ text: `SELECT ${heldColumns(mine)} ${heldFrom} WHERE ${conditions.join(" AND ")} ORDER BY h.envelope_id ${decided ? "DESC" : "ASC"} LIMIT ${limit}` }, values)
    },
    waiting: async (scope) => (await database.query<{ count: number }>(waiting, [scopeValue(scope)]))[0]?.count ?? 0,
    find: async (scope, envelopeId) => (await database.query<HeldForDesk>(byId, [scopeValue(scope), envelopeId]))[0],
    copies: (scope, envelopeId, limit) => database.query<DeskCopy>(copies, [scopeValue(scope), envelopeId, limit]),
    async release(scope, which, by) {
      const ids = await chosen(scope, which)
      if (!ids.ok) return ids
      return ids.value === undefined ? store.release(which.envelopeId, by) : store.releaseChosen(which.envelopeId, ids.value, by)
    },
    async refuse(scope, which, by) {
      const ids = await chosen(scope, which)
      if (!ids.ok) return ids
      return ids.value === undefined ? store.refuse(which.envelopeId, by) : store.refuseChosen(which.envelopeId, ids.value, by)
    },
  }
}

const notHeld = failure("notFound", "no message of that number is held")

/** `$1` is the scope's value. Of a delivery `d`. */
const toUnit = `d.account_id IN (SELECT a.id FROM account a WHERE ${inScope("a.unit_code", "$1")})`

const whole = `($1::text[] IS NULL
  OR NOT EXISTS (SELECT FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${toUnit} IS NOT TRUE)
  OR (h.kind = 'approval' AND EXISTS (SELECT FROM audit u JOIN account a ON a.id = u.account_id WHERE u.envelope_id = h.envelope_id AND u.kind = 'message.accepted' AND ${inScope("a.unit_code", "$1")})))`

/** Of a delivery `d` of the message `h`: whether it is this administrator's. */
const mine = `(${whole} OR ${toUnit})`
const visible = `EXISTS (SELECT FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${mine})`
const waits = `(h.decision IS NULL AND (${whole} OR EXISTS (SELECT FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${heldByPolicy} AND ${toUnit})))`

/** Nobody finds out by searching to whom else a message goes. */
const holds = (parameter: string): string =>
  `(e.reverse_path ILIKE ${parameter} OR e.message_id ILIKE ${parameter} OR h.rule_id ILIKE ${parameter} OR EXISTS (SELECT FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${mine} AND d.recipient ILIKE ${parameter}))`

const byId = {
  name: "held-desk-by-id",
  text: `SELECT ${heldColumns(mine)}, e.content, ${whole} AS whole,
      (SELECT count(*) FROM delivery d WHERE d.envelope_id = h.envelope_id AND h.decision IS NULL AND ${heldByPolicy} AND ${mine}) AS waiting
    ${heldFrom} WHERE h.envelope_id = $2 AND ${visible}`,
}
const choice = {
  name: "held-desk-choice",
  text: `SELECT ${whole} AS whole, ARRAY(SELECT d.id FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${mine} AND ($3::bigint[] IS NULL OR d.id = ANY ($3))) AS ids
    FROM held_message h WHERE h.envelope_id = $2 AND ${visible}`,
}
const copies = {
  name: "held-desk-copies",
  text: `SELECT d.id AS "deliveryId", d.recipient, CASE WHEN h.decision IS NULL AND ${heldByPolicy} THEN 'held' WHEN ${refusedHere} THEN 'refused' ELSE 'gone' END AS state
    FROM held_message h JOIN delivery d ON d.envelope_id = h.envelope_id WHERE h.envelope_id = $2 AND ${mine} ORDER BY d.state <> 'held', d.id LIMIT $3`,
}
const waiting = { name: "held-desk-waiting", text: `SELECT count(*) AS count FROM held_message h WHERE ${waits}` }
