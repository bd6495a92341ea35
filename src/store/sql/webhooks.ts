import type { DueWebhook, WebhookStore } from "../webhook-store.ts"
import type { Database } from "./database.ts"

/** What webhooks are owed, read from the notifications themselves: how far each was told is a column of it. */
export const createWebhookStore = ({ database }: { readonly database: Pick<Database, "query"> }): WebhookStore => ({
  claim: ({ limit, each, underWay, leaseMs, now }) => database.query<DueWebhook>(claim, [now, limit, leaseMs, each, [...underWay.keys()], [...underWay.values()]]),
  told: async (notificationId, change) => void (await database.query(told, [notificationId, change])),
  failed: async (notificationId, { problem, nextAt, now }) => void (await database.query(nextAt === null ? givenUp : failed, [notificationId, problem, now, ...(nextAt === null ? [] : [nextAt])])),
})

const time = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`

const claim = {
  name: "claim-webhooks",
  text: `
    WITH due AS (
      SELECT n.id, t.id AS token_id, t.webhook_url, t.webhook_secret, n.webhook_next_at, n.place + coalesce(u.count, 0) AS turn
      FROM api_token t LEFT JOIN unnest($5::bigint[], $6::int[]) AS u (token_id, count) ON u.token_id = t.id CROSS JOIN LATERAL (
        -- each one's first few, along its own index: one that has not answered for a day owes tens of thousands
        SELECT o.id, o.webhook_next_at, row_number() OVER (ORDER BY o.webhook_next_at, o.id) AS place FROM notification o
        WHERE o.webhook_token_id = t.id AND o.webhook_told < o.changes AND o.webhook_next_at <= ${time("$1")} ORDER BY o.webhook_next_at, o.id LIMIT $4
      ) AS n
      WHERE t.webhook_url IS NOT NULL AND t.revoked_at IS NULL AND coalesce(u.count, 0) < $4
    ), mine AS (
      SELECT n.id, due.token_id, due.webhook_url, due.webhook_secret FROM notification n JOIN due ON due.id = n.id
      WHERE due.turn <= $4 AND n.webhook_told < n.changes AND n.webhook_next_at <= ${time("$1")} ORDER BY due.turn, due.webhook_next_at LIMIT $2 FOR NO KEY UPDATE OF n SKIP LOCKED
    )
    UPDATE notification n SET webhook_next_at = ${time("$1")} + $3 * interval '1 millisecond' FROM mine WHERE n.id = mine.id
    RETURNING n.id AS "notificationId", mine.token_id AS "tokenId", mine.webhook_url AS url, mine.webhook_secret AS secret, n.webhook_told AS told, n.changes, n.webhook_tries AS tries,
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
