import type { CampaignStore, DueNotification, NotifiedRecipients, WaitingRecipient } from "../notification-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Notifications in PostgreSQL as campaign workers see them: what is due, who waits, what became of it. */
export function createCampaignStore({ database }: { readonly database: Database }): CampaignStore {
  return {
    async claim({ limit, recipients, each, leaseMs, now }) {
      const rows = await database.query<DueNotification & { readonly turn: number }>(claim, [now, limit, leaseMs, recipients, each])
      return rows.toSorted((a, b) => a.priority - b.priority || a.turn - b.turn || a.id - b.id).map(({ turn: _turn, ...due }) => due)
    },
    async waitingRecipients(asked) {
      const rows = asked.length === 0 ? [] : await database.query<WaitingRecipient & { readonly id: number }>(waitingRecipients, [asked.map(({ id }) => id), asked.map(({ limit }) => limit)])
      return Map.groupBy(rows, ({ id }) => id)
    },
    async failed(id, recipients, now) {
      for (let at = 0; at < recipients.length; at += rowsAtOnce) {
        const some = recipients.slice(at, at + rowsAtOnce)
        await database.query(failed, [id, some.map(({ n }) => n), some.map(({ status }) => status), some.map(({ reason }) => reason), now])
      }
    },
    release: async (done) => void (done.length > 0 && (await database.query(release, [done.map(({ id }) => id), done.map(({ nextAt }) => nextAt), done.map(({ tried }) => tried)]))),
    remoteUnderWay: async (limit) => (await database.query<{ count: number }>(remoteUnderWay, [limit]))[0]?.count ?? 0,
    expire: async (id, now) => void (await database.query(expire, [id, now])),
    async settle({ notificationId, n }, limit) {
      const page = await database.query<PageRow>(unsettled, [notificationId, n, limit])
      const settled = page.filter(({ state }) => state !== null)
      const counts = new Map<number, number>()
      for (const { id } of settled) counts.set(id, (counts.get(id) ?? 0) + 1)
      if (settled.length > 0) await database.transaction((tx) => takeOver(tx, settled, counts))
      const last = page.at(-1)
      return { next: last && page.length === limit ? { notificationId: last.id, n: last.n } : undefined, notifications: [...counts.keys()] }
    },
  }
}

const rowsAtOnce = 1_000

interface PageRow {
  readonly id: number
  readonly n: number
  /** Null: its delivery is not settled. */
  readonly state: string | null
  readonly status: string
  readonly reason: string
  readonly at: number
}

/** Numbers the changes under the locks of their notifications. The rows travel as arrays: steps of one statement would be compared row by row. */
async function takeOver(tx: Transaction, settled: readonly PageRow[], counts: ReadonlyMap<number, number>): Promise<void> {
  const moved = await tx.query<{ id: number; base: number }>(moveChanges, [[...counts.keys()], [...counts.values()]])
  const next = new Map(moved.map(({ id, base }) => [id, base]))
  const numbered = settled.map((row) => {
    const change = (next.get(row.id) ?? 0) + 1
    next.set(row.id, change)
    return { ...row, change }
  })
  const column = <T>(value: (row: PageRow & { readonly change: number }) => T): T[] => numbered.map(value)
  await tx.query(settleRecipients, [column(({ id }) => id), column(({ n }) => n), column(({ state }) => state), column(({ status }) => status), column(({ reason }) => reason), column(({ at }) => at), column(({ change }) => change)])
}

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** Of each account that sends a few, along its own index: what one of them has piled up costs the others nothing. */
const claim = {
  name: "claim-notifications",
  text: `
    WITH due AS (
      SELECT * FROM (
      SELECT x.id, x.turn, sum(least(x.recipient_count, $5::int)) OVER (ORDER BY x.priority, x.turn, x.id) - least(x.recipient_count, $5::int) AS before FROM (SELECT DISTINCT account_id FROM api_token WHERE account_id IS NOT NULL) s
      CROSS JOIN LATERAL (
        SELECT y.id, y.priority, y.recipient_count, row_number() OVER (ORDER BY y.priority, y.next_at, y.id) AS turn FROM (
          SELECT n.id, n.priority, n.next_at, n.recipient_count FROM notification n
          WHERE n.account_id = s.account_id AND n.state = 'waiting' AND n.next_at <= ${time("$1")} AND coalesce(n.claimed_until <= clock_timestamp(), true)
          ORDER BY n.priority, n.next_at, n.id LIMIT $2
        ) y
      ) x
      ORDER BY x.priority, x.turn, x.id LIMIT $2
      ) first WHERE before < $4::int
    )
    UPDATE notification n SET claimed_until = clock_timestamp() + $3 * interval '1 millisecond' FROM due
    WHERE n.id = due.id AND n.state = 'waiting' AND coalesce(n.claimed_until <= clock_timestamp(), true)
    RETURNING n.id, n.account_id AS "accountId", n.principal_id AS "principalId", n.priority, ${ms("n.accepted_at")} AS "acceptedAt", ${ms("n.send_at")} AS "sendAt", ${ms("n.expires_at")} AS "expiresAt", n.tries,
      n.content, n.source_data AS sealed, n.template, n.template_version AS "templateVersion", n.recipient_count AS "recipientCount", due.turn`,
}

