import { failed, ok } from "../../base/result.ts"
import { pingType } from "../webhook-event.ts"
import type { Webhook, WebhookDelivery, WebhookDesk, WebhookView } from "../webhook-desk.ts"
import type { Database } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"
import { isInForce } from "./webhook-events.ts"

/** Webhooks in PostgreSQL. Who may not see one changes nothing of it: each statement looks for itself. */
export function createWebhookDesk(database: Pick<Database, "query">): WebhookDesk {
  const did = async (statement: { readonly name: string; readonly text: string }, view: WebhookView, values: readonly unknown[]): Promise<boolean> => (await database.query(statement, [...seen(view), ...values])).length > 0
  return {
    list: (view) => database.query<Webhook>(list, seen(view)),
    find: async (view, id) => (await database.query<Webhook>(find, [...seen(view), id]))[0],
    async add(view, { description, url, secret, events, unitCode, contact }, by) {
      const [found] = await database.query<{ unit: boolean; covered: boolean; account: number | null; full: boolean }>(mayAdd, [...seen(view), unitCode, contact, maxWebhooks])
      if (!found?.unit || !found.covered) return failed("unit")
      if (found.account === null) return failed("contact")
      if (found.full) return failed("full")
      const [row] = await database.query<{ id: number }>(add, [description, url, secret, events, unitCode, view.kind === "token" ? view.tokenId : null, found.account, by])
      if (!row) throw new Error("a webhook was not stored")
      return ok(row.id)
    },
    change: (view, id, { description, url, events }, by) => did(change, view, [id, by, description ?? null, url ?? null, events ?? null]),
    replaceSecret: (view, id, { secret, oldUntil }, by) => did(replaceSecret, view, [id, by, secret, oldUntil]),
    setStopped: (view, id, stopped, by) => did(stopped ? stop : goOn, view, [id, by]),
    remove: (view, id, by) => did(remove, view, [id, by]),
    ping: (view, id, by) => did(ping, view, [id, by]),
    deliveries: (view, id, { limit, before }) => database.query<WebhookDelivery>(deliveries, [...seen(view), id, before ?? null, limit]),
    redeliver: (view, id, deliveryId, by) => did(redeliver, view, [id, by, deliveryId]),
  }
}

/** Altogether: each event is looked at for each of them. */
const maxWebhooks = 200

/** Values of `$1` and `$2` of every statement. */
const seen = (view: WebhookView): readonly unknown[] => (view.kind === "token" ? [null, view.tokenId] : [scopeValue(view.scope), null])
const visible = `(CASE WHEN $2::bigint IS NULL THEN coalesce(${inScope("w.unit_code", "$1")}, false) ELSE w.token_id = $2 END)`

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const webhooks = `
  SELECT w.id, w.description, w.url, w.events, w.unit_code AS "unitCode", a.address AS contact, ${ms("w.created_at")} AS "createdAt", w.created_by AS "createdBy", k.name AS token,
    CASE WHEN w.stopped_at IS NOT NULL THEN 'stopped' WHEN NOT (${isInForce}) THEN 'tokenEnded' WHEN w.failing_since IS NOT NULL THEN 'failing' ELSE 'active' END AS state,
    ${ms("w.stopped_at")} AS "stoppedAt", w.stopped_why AS "stoppedWhy", ${ms("w.failing_since")} AS "failingSince", CASE WHEN w.old_secret_until > clock_timestamp() THEN ${ms("w.old_secret_until")} END AS "oldSecretUntil",
    (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting') AS waiting
  FROM webhook w JOIN account a ON a.id = w.contact_account_id LEFT JOIN api_token k ON k.id = w.token_id WHERE ${visible}`
const list = { name: "webhooks-list", text: `${webhooks} ORDER BY w.id` }
const find = { name: "webhook-find", text: `${webhooks} AND w.id = $3` }

/** A token's webhook is for the token's unit, or one below; who administers units has none for the whole province. */
const mayAdd = {
  name: "webhook-may-add",
  text: `
    WITH allowed (roots) AS (SELECT CASE WHEN $2::bigint IS NULL THEN $1::text[] ELSE (SELECT CASE WHEN t.unit_code IS NOT NULL THEN ARRAY[t.unit_code] END FROM api_token t WHERE t.id = $2) END)
    SELECT $3::text IS NULL OR EXISTS (SELECT FROM organization_unit WHERE code = $3) AS unit,
      (SELECT roots IS NULL OR EXISTS (
        WITH RECURSIVE up (code) AS (SELECT $3::text UNION SELECT u.parent_code FROM organization_unit u JOIN up ON u.code = up.code WHERE u.parent_code IS NOT NULL) SELECT FROM up WHERE code = ANY (roots)) FROM allowed) AS covered,
      (SELECT id FROM account WHERE address = $4 AND suspended_at IS NULL) AS account, (SELECT count(*) >= $5::int FROM webhook) AS full`,
}

