import type { ListQuestion, NewNotification, NewRecipient, NotificationRecord, NotificationStore, RecipientCounts, RecipientRecord, RecipientState } from "../notification-store.ts"
import { contentRowsSql, contentRowValues, insertContentsSql } from "./content-rows.ts"
import type { Database, Transaction } from "./database.ts"
import { seenOf } from "./notification-seen.ts"

/** Notifications in PostgreSQL, as those who ask for them see them; the worker's side is campaigns.ts. */
export function createNotificationStore({ database }: { readonly database: Database }): NotificationStore {
  const known = async (accountId: number, idempotencyKey: string, requestSha256: Uint8Array): Promise<Known | undefined> => (await database.query<Known>(byKey, [accountId, idempotencyKey, requestSha256]))[0]
  return {
    async accept(notification) {
      const { recipients } = notification
      const first = recipients.slice(0, rowsAtOnce)
      const done = recipients.length <= rowsAtOnce ? await insertHead(database, notification, first) : await database.transaction((tx) => insertAll(tx, notification, first))
      await discardUntaken(notification, done)
      if (done.id !== null) return { kind: "accepted", id: done.id }
      const before = notification.idempotencyKey === null ? undefined : await known(notification.accountId, notification.idempotencyKey, notification.requestSha256)
      if (!before) throw new Error("a notification was not stored")
      return { kind: "repeated", id: before.id, sameRequest: before.sameRequest }
    },
    known,
    byId: async (id) => (await database.query<NotificationRecord>(byId, [id]))[0],
    list: ({ accountId, before, limit }: ListQuestion) => database.query<NotificationRecord>(accountId === undefined ? listAll : listOf, [before ?? maxId, limit, ...(accountId === undefined ? [] : [accountId])]),
    async recipients(id, { after, limit, seen }) {
      const rows = await database.query<Omit<RecipientRecord, "seenAt">>(recipientsOf, [id, after, limit])
      const read = seen ? await seenOf(database, rows) : new Map<number, number>()
      return rows.map((row) => ({ ...row, seenAt: read.get(row.n) ?? null }))
    },
    changes: async (id, after, limit) => (await database.query<Omit<RecipientRecord, "seenAt">>(changesOf, [id, after, limit])).map((row) => ({ ...row, seenAt: null })),
    async counts(id) {
      const rows = await database.query<{ state: RecipientState; count: number }>(countsOf, [id])
      return { ...noCounts, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) }
    },
    async cancel(id, { now, by }) {
      const [row] = await database.query<{ cancelled: number }>(cancel, [id, now, by])
      return row && { cancelled: row.cancelled }
    },
    async forget(acceptedBefore) {
      let forgotten = 0
      for (let more = true; more; ) {
        const rows = await database.query(forget, [acceptedBefore, forgetAtOnce])
        forgotten += rows.length
        more = rows.length === forgetAtOnce
      }
      return forgotten
    },
    async waiting() {
      const [row] = await database.query<{ notifications: number; recipients: number }>(waiting)
      return row ?? { notifications: 0, recipients: 0 }
    },
  }
}

/** Rows in one statement: their values are written as text here, and others want their turn. */
const rowsAtOnce = 1_000
const forgetAtOnce = 200
const maxId = Number.MAX_SAFE_INTEGER

const noCounts: RecipientCounts = { waiting: 0, sent: 0, delivered: 0, relayed: 0, failed: 0, cancelled: 0, expired: 0 }

interface Inserted {
  /** Null: the idempotency key was there. */
  readonly id: number | null
  /** The blob that a row took. */
  readonly blobKey: string | null
}

async function insertHead(on: Pick<Database, "query">, notification: NewNotification, recipients: readonly NewRecipient[]): Promise<Inserted> {
  const { message } = notification
  const values = message.kind === "same" ? contentRowValues(message.content) : []
  const [row] = await on.query<{ id: number | null; blob_key: string | null }>(message.kind === "same" ? insertWithContent : insertWithout, [...headValues(notification), ...recipientArrays(recipients), ...values])
  return { id: row?.id ?? null, blobKey: row?.blob_key ?? null }
}

async function insertAll(tx: Transaction, notification: NewNotification, first: readonly NewRecipient[]): Promise<Inserted> {
  const head = await insertHead(tx, notification, first)
  for (let at = rowsAtOnce; head.id !== null && at < notification.recipients.length; at += rowsAtOnce) {
    await tx.query(insertRecipients, [head.id, at, ...recipientArrays(notification.recipients.slice(at, at + rowsAtOnce))])
  }
  return head
}

/** A blob that no row took would stay for housekeeping. */
async function discardUntaken({ message }: NewNotification, { blobKey }: Inserted): Promise<void> {
  if (message.kind === "same" && message.content.stored.kind === "blob" && message.content.stored.key !== blobKey) await message.content.discard()
}

interface Known {
  readonly id: number
  readonly sameRequest: boolean
  readonly recipients: number
}

const headValues = (n: NewNotification): unknown[] => [
  n.accountId, n.principalId, n.tokenId, n.source, n.idempotencyKey, n.requestSha256, n.priority, n.acceptedAt, n.sendAt, n.expiresAt,
  n.message.kind === "same" ? n.message.content.ref : null, n.message.kind === "each" ? n.message.sealed : null, n.template?.name ?? null, n.template?.version ?? null, n.recipients.length, n.webhook,
]
const headColumns = 16

