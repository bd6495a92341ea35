import { gather } from "../../base/gather.ts"
import type { PreparedContent } from "../content-store.ts"
import type { ListQuestion, NewNotification, NotificationRecord, NotificationStore, RecipientCounts, RecipientRecord, RecipientState } from "../notification-store.ts"
import { type Added, addNotifications } from "./add-notifications.ts"
import { discardUnused } from "./content-rows.ts"
import type { Database, Transaction } from "./database.ts"
import { seenOf } from "./notification-seen.ts"

/** Notifications in PostgreSQL, as those who ask for them see them; the worker's side is campaigns.ts. */
export function createNotificationStore({ database }: { readonly database: Database }): NotificationStore {
  const known = async (accountId: number, idempotencyKey: string, requestSha256: Uint8Array): Promise<Known | undefined> => (await database.query<Known>(byKey, [accountId, idempotencyKey, requestSha256]))[0]
  const addAlone = async (notification: NewNotification): Promise<number | null> => {
    const { recipients } = notification
    const { notifications: [done], blobKeys } = await (recipients.length <= rowsAtOnce ? addNotifications(database, [{ notification, recipients }]) : database.transaction((tx) => addLarge(tx, notification)))
    // a blob that no row took would stay for housekeeping
    await discardUnused(contentsOf([notification]), blobKeys)
    return done?.id ?? null
  }
  const addSmall = gather(async (some: readonly NewNotification[]): Promise<readonly (number | null)[]> => {
    const [first] = some
    if (some.length === 1 && first) return [await addAlone(first)]
    const added = await addNotifications(database, some.map((notification) => ({ notification, recipients: notification.recipients })))
    await discardUnused(contentsOf(some), added.blobKeys)
    return added.notifications.map(({ id }) => id)
  }, { maxItems: smallAtOnce, atOnce: 2 })
  return {
    async accept(notification) {
      const id = await (notification.recipients.length <= smallRecipients ? addSmall(notification) : addAlone(notification))
      if (id !== null) return { kind: "accepted", id }
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
/** One for so few shares a statement and its commit with others that are asked for at the same time. */
const smallRecipients = 50
const smallAtOnce = 16
const forgetAtOnce = 200
const maxId = Number.MAX_SAFE_INTEGER

const noCounts: RecipientCounts = { waiting: 0, sent: 0, delivered: 0, relayed: 0, failed: 0, cancelled: 0, expired: 0 }

/** A large one: its recipients in several statements of one transaction. */
async function addLarge(tx: Transaction, notification: NewNotification): Promise<Added> {
  const { recipients } = notification
  const added = await addNotifications(tx, [{ notification, recipients: recipients.slice(0, rowsAtOnce) }])
  const id = added.notifications[0]?.id ?? null
  for (let at = rowsAtOnce; id !== null && at < recipients.length; at += rowsAtOnce) {
    const some = recipients.slice(at, at + rowsAtOnce)
    await tx.query(insertRecipients, [id, at, some.map(({ address }) => address), some.map(({ asked }) => asked), some.map(({ data }) => data)])
  }
  return added
}

const contentsOf = (notifications: readonly NewNotification[]): readonly PreparedContent[] => notifications.flatMap(({ message }) => (message.kind === "same" ? [message.content] : []))

interface Known {
  readonly id: number
  readonly sameRequest: boolean
  readonly recipients: number
}

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

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
