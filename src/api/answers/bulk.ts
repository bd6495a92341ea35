import { z } from "zod"
import { instant, number } from "../fields.ts"

/** What the API answers of bulk jobs. */
export const bulkPhases = ["planned", "waiting", "working", "ending", "done", "cancelled"] as const
export const bulkRowStates = ["bad", "pending", "done", "failed", "cancelled"] as const

export const bulkAnswer = z.strictObject({
  id: number, phase: z.enum(bulkPhases), fileName: z.string(), header: z.array(z.string()), startedBy: z.string(), plannedAt: instant, startedAt: instant.nullable(), finishedAt: instant.nullable(), cancelledBy: z.string(),
  resultTaken: z.boolean(), resultAgainUntil: instant.nullable(), adds: number, changes: number, suspensions: number, bad: number, pending: number, done: number, failed: number, cancelled: number,
  total: number, settled: number, share: z.number(), rowsPerSecond: z.number().nullable(), estimatedEnd: instant.nullable(),
})
export const bulkListAnswer = z.strictObject({ jobs: z.array(bulkAnswer) })

const problem = z.strictObject({ field: z.string().describe("The column; empty: the row."), problem: z.string(), vi: z.string(), en: z.string(), adviceVi: z.string(), adviceEn: z.string() })
export const bulkRowsAnswer = z.strictObject({
  rows: z.array(z.strictObject({ line: number, cells: z.array(z.string()), state: z.enum(bulkRowStates), action: z.enum(["add", "change", "suspend"]).nullable(), principalId: z.string().nullable(), address: z.string().nullable(), problems: z.array(problem) })),
  next: number.nullable().describe("The `after` of the next page; null: this is the last."),
})
