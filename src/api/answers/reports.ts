import { z } from "zod"
import { instant, number } from "../fields.ts"

/** What the API answers of the monthly report. Counts of messages; null: not known of that month. */
const known = number.nullable()

const figures = {
  accounts: known, holders: known, storageBytes: known,
  sent: number, sentInternal: number, sentAgencies: number, sentOutside: number, sentSigned: number, received: number, documents: number, copies: number, pages: number,
  savedVnd: number,
}

export const monthlyAnswer = z.strictObject({
  month: z.string(), finished: z.boolean(), countedUntil: instant, pagePriceVnd: number, pagesPerDocument: number,
  unit: z.strictObject({ code: z.string(), name: z.string(), parentName: z.string().nullable() }).nullable(),
  rows: z.array(z.strictObject({ code: z.string(), name: z.string(), own: z.boolean(), ...figures })),
  total: z.strictObject(figures),
})
