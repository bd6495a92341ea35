import { enhancedStatus } from "../../mail/enhanced-status.ts"
import { type ActionOutcome, decideAction, type QueueAction, type SteeredDelivery } from "../queue-action.ts"
import { maxActed, type Steerer } from "../queue-store.ts"
import { type Database, type Statement, withRetry } from "./database.ts"
import { failureOwed } from "./dsn-owed.ts"
import { holdOf, pauseOf } from "./queue-rows.ts"

/**
 * What administrators do to deliveries. Rows are locked, looked at, decided upon (see queue-action.ts), and changed with their audit entries in one
 * transaction. A worker that claims at the same moment comes before or after it, never in between.
 */
export interface Acting {
  readonly action: QueueAction
  readonly ids: readonly number[]
  readonly by: Steerer
}

export async function actOn(database: Database, { action, ids, by }: Acting): Promise<readonly ActionOutcome[]> {
  if (ids.length > maxActed) throw new RangeError(`more than ${maxActed} deliveries at once`)
  return withRetry(() =>
    database.transaction(async (tx) => {
      const rows = await tx.query<SteeredRow>(lockDeliveries, [ids])
      // the locks are ours now: what another transaction did before is seen by a statement that begins after it
      const found = rows.length === 0 ? [] : await tx.query<SteeredRow>(readDeliveries, [ids])
      const outcomes = new Map(found.map(({ id, ...row }) => [id, decideAction(action, row)]))
      const chosen = [...outcomes].filter(([, outcome]) => outcome === "done").map(([id]) => id)
      if (chosen.length > 0) await tx.query(changes[action], [chosen, by.by, by.why])
      return ids.map((id) => outcomes.get(id) ?? "notFound")
    }),
  )
}

interface SteeredRow extends SteeredDelivery {
  readonly id: number
}

const lockDeliveries = { name: "queue-lock", text: "SELECT id FROM delivery WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE" }

const readDeliveries = {
  name: "queue-read",
  text: `
    SELECT d.id, d.state, coalesce(d.claimed_until > clock_timestamp(), false) AS claimed, h.delivery_id IS NOT NULL AS "heldByPerson", pause.id IS NOT NULL AS paused,
      d.next_attempt_at <= clock_timestamp() AND d.requeued_at IS NULL AS due
    FROM delivery d ${holdOf} ${pauseOf} WHERE d.id = ANY ($1::bigint[])`,
}

/** $1 the deliveries, $2 who, $3 why. The audit says what each was before, and what it is now. */
const changing = (kind: string, withParts: string, update: string): Statement => ({
  name: `queue-${kind}`,
  text: `
    WITH old AS (SELECT id, envelope_id, state, next_attempt_at FROM delivery WHERE id = ANY ($1::bigint[])),${withParts}
    changed AS (${update} RETURNING d.id, d.state, d.next_attempt_at)
    INSERT INTO audit (kind, envelope_id, detail)
    SELECT '${kind}', old.envelope_id, jsonb_build_object('deliveryId', old.id, 'by', $2::text, 'why', $3::text,
      'before', jsonb_build_object('state', old.state, 'nextAttemptAt', old.next_attempt_at), 'after', jsonb_build_object('state', changed.state, 'nextAttemptAt', changed.next_attempt_at))
    FROM old JOIN changed ON changed.id = old.id ORDER BY old.id`,
})

/** No DSN tells of it: a delay that is still to be told would be the only word. */
const settle = (diagnostic: string, owed: string): string => `
  UPDATE delivery d SET state = 'failed', settled_at = clock_timestamp(), status = '${enhancedStatus.refusedByPolicy}', diagnostic = ${diagnostic}, pause_id = NULL, claimed_until = NULL, dsn_owed = ${owed}
  FROM envelope e WHERE d.id = ANY ($1::bigint[]) AND e.id = d.envelope_id`

const dropHold = " unheld AS (DELETE FROM delivery_hold WHERE delivery_id = ANY ($1::bigint[])),"

const changes: Readonly<Record<QueueAction, Statement>> = {
  hold: changing(
    "delivery.held",
    " held AS (INSERT INTO delivery_hold (delivery_id, held_by, why, state_before) SELECT id, $2, $3, state FROM old),",
    "UPDATE delivery d SET state = 'held', claimed_until = NULL, requeued_at = NULL, pause_id = NULL WHERE d.id = ANY ($1::bigint[])",
  ),
  // as with what policy holds, the time that it was held does not count against its expiry
  release: changing(
    "delivery.released",
    " unheld AS (DELETE FROM delivery_hold WHERE delivery_id = ANY ($1::bigint[]) RETURNING delivery_id, state_before, held_at),",
    `UPDATE delivery d SET state = h.state_before, next_attempt_at = clock_timestamp(), expires_at = d.expires_at + (clock_timestamp() - h.held_at) FROM unheld h WHERE d.id = h.delivery_id`,
  ),
  retry: changing("delivery.retried", "", "UPDATE delivery d SET next_attempt_at = clock_timestamp(), requeued_at = NULL, pause_id = NULL WHERE d.id = ANY ($1::bigint[])"),
  bounce: changing("delivery.bounced", dropHold, settle("$3", failureOwed)),
  delete: changing("delivery.deleted", dropHold, settle("'deleted by an administrator: ' || $3", "'{}'")),
}
