import type { DueEvent, EventStore, StoppedWebhook } from "../event-store.ts"
import type { Happening, NewEvent } from "../webhook-event.ts"
import type { Database, Transaction } from "./database.ts"

/**
 * Events in PostgreSQL. What happened is taken and what is owed is written in one transaction: a worker that dies has done both or neither. An event that follows
 * from another one was written after that had been committed, so it is spread later, or has the higher number.
 */
export function createEventStore({ database }: { readonly database: Pick<Database, "query" | "transaction"> }): EventStore {
  return {
    spread: (limit, eventsOf) =>
      database.transaction(async (tx) => {
        const happenings = await tx.query<Happening>(take, [limit])
        const events = happenings.flatMap(eventsOf)
        if (events.length > 0) await owe(tx, events)
        return happenings.length
      }),
    stopBehind: async (maxWaiting) => void (await database.query(stopBehind, [maxWaiting])),
    claim: async ({ limit, leaseMs, now }) => (await database.query<ClaimedRow>(claim, [now, limit, leaseMs])).map(dueEvent),
    told: async ({ deliveryId, webhookId }, { status, now }) => void (await database.query(told, [webhookId, deliveryId, now, status])),
    async failed({ deliveryId, webhookId, byHand }, { problem, status, now, nextAt, givenUp, stop }) {
      // what somebody tries by hand says nothing of how the webhook usually does
      if (byHand) await database.query(failedByHand, [webhookId, deliveryId, now, status, problem])
      else await database.query(failed, [webhookId, deliveryId, now, status, problem, nextAt, givenUp, stop])
    },
    owedNotices: (limit) => database.query<StoppedWebhook>(owedNotices, [limit]),
    noticed: async (webhookId) => void (await database.query({ name: "webhook-noticed", text: "UPDATE webhook SET notice_owed = false WHERE id = $1" }, [webhookId])),
    forget: async (before) => (await database.query(forget, [before])).length,
  }
}

interface ClaimedRow extends Omit<DueEvent, "secrets"> {
  readonly secret: Buffer
  readonly oldSecret: Buffer | null
}

const dueEvent = ({ secret, oldSecret, ...row }: ClaimedRow): DueEvent => ({ ...row, secrets: oldSecret ? [secret, oldSecret] : [secret] })

async function owe(tx: Transaction, events: readonly NewEvent[]): Promise<void> {
  const written = await tx.query<{ id: number }>(insertEvents, [JSON.stringify(events.map(({ data, ...event }) => ({ ...event, data: JSON.stringify(data) })))])
  const ids = written.map(({ id }) => id)
  await tx.query(insertDeliveries, [ids])
  // nobody asked for them
  await tx.query(dropUnasked, [ids])
}

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** An import names people by their number alone, a guided action accounts by their address; a message's account is who sent it. */
const take = {
  name: "happenings-take",
  text: `
    WITH gone AS (DELETE FROM happening WHERE id IN (SELECT id FROM happening ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING *)
    SELECT ${ms("g.at")} AS at, g.kind, g.detail, g.envelope_id AS "envelopeId", a.address AS account, a.unit_code AS "accountUnit", p.id AS "principalId", p.unit_code AS "principalUnit", j.scope AS "jobUnits"
    FROM gone g
    LEFT JOIN account a ON a.id = CASE
      WHEN g.account_id IS NOT NULL THEN g.account_id
      WHEN g.kind = 'delivery.failed' THEN (SELECT m.account_id FROM audit m WHERE m.envelope_id = g.envelope_id AND m.kind = 'message.accepted' LIMIT 1)
      ELSE (SELECT id FROM account WHERE address = CASE WHEN g.kind = 'move.renameAccount' THEN g.detail->>'to' ELSE g.detail->>'address' END) END
    LEFT JOIN principal p ON p.id = coalesce(g.principal_id, g.detail->>'principalId', CASE WHEN g.kind LIKE 'principal.%' OR g.kind LIKE 'move.%' OR g.kind LIKE 'leave.%' THEN g.detail->>'key' END)
    LEFT JOIN bulk_job j ON g.kind = 'bulk.ended' AND j.id = (g.detail->>'jobId')::bigint
    ORDER BY g.id`,
}

const insertEvents = {
  name: "webhook-events-insert",
  text: `INSERT INTO webhook_event (at, type, units, data, once)
    SELECT to_timestamp((t.e->>'at')::float8 / 1000), t.e->>'type', ARRAY(SELECT jsonb_array_elements_text(t.e->'units')), (t.e->>'data')::json, t.e->>'once' FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (e, n) ORDER BY t.n
    ON CONFLICT (once) DO NOTHING RETURNING id`,
}

/** A token that has ended takes its webhooks with it. */
export const isInForce = `w.stopped_at IS NULL AND (w.token_id IS NULL OR EXISTS (SELECT FROM api_token t WHERE t.id = w.token_id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())))`

