import type { AttemptRecord, DeliveryRecord, DestinationSummary, QueuedDelivery, QueueState, QueueStore, StepRecord } from "../queue-store.ts"
import { maxAttempts, maxPage, maxSteps } from "../queue-store.ts"
import type { Database } from "./database.ts"
import { destinationOf } from "./lay-aside.ts"
import { actOn } from "./queue-actions.ts"
import { filterConditions, holdOf, isOpen, pauseJson, pauseOf, queuedColumns, stateNow } from "./queue-rows.ts"

/** The queue in PostgreSQL. A filter becomes a statement of its own, so that the plan fits it. */
export function createQueueStore({ database }: { readonly database: Database }): QueueStore {
  return {
    async list(filter, { limit, after }) {
      const { sql, values } = filterConditions(filter)
      const conditions = after === undefined ? sql : [...sql, `d.id > $${values.length + 1}`]
      return database.query<QueuedDelivery>({ text: `${queued} WHERE ${conditions.join(" AND ")} ORDER BY d.id LIMIT ${Math.min(Math.max(limit, 1), maxPage)}` }, after === undefined ? values : [...values, after])
    },
    async count(filter) {
      const { sql, values } = filterConditions(filter)
      const rows = await database.query<{ state: QueueState; count: number }>({ text: `SELECT ${stateNow} AS state, count(*) AS count ${from} WHERE ${sql.join(" AND ")} GROUP BY 1` }, values)
      return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
    },
    destinations: (limit) => database.query<DestinationSummary>(destinations, [limit]),
    async find(deliveryId) {
      const [row] = await database.query<FoundRow>(byId, [deliveryId])
      if (!row) return undefined
      const [tries, steps] = await Promise.all([database.query<AttemptRecord>(attemptsOf, [deliveryId, maxAttempts]), database.query<StepRecord>(stepsOf, [row.envelopeId, deliveryId, maxSteps])])
      return { ...row, tries: tries.toReversed(), steps: steps.toReversed() }
    },
    act: (action, ids, by) => actOn(database, { action, ids, by }),
  }
}

type FoundRow = Omit<DeliveryRecord, "tries" | "steps">

const from = `FROM delivery d JOIN envelope e ON e.id = d.envelope_id ${holdOf} ${pauseOf}`
const queued = `SELECT ${queuedColumns} ${from}`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const byId = {
  name: "queue-by-id",
  text: `
    SELECT ${queuedColumns}, ${ms("d.settled_at")} AS "settledAt",
      CASE WHEN h.delivery_id IS NOT NULL THEN json_build_object('by', h.held_by, 'why', h.why, 'at', ${ms("h.held_at")}) END AS hold,
      ${pauseJson} AS pause
    ${from} WHERE d.id = $1`,
}

const attemptsOf = {
  name: "queue-attempts",
  text: `SELECT number, ${ms("started_at")} AS "startedAt", ${ms("ended_at")} AS "endedAt", outcome, status, diagnostic, remote_mta AS "remoteMta", tls, tls_details AS "tlsDetails", bounce_class AS "bounceClass"
    FROM attempt WHERE delivery_id = $1 ORDER BY number DESC LIMIT $2`,
}

const stepsOf = {
  name: "queue-steps",
  text: `SELECT ${ms("at")} AS at, kind, coalesce(detail->>'by', '') AS by, coalesce(detail->>'why', '') AS why
    FROM audit WHERE envelope_id = $1 AND kind LIKE 'delivery.%' AND (detail->>'deliveryId')::bigint = $2 ORDER BY id DESC LIMIT $3`,
}

const destinations = {
  name: "queue-destinations",
  text: `
    WITH open AS (
      SELECT ${destinationOf("d.recipient")} AS destination, ${stateNow} AS state, e.accepted_at, d.diagnostic ${from} WHERE ${isOpen} AND d.account_id IS NULL
    ), by_state AS (
      SELECT destination, state, count(*) AS deliveries, min(accepted_at) AS oldest, max(diagnostic) AS diagnostic FROM open GROUP BY destination, state
    )
    SELECT destination, sum(deliveries)::bigint AS deliveries, json_object_agg(state, deliveries) AS "byState", ${ms("min(oldest)")} AS "oldestAcceptedAt", max(diagnostic) AS diagnostic, bool_or(state = 'paused') AS paused
    FROM by_state GROUP BY destination ORDER BY 2 DESC, 1 LIMIT $1`,
}
