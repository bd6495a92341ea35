import { z } from "zod"
import { filled } from "../../web/inputs.ts"

/** Fields that several of these forms have. */
export const fingerprintField = z.string().regex(/^[0-9a-f]{64}$/)

const maxAccounts = 200

export const bindingFields = {
  /** One address a line. */
  accounts: z.string().max(20_000).transform((typed) => typed.split(/[\s,;]+/).filter(Boolean)).pipe(z.array(z.string().max(320)).max(maxAccounts)),
  from: filled(z.string().trim().max(20)),
  until: filled(z.string().trim().max(20)),
}
