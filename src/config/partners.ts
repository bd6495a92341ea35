import { z } from "zod"

const label = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?"
const name = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)
/** `xa.example`, or `*.xa.example` for those below it. */
export const domainPattern = z.string("is not a domain").transform((text) => text.toLowerCase()).refine((text) => text.length <= 253 && name.test(text), { error: 'is neither a domain nor "*." and a domain' })

/** `delivery.partners`: destinations, and what their servers must prove in the handshake. */
export const partnerList = z
  .array(
    z
      .strictObject({
        domains: z.array(domainPattern).min(1, "is of no domain, so it would never be used"),
        require: z.enum(["verified", "pinned"], { error: "is none of verified, pinned" }),
        caFile: z.string("is not a file").default(""),
        names: z.array(domainPattern).default([]),
        minVersion: z.enum(["TLSv1.2", "TLSv1.3"], { error: "is none of TLSv1.2, TLSv1.3" }).default("TLSv1.2"),
      })
      .refine((partner) => partner.require !== "pinned" || partner.caFile !== "", { error: "is needed where require is pinned", path: ["caFile"] }),
    "is not a list of partners, each with domains and require",
  )
  .check(({ value, issues }) => {
    const taken = new Set<string>()
    for (const [at, partner] of value.entries()) {
      for (const one of partner.domains) {
        if (taken.has(one)) issues.push({ code: "custom", message: `gives ${one} to a second partner`, input: value, path: [at] })
        taken.add(one)
      }
    }
  })
