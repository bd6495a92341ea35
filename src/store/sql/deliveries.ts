import type { ChangeFeed } from "../change-feed.ts"
import type { Attempt, DeliveryStore, OwedDsn, PausedHost, RemoteDelivery } from "../delivery-store.ts"
import { noSuppression, type SuppressionRule } from "../suppression-store.ts"
import { type Database, withRetry } from "./database.ts"
import { layAsideSql, pausedSql, pauseInForce } from "./lay-aside.ts"
import { appendedChanges, placedColumns, type PlacedRow, placeJobsSql, placeNameSql } from "./place-messages.ts"
import { countSuppressionsSql } from "./suppressions.ts"

export interface DeliveryStoreOptions {
  readonly database: Database
  readonly feed: ChangeFeed
  readonly delayNoticeMs: number
  /** Absent: recipients that do not exist are not counted. */
  readonly suppression?: SuppressionRule
}

/**
 * Deliveries in PostgreSQL. A local delivery and its outcome are one statement: a job that runs twice finds nothing waiting
 * the second time, and a delivery id can be in one message only (unique index `message_delivery`).
 */
export function createDeliveryStore({ database, feed, delayNoticeMs, suppression = noSuppression }: DeliveryStoreOptions): DeliveryStore {
  return {
    async deliverLocal(ids, queuedAt) {
      const rows = await withRetry(() => database.query<PlacedRow>(deliverLocal, [ids, new Date(queuedAt)]))
      feed.publish(appendedChanges(rows))
      return rows.length
    },
    async claimRemote(ids, leaseMs) {
      return (await withRetry(() => database.query<RemoteRow>(claimRemote, [ids, leaseMs, delayNoticeMs]))).map(remoteDelivery)
    },
    pausedHosts: () => database.query<PausedHost>(pausedHosts),
    async layAside(ids, pauseId) {
      await withRetry(() => database.query(layAside, [ids, pauseId, delayNoticeMs]))
    },
    async extendLease(ids, leaseMs) {
      await database.query(extendLease, [ids, leaseMs])
    },
    async recordAttempt(attempt) {
      await database.query(recordAttempt, attemptValues(attempt, delayNoticeMs, suppression))
    },
    async postpone({ ids, at, diagnostic, status, bounceClass }) {
      await database.query(postpone, [ids, new Date(at), diagnostic, delayNoticeMs, status, bounceClass])
    },
    async due(limit) {
      const rows = await database.query<{ id: number; local: boolean }>(due, [limit, requeueAfterMs])
      return { local: rows.filter(({ local }) => local).map(({ id }) => id), remote: rows.filter(({ local }) => !local).map(({ id }) => id) }
    },
    async owedDsns(limit) {
      return (await database.query<OwedRow>(owedDsns, [limit])).map(({ settled_ms, accepted_ms, expires_ms, ...row }) => ({ ...row, settledAt: settled_ms, acceptedAt: accepted_ms, expiresAt: expires_ms }))
    },
    async dsnMade(deliveryIds, kind) {
      await database.query(dsnMade, [deliveryIds, kind])
    },
    async waiting() {
      const [row] = await database.query<{ count: number; oldest_ms: number }>(waiting)
      return { count: row?.count ?? 0, oldestMs: row?.oldest_ms ?? 0 }
    },
  }
}

/** A job that was lost with its queue is made again this long after the last one. */
const requeueAfterMs = 30_000

/**
 * Deliveries are claimed (those another worker has are skipped) and mailboxes locked in the order of their ids, so that two
 * workers with the same recipients take turns instead of waiting for each other.
 */