const note = (kind: string, more = ""): string => `INSERT INTO audit (kind, detail) SELECT 'webhook.${kind}', jsonb_build_object('webhookId', id, 'description', description, 'url', url, 'events', events, 'unitCode', unit_code${more})`

const add = {
  name: "webhook-add",
  text: `
    WITH w AS (INSERT INTO webhook (description, url, secret, events, unit_code, token_id, contact_account_id, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING *),
    n AS (${note("added", ", 'by', $8::text")} FROM w)
    SELECT id FROM w`,
}

const changing = (kind: string, set: string, { where = "true", with: before = "" } = {}) => ({
  name: `webhook-${kind}`,
  text: `WITH ${before} w AS (UPDATE webhook w SET ${set} WHERE ${visible} AND w.id = $3 AND ${where} RETURNING *) ${note(kind, ", 'by', $4::text")} FROM w RETURNING 1 AS yes`,
})

const change = changing("changed", "description = coalesce($5, description), url = coalesce($6, url), events = coalesce($7::text[], events), next_at = clock_timestamp()")
const replaceSecret = changing("secretReplaced", "old_secret = secret, old_secret_until = to_timestamp($6::float8 / 1000), secret = $5")
const stop = changing("stoppedByHand", "stopped_at = clock_timestamp(), stopped_why = 'byHand'", { where: "w.stopped_at IS NULL" })
/** What waits gets its whole time again. */
const goOn = changing("resumed", "stopped_at = NULL, stopped_why = NULL, notice_owed = false, tries = 0, failing_since = NULL, next_at = clock_timestamp()", {
  where: "w.stopped_at IS NOT NULL", with: `d AS (UPDATE webhook_delivery SET first_tried_at = NULL WHERE state = 'waiting' AND webhook_id IN (SELECT w.id FROM webhook w WHERE ${visible} AND w.id = $3)),`,
})

const remove = { name: "webhook-remove", text: `WITH w AS (DELETE FROM webhook w WHERE ${visible} AND w.id = $3 RETURNING *) ${note("removed", ", 'by', $4::text")} FROM w RETURNING 1 AS yes` }

/** Whoever presses again and again waits until some of it was told. */
const maxByHand = 20
const now = `UPDATE webhook w SET next_at = clock_timestamp() WHERE ${visible} AND w.id = $3 AND (SELECT count(*) FROM webhook_delivery d WHERE d.webhook_id = w.id AND d.state = 'waiting' AND d.by_hand) < ${maxByHand}`
const ping = {
  name: "webhook-ping",
  text: `
    WITH w AS (${now} RETURNING *),
    e AS (INSERT INTO webhook_event (at, type, units, data) SELECT clock_timestamp(), '${pingType}', '{}', json_build_object('by', $4::text) FROM w RETURNING id),
    d AS (INSERT INTO webhook_delivery (webhook_id, event_id, by_hand) SELECT w.id, e.id, true FROM w, e)
    ${note("pinged", ", 'by', $4::text")} FROM w RETURNING 1 AS yes`,
}

const deliveries = {
  name: "webhook-deliveries",
  text: `
    SELECT d.id, e.id AS event, e.type, ${ms("e.at")} AS at, d.state, d.tries, ${ms("d.last_tried_at")} AS "triedAt", d.status, d.problem, e.data
    FROM webhook w JOIN webhook_delivery d ON d.webhook_id = w.id JOIN webhook_event e ON e.id = d.event_id
    WHERE ${visible} AND w.id = $3 AND ($4::bigint IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5`,
}

const redeliver = {
  name: "webhook-redeliver",
  text: `
    WITH w AS (${now} AND EXISTS (SELECT FROM webhook_delivery d WHERE d.id = $5 AND d.webhook_id = w.id AND d.state <> 'waiting') RETURNING *),
    d AS (UPDATE webhook_delivery d SET state = 'waiting', by_hand = true FROM w WHERE d.id = $5)
    ${note("redelivered", ", 'by', $4::text, 'deliveryId', $5::bigint")} FROM w RETURNING 1 AS yes`,
}
