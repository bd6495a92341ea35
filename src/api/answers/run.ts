import { z } from "zod"
import { instant, number } from "../fields.ts"

/** Work that goes on behind a request. */
export const runAnswer = <Result extends z.ZodType>(result: Result) =>
  z.strictObject({ id: z.string(), state: z.enum(["running", "done", "cancelled", "failed"]), by: z.string(), startedAt: instant, done: number, total: number, result: result.nullable() })