const recipientArrays = (recipients: readonly NewRecipient[]): unknown[] => [recipients.map(({ address }) => address), recipients.map(({ asked }) => asked), recipients.map(({ data }) => data)]

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const head = `
  n AS (
    INSERT INTO notification (account_id, principal_id, token_id, source, idempotency_key, request_sha256, priority, accepted_at, send_at, expires_at, next_at, content, source_data, template, template_version,
      recipient_count, webhook_token_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, ${time("$8")}, ${time("$9")}, ${time("$10")}, ${time("$9")}, $11, $12, $13, $14, $15, CASE WHEN $16::boolean THEN $3::bigint END)
    ON CONFLICT (account_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id
  ), r AS (
    INSERT INTO notification_recipient (notification_id, n, address, asked, data)
    SELECT n.id, t.n, t.address, t.asked, t.data FROM n, unnest($17::text[], $18::text[], $19::bytea[]) WITH ORDINALITY AS t (address, asked, data, n)
  )`

const insertWithout = { name: "add-notification", text: `WITH ${head} SELECT id, NULL::text AS blob_key FROM n` }

const insertWithContent = {
  name: "add-notification-content",
  text: `WITH ${head}, c AS (${insertContentsSql(contentRowsSql(1, headColumns + 4), "WHERE EXISTS (SELECT FROM n)")}) SELECT id, (SELECT blob_key FROM c) AS blob_key FROM n`,
}

const insertRecipients = {
  name: "add-notification-recipients",
  text: `INSERT INTO notification_recipient (notification_id, n, address, asked, data)
    SELECT $1, $2 + t.n, t.address, t.asked, t.data FROM unnest($3::text[], $4::text[], $5::bytea[]) WITH ORDINALITY AS t (address, asked, data, n)`,
}

const byKey = { name: "notification-by-key", text: `SELECT id, request_sha256 = $3 AS "sameRequest", recipient_count AS recipients FROM notification WHERE account_id = $1 AND idempotency_key = $2` }

const record = `
  SELECT n.id, n.account_id AS "accountId", a.address AS account, n.token_id AS "tokenId", n.source, n.idempotency_key AS "idempotencyKey", n.priority, ${ms("n.accepted_at")} AS "acceptedAt",
    ${ms("n.send_at")} AS "sendAt", ${ms("n.expires_at")} AS "expiresAt", n.state, n.template, n.template_version AS "templateVersion", n.recipient_count AS "recipientCount", n.changes,
    n.webhook_token_id IS NOT NULL AS webhook, n.webhook_problem AS "webhookProblem"
  FROM notification n JOIN account a ON a.id = n.account_id`

const byId = { name: "notification-by-id", text: `${record} WHERE n.id = $1` }
const listAll = { name: "notifications-all", text: `${record} WHERE n.id < $1 ORDER BY n.id DESC LIMIT $2` }
const listOf = { name: "notifications-of-account", text: `${record} WHERE n.account_id = $3 AND n.id < $1 ORDER BY n.id DESC LIMIT $2` }

const recipient = `SELECT n, address, asked, state, status, reason, ${ms("changed_at")} AS "changedAt", change, envelope_id AS "envelopeId" FROM notification_recipient`

const recipientsOf = { name: "notification-recipients", text: `${recipient} WHERE notification_id = $1 AND n > $2 ORDER BY n LIMIT $3` }
const changesOf = { name: "notification-changes", text: `${recipient} WHERE notification_id = $1 AND change > $2 AND change > 0 ORDER BY change LIMIT $3` }
const countsOf = { name: "notification-counts", text: "SELECT state, count(*) AS count FROM notification_recipient WHERE notification_id = $1 GROUP BY state" }

/** The row's lock orders it against acceptances under way: those that hold it share it until their recipients are marked. */
const cancel = {
  name: "cancel-notification",
  text: `
    WITH w AS (SELECT n, row_number() OVER (ORDER BY n) AS k FROM notification_recipient WHERE notification_id = $1 AND state = 'waiting'),
    stopped AS (
      UPDATE notification SET state = 'cancelled', claimed_until = NULL, changes = changes + (SELECT count(*) FROM w) WHERE id = $1 AND state = 'waiting' RETURNING id, account_id, changes - (SELECT count(*) FROM w) AS base
    ), r AS (
      UPDATE notification_recipient r SET state = 'cancelled', data = NULL, changed_at = ${time("$2")}, change = stopped.base + w.k
      FROM stopped, w WHERE r.notification_id = stopped.id AND r.n = w.n AND r.state = 'waiting' RETURNING r.n
    ), a AS (
      INSERT INTO audit (kind, account_id, detail)
      SELECT 'notification.cancelled', stopped.account_id, jsonb_build_object('notificationId', stopped.id, 'cancelled', (SELECT count(*) FROM r), 'by', $3::text) FROM stopped
    )
    SELECT (SELECT count(*) FROM r) AS cancelled FROM stopped`,
}

/** What waits is kept, however old. */
const forget = {
  name: "forget-notifications",
  text: "DELETE FROM notification WHERE id IN (SELECT id FROM notification WHERE accepted_at < to_timestamp($1::float8 / 1000) AND state <> 'waiting' ORDER BY id LIMIT $2) RETURNING id",
}

const waiting = {
  name: "notifications-waiting",
  text: `SELECT (SELECT count(*) FROM notification WHERE state = 'waiting') AS notifications,
    (SELECT count(*) FROM notification_recipient WHERE state = 'waiting') + (SELECT count(*) FROM notification_recipient WHERE state = 'sent') AS recipients`,
}