const waitingRecipients = {
  name: "notification-waiting-recipients",
  text: `
    SELECT t.id, r.n, r.address, r.data FROM unnest($1::bigint[], $2::int[]) AS t (id, max)
    CROSS JOIN LATERAL (SELECT n, address, data FROM notification_recipient WHERE notification_id = t.id AND state = 'waiting' ORDER BY n LIMIT t.max) r`,
}

/** Changes are numbered under the lock of the notification's row, so that who has read up to a number has missed none below it. */
const failed = {
  name: "notification-failed",
  text: `
    WITH t AS (
      SELECT t.* , row_number() OVER (ORDER BY t.n) AS k FROM unnest($2::int[], $3::text[], $4::text[]) AS t (n, status, reason)
    ), moved AS (UPDATE notification SET changes = changes + (SELECT count(*) FROM t) WHERE id = $1 RETURNING id, changes - (SELECT count(*) FROM t) AS base)
    UPDATE notification_recipient r SET state = 'failed', data = NULL, status = t.status, reason = left(t.reason, 500), changed_at = ${time("$5")}, change = moved.base + t.k
    FROM t, moved WHERE r.notification_id = moved.id AND r.n = t.n AND r.state = 'waiting'`,
}

const ended = "('delivered', 'relayed', 'failed')"
const outcome = `d.id, d.state, d.status, CASE WHEN d.state = 'failed' THEN left(d.diagnostic, 500) ELSE '' END AS reason, ${ms("coalesce(d.settled_at, clock_timestamp())")} AS at`
const settled = (column: string, otherwise: string): string => `CASE WHEN coalesce(e.state, o.state) IN ${ended} THEN coalesce(e.${column}, o.${column}) ELSE ${otherwise} END`

const release = {
  name: "release-notification",
  text: `
    UPDATE notification n SET claimed_until = NULL, next_at = to_timestamp(t.next_at / 1000), tries = CASE WHEN t.tried THEN tries + 1 ELSE 0 END,
      state = CASE WHEN EXISTS (SELECT FROM notification_recipient r WHERE r.notification_id = n.id AND r.state = 'waiting') THEN 'waiting' ELSE 'sent' END
    FROM unnest($1::bigint[], $2::float8[], $3::boolean[]) AS t (id, next_at, tried) WHERE n.id = t.id AND n.state = 'waiting'`,
}

const remoteUnderWay = {
  name: "notifications-under-way",
  text: `SELECT count(*) AS count FROM (
    SELECT FROM delivery d JOIN envelope e ON e.id = d.envelope_id WHERE d.state = 'waiting' AND d.account_id IS NULL AND e.source = 'notification' AND e.reverse_path <> '' LIMIT $1
  ) found`,
}

const expire = {
  name: "expire-notification",
  text: `
    WITH w AS (SELECT n, row_number() OVER (ORDER BY n) AS k FROM notification_recipient WHERE notification_id = $1 AND state = 'waiting'),
    x AS (UPDATE notification SET state = 'expired', claimed_until = NULL, changes = changes + (SELECT count(*) FROM w) WHERE id = $1 AND state = 'waiting' RETURNING id, changes - (SELECT count(*) FROM w) AS base)
    UPDATE notification_recipient r SET state = 'expired', data = NULL, status = '5.4.7', reason = 'its time was over before it could be sent', changed_at = ${time("$2")}, change = x.base + w.k
    FROM w, x WHERE r.notification_id = x.id AND r.n = w.n AND r.state = 'waiting'`,
}

