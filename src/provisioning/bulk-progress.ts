import type { BulkJob } from "../store/bulk-store.ts"

/** How far a job is. Pure. */
export interface BulkProgress {
  readonly phase: "planned" | "waiting" | "working" | "ending" | "done" | "cancelled"
  readonly total: number
  /** Done or failed. */
  readonly settled: number
  /** Of all rows, from 0 to 1. */
  readonly share: number
  /** Null before there is anything to say. */
  readonly rowsPerSecond: number | null
  /** Milliseconds since the epoch. */
  readonly estimatedEnd: number | null
}

export function progressOf({ state, cancelAsked, startedAt, finishedAt, pending, done, failed, cancelled }: BulkJob, now: number): BulkProgress {
  const settled = done + failed
  const total = settled + pending + cancelled
  const seconds = startedAt === null ? 0 : Math.max(0, (finishedAt ?? now) - startedAt) / 1000
  const rate = settled > 0 && seconds > 0 ? settled / seconds : null
  const phase = state === "running" ? (cancelAsked ? "ending" : "working") : state === "queued" ? "waiting" : state
  return { phase, total, settled, share: total === 0 ? 1 : settled / total, rowsPerSecond: rate, estimatedEnd: phase === "working" && rate !== null ? Math.round(now + (pending / rate) * 1000) : null }
}
