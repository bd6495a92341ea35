import type { QueueFilter, QueueState } from "../queue-store.ts"
import { destinationOf, pauseInForce, pauseMeans } from "./lay-aside.ts"

/** The rows of the queue as SQL: which are open, what each does now, and what a filter means. Shared by listing, counting and changing. */

/** In the words of the partial indexes of migration 0012, which PostgreSQL recognizes by them. */
export const isOpen = "d.state NOT IN ('delivered', 'relayed', 'failed')"

const isUnderWay = "coalesce(d.claimed_until > clock_timestamp(), false)"

/** The pause that keeps delivery `d`: of its domain, or of the hosts where a worker met it. Of several, the longest. */
export const pauseOf = `
  LEFT JOIN LATERAL (
    SELECT p.id, p.pattern, p.until, p.paused_by, p.why FROM destination_pause p
    WHERE d.account_id IS NULL AND ${pauseInForce} AND (p.id = d.pause_id OR p.kind = 'domain' AND ${pauseMeans(destinationOf("d.recipient"))})
    ORDER BY p.until DESC NULLS FIRST LIMIT 1
  ) pause ON true`

/** Needs \`pauseOf\`, and \`delivery_hold h\` joined. */
export const stateNow = `
  CASE
    WHEN d.state = 'held' THEN CASE WHEN h.delivery_id IS NULL THEN 'policyHeld' ELSE 'held' END
    WHEN d.state NOT IN ('waiting', 'deferred') THEN d.state::text
    WHEN ${isUnderWay} THEN 'underWay'
    WHEN pause.id IS NOT NULL THEN 'paused'
    ELSE d.state::text
  END`

/** The pause as JSON, of a delivery that is open; null for others. */
export const pauseJson = `
  CASE WHEN pause.id IS NOT NULL AND ${isOpen} THEN json_build_object('id', pause.id, 'pattern', pause.pattern, 'until', (extract(epoch FROM pause.until) * 1000)::bigint, 'by', pause.paused_by, 'why', pause.why) END`

export const holdOf = "LEFT JOIN delivery_hold h ON h.delivery_id = d.id"

export interface Conditions {
  /** To be joined by AND. */
  readonly sql: readonly string[]
  readonly values: readonly unknown[]
}

export function filterConditions(filter: QueueFilter): Conditions {
  const sql: string[] = [isOpen]
  const values: unknown[] = []
  const add = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value)
    sql.push(condition(`$${values.length}`))
  }
  const { state, destination, sender, recipient, acceptedBefore, diagnostic, bounceClass, accountId } = filter
  if (state !== undefined) {
    add((p) => `${stateNow} = ${p}`, state)
    sql.push(`d.state = ANY (ARRAY[${storedStates[state].map((stored) => `'${stored}'`).join(", ")}]::delivery_state[])`)
  }
  if (destination !== undefined) {
    sql.push("d.account_id IS NULL")
    if (destination.startsWith("*.")) add((p) => `${destinationOf("d.recipient")} LIKE ${p}`, `%${likeText(destination.slice(1))}`)
    else add((p) => `${destinationOf("d.recipient")} = ${p}`, destination)
  }
  if (sender !== undefined) add((p) => `e.reverse_path = ${p}`, sender)
  if (recipient !== undefined) add((p) => `d.recipient = ${p}`, recipient)
  if (acceptedBefore !== undefined) add((p) => `e.accepted_at < to_timestamp(${p}::float8 / 1000)`, acceptedBefore)
  if (diagnostic !== undefined) add((p) => `d.diagnostic ILIKE ${p}`, `%${likeText(diagnostic)}%`)
  if (bounceClass !== undefined) add((p) => `d.bounce_class = ${p}`, bounceClass)
  if (accountId !== undefined) add((p) => `EXISTS (SELECT FROM audit a WHERE a.envelope_id = d.envelope_id AND a.kind = 'message.accepted' AND a.account_id = ${p})`, accountId)
  return { sql, values }
}

/** The states in which a row can be to be shown as one. */
const storedStates = {
  waiting: ["waiting"], deferred: ["deferred"], underWay: ["waiting", "deferred"], paused: ["waiting", "deferred"], held: ["held"], policyHeld: ["held"],
} as const satisfies Record<QueueState, readonly string[]>

const likeText = (text: string): string => text.replace(/[\\%_]/g, "\\$&")

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** The columns of a `QueuedDelivery`. */
export const queuedColumns = `
  d.id, d.envelope_id AS "envelopeId", e.message_id AS "messageId", e.reverse_path AS "reversePath", d.recipient, d.original_recipient AS "originalRecipient", d.account_id IS NOT NULL AS local,
  ${stateNow} AS state, e.size, d.attempts, ${ms("e.accepted_at")} AS "acceptedAt",
  CASE WHEN d.state IN ('waiting', 'deferred') THEN ${ms("nullif(d.next_attempt_at, 'infinity')")} END AS "nextAttemptAt", ${ms("d.expires_at")} AS "expiresAt",
  d.status, d.diagnostic, d.remote_mta AS "remoteMta", d.bounce_class AS "bounceClass"`
