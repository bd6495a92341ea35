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

/** Of lists whose pages are counted: where the next begins. */
export const cursor = z.union([z.number(), z.string().regex(/^\d{1,6}$/).transform(Number)], { error: "is no cursor" }).pipe(z.number().int().min(0).max(100_000)).register(described, { as: { type: "integer", minimum: 0, maximum: 100_000 } }).default(0)

/** A file in JSON (RFC 4648 §4). */
export const base64 = (maxBytes: number) =>
  z.string().min(1).max(Math.ceil(maxBytes * 1.4)).regex(/^[A-Za-z0-9+/]*={0,2}$/, "is no base64").transform((text) => Buffer.from(text, "base64")).register(described, { as: { type: "string", contentEncoding: "base64" } })

export const truth = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], { error: "is neither true nor false" }).register(described, { as: { type: "boolean" } })

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