const deliverLocal = {
  name: "deliver-local",
  text: `
    WITH job AS (
      SELECT d.id, 'success' = ANY (d.notify) AND e.reverse_path <> '' AS owes_success, e.id AS envelope_id, e.content, e.marks, m.keywords,
        e.size + octet_length(e.trace_prefix) AS size, date_trunc('second', e.accepted_at) AS internal_date, m.id AS mailbox_id
      FROM unnest($1::bigint[]) AS wanted (id) JOIN delivery d ON d.id = wanted.id JOIN envelope e ON e.id = d.envelope_id JOIN mailbox m ON m.account_id = d.account_id AND m.name = ${placeNameSql("d.account_id")}
      WHERE d.state = 'waiting'
      ORDER BY m.id, d.id
      FOR UPDATE OF d SKIP LOCKED FOR NO KEY UPDATE OF m
    ), ${placeJobsSql}, settled AS (
      UPDATE delivery d SET state = 'delivered', settled_at = clock_timestamp(), queued_at = $2, status = '2.0.0', dsn_owed = CASE WHEN job.owes_success THEN ARRAY['success'] ELSE '{}' END
      FROM job WHERE d.id = job.id
    )
    SELECT ${placedColumns} FROM placed`,
}

/**
 * Waits for a row that is locked: its DSN may be on its way in at that moment, and a delivery passed over then would not be tried again
 * until the sweeper makes another job for it. What another worker has claimed meanwhile is left out: the conditions are looked at again.
 * What goes to a destination that is paused is laid aside instead.
 */
const claimRemote = {
  name: "claim-remote",
  text: `
    WITH due AS (
      SELECT id, recipient FROM delivery
      WHERE id = ANY ($1::bigint[]) AND account_id IS NULL AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
        AND (state = 'waiting' OR (state = 'deferred' AND next_attempt_at <= clock_timestamp()))
      ORDER BY id FOR UPDATE
    ),${pausedSql}, laid_aside AS (${layAsideSql("$3")}
    ), claimed AS (
      UPDATE delivery d SET claimed_until = clock_timestamp() + $2 * interval '1 millisecond', queued_at = coalesce(queued_at, clock_timestamp()), pause_id = NULL
      FROM due WHERE d.id = due.id AND NOT EXISTS (SELECT FROM paused WHERE paused.id = due.id)
      RETURNING d.*
    )
    SELECT d.id, d.envelope_id, e.source, e.reverse_path, d.recipient, d.original_recipient, d.notify, e.ret, e.envid, e.require_tls, e.smtp_utf8, e.content, e.size, e.trace_prefix, d.attempts,
      (extract(epoch FROM e.accepted_at) * 1000)::bigint AS accepted_ms, (extract(epoch FROM d.expires_at) * 1000)::bigint AS expires_ms
    FROM claimed d JOIN envelope e ON e.id = d.envelope_id ORDER BY d.id`,
}

const pausedHosts = { name: "paused-hosts", text: `SELECT p.id, p.pattern FROM destination_pause p WHERE p.kind = 'host' AND ${pauseInForce}` }

/** A pause that was ended meanwhile lays nothing aside: the delivery is due again at once. */
const layAside = {
  name: "lay-aside",
  text: `
    WITH p AS MATERIALIZED (SELECT p.id, p.until FROM destination_pause p WHERE p.id = $2 AND ${pauseInForce} FOR SHARE),
    due AS MATERIALIZED (SELECT id FROM delivery WHERE id = ANY ($1::bigint[]) AND claimed_until IS NOT NULL AND state IN ('waiting', 'deferred') ORDER BY id FOR UPDATE),
    paused AS (SELECT due.id, p.id AS pause_id, p.until FROM due, p),
    laid_aside AS (${layAsideSql("$3")})
    UPDATE delivery d SET claimed_until = NULL, requeued_at = NULL, next_attempt_at = clock_timestamp() FROM due WHERE d.id = due.id AND NOT EXISTS (SELECT FROM p)`,
}

const extendLease = {
  name: "extend-lease",
  text: "UPDATE delivery SET claimed_until = clock_timestamp() + $2 * interval '1 millisecond' WHERE id = ANY ($1::bigint[]) AND claimed_until IS NOT NULL AND state IN ('waiting', 'deferred')",
}

