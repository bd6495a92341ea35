import { z } from "zod"
import { destinationPattern } from "../mail/destination-pattern.ts"

/** How a field is described where its schema says more about parsing than about what to write. */
export const described = z.registry<{ readonly as: Readonly<Record<string, unknown>> }>()

/** Fields that several routes take. Text in a query is all text: numbers and times are read from it. */
export const id = z.union([z.number(), z.string().regex(/^\d{1,15}$/).transform(Number)], { error: "is no number" }).pipe(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)).register(described, { as: { type: "integer", minimum: 1 } })

export const limit = (most: number, usual: number) =>
  z.union([z.number(), z.string().regex(/^\d{1,6}$/).transform(Number)], { error: "is no number" }).pipe(z.number().int().min(1).max(most)).register(described, { as: { type: "integer", minimum: 1, maximum: most } }).default(usual)

/** RFC 3339 → ms since the epoch. */
export const time = z.iso.datetime({ offset: true, error: "is no time such as 2026-11-26T08:00:00+07:00" }).transform((text) => Date.parse(text)).register(described, { as: { type: "string", format: "date-time" } })

export const address = z.string().max(1_000)

export const destination = z
  .string()
  .max(300)
  .transform((text, context) => {
    const pattern = destinationPattern(text)
    if (pattern === undefined) context.addIssue({ code: "custom", message: 'is no domain such as "xa.example" or "*.xa.example"' })
    return pattern ?? ""
  })

/** For the audit, and for whoever is told. */
export const why = z.string().trim().max(500)

/** In answers: a time in RFC 3339, UTC. */
export const instant = z.iso.datetime({ precision: 3 }).register(described, { as: { type: "string", format: "date-time" } })

/** In answers: a number of ours. */
export const number = z.number().int().register(described, { as: { type: "integer" } })

/** RFC 3339 in UTC; null stays null. */
export const shownTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
