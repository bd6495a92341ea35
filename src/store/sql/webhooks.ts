import type { DueWebhook, WebhookStore } from "../webhook-store.ts"
import type { Database } from "./database.ts"

/** What webhooks are owed, read from the notifications themselves: how far each was told is a column of it. */
export const createWebhookStore = ({ database }: { readonly database: Pick<Database, "query"> }): WebhookStore => ({
  claim: ({ limit, leaseMs, now }) => database.query<DueWebhook>(claim, [now, limit, leaseMs]),
  told: async (notificationId, change) => void (await database.query(told, [notificationId, change])),
  failed: async (notificationId, { problem, nextAt, now }) => void (await database.query(nextAt === null ? givenUp : failed, [notificationId, problem, now, ...(nextAt === null ? [] : [nextAt])])),
})

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`

const claim = {
  name: "claim-webhooks",
  text: `
    UPDATE notification n SET webhook_next_at = ${time("$1")} + $3 * interval '1 millisecond'
    FROM (
      SELECT id FROM notification WHERE webhook_token_id IS NOT NULL AND webhook_told < changes AND webhook_next_at <= ${time("$1")} ORDER BY webhook_next_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED
    ) due, api_token t
    WHERE n.id = due.id AND t.id = n.webhook_token_id AND t.webhook_url IS NOT NULL
    RETURNING n.id AS "notificationId", t.webhook_url AS url, t.webhook_secret AS secret, n.webhook_told AS told, n.changes, n.webhook_tries AS tries,
      (extract(epoch FROM n.webhook_failing_since) * 1000)::bigint AS "failingSince"`,
}

const told = {
  name: "webhook-told",
  text: "UPDATE notification SET webhook_told = greatest(webhook_told, $2), webhook_tries = 0, webhook_failing_since = NULL, webhook_problem = '', webhook_next_at = accepted_at WHERE id = $1",
}

const failed = {
  name: "webhook-failed",
  text: `UPDATE notification SET webhook_tries = webhook_tries + 1, webhook_failing_since = coalesce(webhook_failing_since, ${time("$3")}), webhook_problem = left($2, 300), webhook_next_at = ${time("$4")} WHERE id = $1`,
}

const givenUp = {
  name: "webhook-given-up",
  text: `UPDATE notification SET webhook_told = changes, webhook_tries = 0, webhook_failing_since = NULL, webhook_problem = left('given up at ' || to_char(${time("$3")} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ': ' || $2, 300) WHERE id = $1`,
}
