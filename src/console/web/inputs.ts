import { z } from "zod"

/** What forms send: everything is text, a field left empty is not there, a box ticked once is no list. */
export const filled = <Schema extends z.ZodType>(schema: Schema) => z.preprocess((value) => (typeof value === "string" && value.trim() === "" ? undefined : value), schema.optional())

export const idField = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** Rows that were ticked; more than `most` are refused whole. */
export const idsField = (most: number) => z.preprocess((value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]), z.array(idField).max(most))

/** Why somebody does it, for the audit. */
export const whyField = z.string().trim().max(500)
