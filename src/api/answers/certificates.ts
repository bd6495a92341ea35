import { z } from "zod"
import { certificateUses } from "../../accounts/import/rows.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of the registry of signing certificates. */
export const certificateStates = ["active", "suspended", "revoked"] as const

const day = z.string().nullable()
const listed = {
  fingerprint: z.string(), subject: z.string(), principalId: z.string(), holderName: z.string(), unitCode: z.string(), unitName: z.string().nullable(), use: z.enum(certificateUses), state: z.enum(certificateStates),
  notBefore: instant, notAfter: instant, accounts: z.array(z.string()).describe("For whom it speaks; none: every account for which its holder may sign."),
}

export const readCertificateAnswer = z.strictObject({ fingerprint: z.string(), subject: z.string(), issuer: z.string(), serialNumber: z.string(), notBefore: instant, notAfter: instant, addresses: z.array(z.string()) })

export const certificatesAnswer = z.strictObject({ certificates: z.array(z.strictObject(listed)), total: number, next: number.nullable().describe("The `cursor` of the next page; null: this is the last.") })

const details = {
  ...listed, issuer: z.string(), serialNumber: z.string(), addresses: z.array(z.string()).describe("Those in the certificate."), from: day, until: day,
  stateReason: z.string(), stateAt: instant, stateBy: z.string(), source: z.string(), addedAt: instant,
}
export const certificateAnswer = z.strictObject(details)

const revocation = z.strictObject({
  fingerprint: z.string(), status: z.enum(["good", "revoked", "unknown"]), source: z.enum(["crl", "ocsp", "stapled", "none"]), producedAt: instant.nullable(), nextUpdate: instant.nullable(), revokedAt: instant.nullable(), reason: z.string(),
})
export const certificateStatusAnswer = z.strictObject({
  status: z.strictObject({ problems: z.array(z.string()), chain: z.array(z.string()).describe("End entity first, trust anchor last; DER in base64."), anchor: z.string().nullable(), revocation: z.array(revocation) }).nullable().describe("Null: it cannot be found out now."),
})