/**
 * A recipient's delivery is that to its address. Where there is none, its account has another address by now or passes its mail on: then it is that which names the recipient
 * as its original one, or that of somebody else it was joined to: told when the last of them is settled, and no more is said than is known.
 */
const unsettled = {
  name: "notifications-unsettled",
  text: `
    SELECT p.notification_id AS id, p.n, ${settled("state::text", "NULL")} AS state, ${settled("status", "''")} AS status, ${settled("reason", "''")} AS reason, ${settled("at", "0")} AS at
    FROM (SELECT notification_id, n, address, envelope_id FROM notification_recipient WHERE state = 'sent' AND (notification_id, n) > ($1, $2) ORDER BY notification_id, n LIMIT $3) p
    LEFT JOIN LATERAL (SELECT ${outcome} FROM delivery d WHERE d.envelope_id = p.envelope_id AND d.recipient = p.address) e ON true
    LEFT JOIN LATERAL (
      SELECT ${outcome} FROM delivery d WHERE e.id IS NULL AND d.envelope_id = p.envelope_id ORDER BY d.original_recipient = p.address DESC, d.state IN ${ended}, d.state = 'failed', d.state = 'delivered' LIMIT 1
    ) o ON true
    ORDER BY p.notification_id, p.n`,
}

const moveChanges = {
  name: "move-notification-changes",
  text: "UPDATE notification x SET changes = x.changes + t.count FROM unnest($1::bigint[], $2::bigint[]) AS t (id, count) WHERE x.id = t.id RETURNING x.id, x.changes - t.count AS base",
}

const settleRecipients = {
  name: "settle-notification-recipients",
  text: `
    UPDATE notification_recipient r SET state = t.state, status = t.status, reason = t.reason, changed_at = to_timestamp(t.at / 1000), change = t.change
    FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::bigint[]) AS t (id, n, state, status, reason, at, change)
    WHERE r.notification_id = t.id AND r.n = t.n AND r.state = 'sent'`,
}

/**
 * Parts of an acceptance's WITH that mark recipients who each have a message of their own, before its envelopes `e` are written: one whose recipient
 * does not wait any more is not written, and one that is not written (the directory has moved) marks nobody. `p` names the parameters from 1 on.
 */
export const notifiedSql = (p: (index: number) => string): { readonly mark: string; readonly where: string } => ({
  mark: `
    live AS MATERIALIZED (SELECT id FROM notification WHERE id = ANY (${p(2)}::bigint[]) AND state = 'waiting' ORDER BY id FOR SHARE),
    notified AS (
      UPDATE notification_recipient r SET state = 'sent', data = NULL, envelope_id = t.envelope_id
      FROM unnest(${p(1)}::bigint[], ${p(2)}::bigint[], ${p(3)}::int[], ${p(4)}::bigint[]) AS t (envelope_id, notification_id, n, directory_version)
      JOIN live ON live.id = t.notification_id JOIN directory_version w ON w.version = t.directory_version
      WHERE r.notification_id = t.notification_id AND r.n = t.n AND r.state = 'waiting' RETURNING r.envelope_id
    ),`,
  where: `WHERE t.id <> ALL (${p(1)}::bigint[]) OR t.id IN (SELECT envelope_id FROM notified)`,
})

export const notifiedArrays = (marks: readonly { readonly envelopeId: number; readonly notificationId: number; readonly n: number; readonly directoryVersion: number }[]): unknown[] =>
  [marks.map(({ envelopeId }) => envelopeId), marks.map(({ notificationId }) => notificationId), marks.map(({ n }) => n), marks.map(({ directoryVersion }) => directoryVersion)]

/** In the acceptance's transaction: false when one of them does not wait any more, or the notification was cancelled. */
export async function markNotified(tx: Transaction, { notificationId, recipients }: NotifiedRecipients, envelopeId: number): Promise<boolean> {
  return (await tx.query(markSent, [notificationId, recipients, envelopeId])).length === recipients.length
}

/** The notification's row is shared until the commit: whoever cancels it waits, and then finds these gone. */
const markSent = {
  name: "mark-notified",
  text: `
    WITH live AS MATERIALIZED (SELECT id FROM notification WHERE id = $1 AND state = 'waiting' FOR SHARE)
    UPDATE notification_recipient r SET state = 'sent', data = NULL, envelope_id = $3 FROM live WHERE r.notification_id = live.id AND r.n = ANY ($2::int[]) AND r.state = 'waiting' RETURNING r.n`,
}