/** $1 the events. What happened before a webhook was made is none of its business; times of events are rounded to milliseconds. */
const insertDeliveries = {
  name: "webhook-deliveries-insert",
  text: `
    INSERT INTO webhook_delivery (webhook_id, event_id)
    SELECT w.id, e.id FROM webhook_event e JOIN webhook w ON e.type = ANY (w.events) AND w.created_at - interval '1 millisecond' <= e.at AND ${isInForce}
    WHERE e.id = ANY ($1::bigint[]) AND (w.unit_code IS NULL OR w.unit_code IN (
      WITH RECURSIVE up (code) AS (SELECT unnest(e.units) UNION SELECT u.parent_code FROM organization_unit u JOIN up ON u.code = up.code WHERE u.parent_code IS NOT NULL) SELECT code FROM up))
    ORDER BY e.id, w.id`,
}
const dropUnasked = { name: "webhook-events-drop", text: "DELETE FROM webhook_event e WHERE e.id = ANY ($1::bigint[]) AND e.once IS NULL AND NOT EXISTS (SELECT FROM webhook_delivery d WHERE d.event_id = e.id)" }

const stopped = (why: string): string => `INSERT INTO audit (kind, detail) SELECT 'webhook.stopped', jsonb_build_object('webhookId', id, 'description', description, 'why', '${why}') FROM`

const stopBehind = {
  name: "webhooks-stop-behind",
  text: `
    WITH s AS (
      UPDATE webhook w SET stopped_at = clock_timestamp(), stopped_why = 'backlog', notice_owed = true
      WHERE w.stopped_at IS NULL AND (SELECT count(*) FROM (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' LIMIT $1::int + 1) AS counted) > $1::int RETURNING id, description
    ) ${stopped("backlog")} s`,
}

const claim = {
  name: "webhook-events-claim",
  text: `
    WITH due AS (
      SELECT w.id, ${isInForce} AS live FROM webhook w
      WHERE w.next_at <= ${time("$1")} AND (w.claimed_until IS NULL OR w.claimed_until < ${time("$1")})
        AND EXISTS (SELECT FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND (d.by_hand OR (${isInForce})))
      ORDER BY w.next_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE webhook w SET claimed_until = ${time("$1")} + $3 * interval '1 millisecond' FROM due WHERE w.id = due.id RETURNING w.*, due.live
    )
    SELECT d.id AS "deliveryId", w.id AS "webhookId", w.url, w.secret, CASE WHEN w.old_secret_until > ${time("$1")} THEN w.old_secret END AS "oldSecret", e.id AS "eventId", e.type, ${ms("e.at")} AS at, e.data,
      d.by_hand AS "byHand", ${ms("d.first_tried_at")} AS "firstTriedAt", w.tries, ${ms("w.failing_since")} AS "failingSince"
    FROM claimed w
    CROSS JOIN LATERAL (SELECT * FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND (d.by_hand OR w.live) ORDER BY d.by_hand DESC, d.id LIMIT 1) AS d
    JOIN webhook_event e ON e.id = d.event_id`,
}

const tried = (state: string): string => `UPDATE webhook_delivery SET state = ${state}, by_hand = by_hand AND ${state} = 'waiting', tries = tries + 1, first_tried_at = coalesce(first_tried_at, ${time("$3")}), last_tried_at = ${time("$3")}, status = $4`

const told = {
  name: "webhook-event-told",
  text: `WITH d AS (${tried("'told'")}, problem = '' WHERE id = $2)
    UPDATE webhook SET claimed_until = NULL, tries = 0, failing_since = NULL, next_at = ${time("$3")} WHERE id = $1`,
}

const failed = {
  name: "webhook-event-failed",
  text: `
    WITH d AS (${tried("CASE WHEN $7 THEN 'failed' ELSE 'waiting' END")}, problem = left($5, 300) WHERE id = $2),
    w AS (
      UPDATE webhook SET claimed_until = NULL, tries = tries + 1, failing_since = coalesce(failing_since, ${time("$3")}), next_at = ${time("$6")},
        stopped_at = CASE WHEN $8 THEN coalesce(stopped_at, ${time("$3")}) ELSE stopped_at END, stopped_why = CASE WHEN $8 THEN coalesce(stopped_why, 'failing') ELSE stopped_why END, notice_owed = notice_owed OR ($8 AND stopped_at IS NULL)
      WHERE id = $1 RETURNING id, description, notice_owed
    ), s AS (SELECT id, description FROM w WHERE $8 AND notice_owed)
    ${stopped("failing")} s`,
}

const failedByHand = {
  name: "webhook-event-failed-by-hand",
  text: `WITH d AS (${tried("'failed'")}, problem = left($5, 300) WHERE id = $2) UPDATE webhook SET claimed_until = NULL WHERE id = $1`,
}

const owedNotices = {
  name: "webhook-owed-notices",
  text: `SELECT w.id, w.description, w.url, w.stopped_why AS why, ${ms("w.stopped_at")} AS "stoppedAt", a.address AS contact,
      coalesce((SELECT d.problem FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.problem <> '' ORDER BY d.last_tried_at DESC LIMIT 1), '') AS problem
    FROM webhook w JOIN account a ON a.id = w.contact_account_id WHERE w.notice_owed AND w.stopped_why IN ('failing', 'backlog') ORDER BY w.id LIMIT $1`,
}

const forget = { name: "webhook-events-forget", text: `DELETE FROM webhook_event WHERE at < ${time("$1")} RETURNING id` }
