import { failed, ok } from "../../base/result.ts"
import { failure } from "../../mail/failure.ts"
import type { Pause, PauseStore } from "../pause-store.ts"
import { type Database, withRetry } from "./database.ts"
import { pauseInForce } from "./lay-aside.ts"

/** Pauses of destinations in PostgreSQL. One that has run out is closed when its pattern is paused anew. */
export function createPauseStore({ database }: { readonly database: Database }): PauseStore {
  return {
    list: () => database.query<Pause>(list),
    pause: ({ kind, pattern, until }, { by, why }) =>
      withRetry(() =>
        database.transaction(async (tx) => {
          await tx.query(closeEnded, [kind, pattern])
          const [before = null] = await tx.query(inForceNow, [kind, pattern])
          const [pause] = await tx.query<Pause & { readonly changed: boolean }>(open, [kind, pattern, until, by, why])
          if (!pause) throw new Error("a pause was not stored")
          await tx.query(audit, ["destination.paused", JSON.stringify({ pauseId: pause.id, kind, pattern, until, by, why, before })])
          // what was laid aside until another time is looked at again
          await tx.query(wake, [pause.id])
          return pause
        }),
      ),
    resume: (id, { by, why }) =>
      withRetry(() =>
        database.transaction(async (tx) => {
          const [ended] = await tx.query<Pick<Pause, "kind" | "pattern">>(close, [id, by])
          if (!ended) return failed(failure("notFound", "no pause of that number is in force"))
          const [woken] = await tx.query<{ count: number }>(wake, [id])
          await tx.query(audit, ["destination.resumed", JSON.stringify({ pauseId: id, ...ended, by, why })])
          return ok(woken?.count ?? 0)
        }),
      ),
  }
}

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const columns = `p.id, p.kind, p.pattern, ${ms("p.until")} AS until, ${ms("p.paused_at")} AS "pausedAt", p.paused_by AS "pausedBy", p.why`

const list = { name: "pauses", text: `SELECT ${columns} FROM destination_pause p WHERE ${pauseInForce} ORDER BY p.id` }

const closeEnded = { name: "close-ended-pause", text: "UPDATE destination_pause SET resumed_at = until WHERE kind = $1 AND pattern = $2 AND resumed_at IS NULL AND until <= clock_timestamp()" }

const inForceNow = { name: "pause-before", text: `SELECT ${ms("until")} AS until, why, paused_by AS by FROM destination_pause WHERE kind = $1 AND pattern = $2 AND resumed_at IS NULL` }

const open = {
  name: "open-pause",
  text: `INSERT INTO destination_pause AS p (kind, pattern, until, paused_by, why) VALUES ($1, $2, to_timestamp($3::float8 / 1000), $4, $5)
    ON CONFLICT (kind, pattern) WHERE resumed_at IS NULL DO UPDATE SET until = excluded.until, paused_by = excluded.paused_by, why = excluded.why RETURNING ${columns}`,
}

const close = { name: "close-pause", text: `UPDATE destination_pause p SET resumed_at = clock_timestamp(), resumed_by = $2 WHERE p.id = $1 AND ${pauseInForce} RETURNING p.kind, p.pattern` }

const wake = {
  name: "wake-laid-aside",
  text: `
    WITH woken AS (UPDATE delivery SET pause_id = NULL, requeued_at = NULL, next_attempt_at = clock_timestamp() WHERE pause_id = $1 AND state IN ('waiting', 'deferred') RETURNING id)
    SELECT count(*) AS count FROM woken`,
}

const audit = { name: "audit-pause", text: "INSERT INTO audit (kind, detail) VALUES ($1, $2::jsonb)" }