interface RemoteRow {
  readonly id: number
  readonly envelope_id: number
  readonly source: RemoteDelivery["source"]
  readonly reverse_path: string
  readonly recipient: string
  readonly original_recipient: string
  readonly notify: RemoteDelivery["notify"]
  readonly ret: RemoteDelivery["ret"]
  readonly envid: string | null
  readonly require_tls: boolean
  readonly smtp_utf8: boolean
  readonly content: Buffer
  readonly size: number
  readonly trace_prefix: string
  readonly attempts: number
  readonly accepted_ms: number
  readonly expires_ms: number
}

const remoteDelivery = (row: RemoteRow): RemoteDelivery => ({
  id: row.id,
  envelopeId: row.envelope_id,
  source: row.source,
  reversePath: row.reverse_path,
  recipient: row.recipient,
  originalRecipient: row.original_recipient,
  notify: row.notify,
  ret: row.ret,
  envid: row.envid,
  requireTls: row.require_tls,
  smtpUtf8: row.smtp_utf8,
  content: row.content,
  size: row.size,
  tracePrefix: row.trace_prefix,
  attempts: row.attempts,
  acceptedAt: row.accepted_ms,
  expiresAt: row.expires_ms,
})

/** Which DSNs a new state owes (RFC 3461 §4.1, §5.2): by default failure and one delay notice; none ever to the empty reverse-path. */
const recordAttempt = {
  name: "record-attempt",
  text: `
    WITH d AS (
      UPDATE delivery d SET
        state = $2::delivery_state, attempts = d.attempts + 1, claimed_until = NULL, requeued_at = NULL, status = $3, diagnostic = $4, remote_mta = $5, bounce_class = $12,
        next_attempt_at = coalesce(to_timestamp($6::float8 / 1000), d.next_attempt_at),
        settled_at = CASE WHEN $2 = 'deferred' THEN NULL ELSE to_timestamp($8::float8 / 1000) END,
        dsn_owed = CASE
          WHEN e.reverse_path = '' OR 'never' = ANY (d.notify) THEN '{}'
          WHEN $2 = 'failed' AND (d.notify = '{}' OR 'failure' = ANY (d.notify)) THEN array_append(array_remove(d.dsn_owed, 'delay'), 'failure')
          WHEN $2 IN ('delivered', 'relayed') AND 'success' = ANY (d.notify) THEN array_append(array_remove(d.dsn_owed, 'delay'), 'success')
          WHEN $2 = 'deferred' AND $8::float8 - extract(epoch FROM e.accepted_at) * 1000 >= $10::float8 AND (d.notify = '{}' OR 'delay' = ANY (d.notify)) AND NOT 'delay' = ANY (d.dsn_owed || d.dsn_made) THEN array_append(d.dsn_owed, 'delay')
          ELSE CASE WHEN $2 = 'deferred' THEN d.dsn_owed ELSE array_remove(d.dsn_owed, 'delay') END
        END
      FROM envelope e WHERE d.id = $1 AND e.id = d.envelope_id AND d.state IN ('waiting', 'deferred')
      RETURNING d.id, d.attempts, d.envelope_id, d.recipient
    ),${countSuppressionsSql({ outcome: "$2", bounceClass: "$12", diagnostic: "$4", afterBounces: "$13", withinMs: "$14", forMs: "$15" })}
    INSERT INTO attempt (delivery_id, number, started_at, ended_at, outcome, status, diagnostic, remote_mta, tls, tls_details, bounce_class)
    SELECT id, attempts, to_timestamp($7::float8 / 1000), to_timestamp($8::float8 / 1000), $2, $3, $4, $5, $9, $11::jsonb, $12 FROM d`,
}

