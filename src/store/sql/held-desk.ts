import type { Scope } from "../../accounts/administrator.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { moderatedRule } from "../acceptance-store.ts"
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
    const [found] = await database.query<{ whole: boolean; desks: boolean; ids: readonly number[] }>(choice, [scopeValue(scope), envelopeId, deliveryIds ?? null])
    if (!found) return failed(notHeld)
    if (!found.whole && !found.desks) return failed(notTheirs)
    return ok(found.whole && deliveryIds === undefined ? undefined : found.ids)
  }
  return {
    async list(scope, { decided, kind, text }, { limit, after }) {
      const values: unknown[] = [scopeValue(scope)]
      const add = (value: unknown): string => `$${values.push(value)}`
      const conditions = [
        decided ? `${visible} AND ${waits} IS NOT TRUE` : waits,
        ...(kind === undefined ? [] : [`h.kind = ${add(kind)}`]),
        ...(text === undefined ? [] : [holds(add(`%${text.replace(/[\\%_]/g, "\\$&")}%`))]),
        ...(after === undefined ? [] : [`h.envelope_id ${decided ? "<" : ">"} ${add(after)}`]),
      ]
      return database.query<HeldMessage>({ text: `SELECT ${heldColumns(mine)} ${from} WHERE ${conditions.join(" AND ")} ORDER BY h.envelope_id ${decided ? "DESC" : "ASC"} LIMIT ${limit}` }, values)
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

const notTheirs = failure("noPermission", "the group's moderators decide on this message")
const notHeld = failure("notFound", "no message of that number is held")

/** A moderated group's message waits for its moderators: who sent it, or looks after some of its members, lets nothing of it go. */
const isDesks = `h.rule_id <> '${moderatedRule}'`

const ours = `coalesce(${inScope("a.unit_code", "$1")}, false)`

/**
 * `$1` is the scope's value. What the administrator has of each message `h`, as `w`: whether he decides on it as a whole, whether a copy is his, whether one of his waits. One pass over
 * the message's own deliveries, by their index: an EXISTS that stands beside an OR would become one over all deliveries, or all of the audit.
 */
const from = `${heldFrom} CROSS JOIN LATERAL (
  SELECT coalesce($1::text[] IS NULL OR bool_and(${ours})
      OR (h.kind = 'approval' AND ${isDesks} AND (SELECT bool_or(${inScope("s.unit_code", "$1")}) FROM audit u JOIN account s ON s.id = u.account_id WHERE u.envelope_id = h.envelope_id AND u.kind = 'message.accepted')), false) AS whole,
    coalesce(bool_or(${ours}), false) AS reached, coalesce(bool_or(${ours} AND ${heldByPolicy}), false) AS held
  FROM delivery d LEFT JOIN account a ON a.id = d.account_id WHERE $1::text[] IS NOT NULL AND d.envelope_id = h.envelope_id
) w`
const visible = "(w.whole OR w.reached)"
const waits = "(h.decision IS NULL AND (w.whole OR w.held))"

/** Of a delivery `d` of the message `h`: whether it is this administrator's. */
const mine = `(w.whole OR (SELECT ${ours} FROM account a WHERE a.id = d.account_id))`

/** Nobody finds out by searching to whom else a message goes. */
const holds = (parameter: string): string =>
  `(e.reverse_path ILIKE ${parameter} OR e.message_id ILIKE ${parameter} OR h.rule_id ILIKE ${parameter} OR (SELECT bool_or(d.recipient ILIKE ${parameter} AND ${mine}) FROM delivery d WHERE d.envelope_id = h.envelope_id))`

const byId = {
  name: "held-desk-by-id",
  text: `SELECT ${heldColumns(mine)}, e.content, w.whole,
      (SELECT count(*) FROM delivery d WHERE d.envelope_id = h.envelope_id AND h.decision IS NULL AND (w.whole OR ${isDesks}) AND ${heldByPolicy} AND ${mine}) AS waiting
    ${from} WHERE h.envelope_id = $2 AND ${visible}`,
}
const choice = {
  name: "held-desk-choice",
  text: `SELECT w.whole, ${isDesks} AS desks, ARRAY(SELECT d.id FROM delivery d WHERE d.envelope_id = h.envelope_id AND ${mine} AND ($3::bigint[] IS NULL OR d.id = ANY ($3))) AS ids
    ${from} WHERE h.envelope_id = $2 AND ${visible}`,
}
const copies = {
  name: "held-desk-copies",
  text: `SELECT d.id AS "deliveryId", d.recipient, CASE WHEN h.decision IS NULL AND ${heldByPolicy} THEN 'held' WHEN ${refusedHere} THEN 'refused' ELSE 'gone' END AS state
    ${from} JOIN delivery d ON d.envelope_id = h.envelope_id WHERE h.envelope_id = $2 AND ${mine} ORDER BY d.state <> 'held', d.id LIMIT $3`,
}
const waiting = { name: "held-desk-waiting", text: `SELECT count(*) AS count ${from} WHERE ${waits}` }