/** The expiry is never slept through: then the delivery is tried for the last time. */
const postpone = {
  name: "postpone",
  text: `
    UPDATE delivery d SET
      claimed_until = NULL, requeued_at = NULL, state = 'deferred', status = CASE WHEN d.status = '' THEN $5 ELSE d.status END, diagnostic = $3, bounce_class = coalesce(d.bounce_class, $6::text),
      next_attempt_at = least($2, d.expires_at),
      dsn_owed = CASE
        WHEN e.reverse_path <> '' AND extract(epoch FROM clock_timestamp() - e.accepted_at) * 1000 >= $4::float8 AND (d.notify = '{}' OR 'delay' = ANY (d.notify)) AND NOT 'delay' = ANY (d.dsn_owed || d.dsn_made) THEN array_append(d.dsn_owed, 'delay')
        ELSE d.dsn_owed
      END
    FROM envelope e WHERE d.id = ANY ($1::bigint[]) AND e.id = d.envelope_id AND d.claimed_until IS NOT NULL AND d.state IN ('waiting', 'deferred')`,
}

const attemptValues = ({ deliveryId, outcome, remoteMta, startedAt, endedAt, tls, tlsDetails, bounceClass }: Attempt, delayNoticeMs: number, suppression: SuppressionRule): unknown[] => [
  deliveryId,
  outcome.kind,
  outcome.status,
  outcome.diagnostic,
  remoteMta,
  outcome.kind === "deferred" ? outcome.nextAttemptAt : null,
  startedAt,
  endedAt,
  tls,
  delayNoticeMs,
  tlsDetails ? JSON.stringify(tlsDetails) : null,
  bounceClass ?? null,
  suppression.afterBounces,
  suppression.withinMs,
  suppression.forMs,
]

const due = {
  name: "deliveries-due",
  text: `
    WITH due AS (
      SELECT id FROM delivery
      WHERE state IN ('waiting', 'deferred') AND next_attempt_at <= clock_timestamp()
        AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) AND (requeued_at IS NULL OR requeued_at < clock_timestamp() - $2 * interval '1 millisecond')
      ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    UPDATE delivery d SET requeued_at = clock_timestamp() FROM due WHERE d.id = due.id
    RETURNING d.id, d.account_id IS NOT NULL AS local`,
}

const owedDsns = {
  name: "owed-dsns",
  text: `
    SELECT k.kind, d.id AS "deliveryId", d.envelope_id AS "envelopeId", e.reverse_path AS "reversePath", d.recipient, d.original_recipient AS "originalRecipient", e.envid, e.ret,
      (extract(epoch FROM e.accepted_at) * 1000)::bigint AS accepted_ms, (extract(epoch FROM coalesce(d.settled_at, clock_timestamp())) * 1000)::bigint AS settled_ms,
      (extract(epoch FROM d.expires_at) * 1000)::bigint AS expires_ms, d.state = 'relayed' AS relayed, d.status, d.diagnostic, d.remote_mta AS "remoteMta", e.content, e.source, e.require_tls AS "requireTls"
    FROM delivery d JOIN envelope e ON e.id = d.envelope_id CROSS JOIN LATERAL unnest(d.dsn_owed) AS k (kind)
    WHERE d.dsn_owed <> '{}' ORDER BY d.id LIMIT $1`,
}

type OwedRow = Omit<OwedDsn, "settledAt" | "acceptedAt" | "expiresAt"> & { readonly settled_ms: number; readonly accepted_ms: number; readonly expires_ms: number }

const dsnMade = {
  name: "dsn-made",
  text: "UPDATE delivery SET dsn_owed = array_remove(dsn_owed, $2), dsn_made = array_append(dsn_made, $2) WHERE id = ANY ($1::bigint[]) AND $2 = ANY (dsn_owed)",
}

const waiting = {
  name: "deliveries-waiting",
  text: `SELECT count(*) AS count, coalesce((extract(epoch FROM clock_timestamp() - min(e.accepted_at)) * 1000)::bigint, 0) AS oldest_ms
    FROM delivery d JOIN envelope e ON e.id = d.envelope_id WHERE d.state IN ('waiting', 'deferred')`,
}
