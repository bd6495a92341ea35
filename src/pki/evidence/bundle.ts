/**
 * The file that an exported piece of evidence is: one JSON document, in one form only, so that the same evidence is the same octets (docs/evidence.md).
 * Its digest finds damage and nothing more: what the file proves, it proves by the signatures inside. Whoever reads one takes it for hostile.
 */
import { createHash, hash } from "node:crypto"
import { z } from "zod"
import { canonicalJson } from "../../base/canonical-json.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { headerProtections, signatureProblems } from "../signature-facts.ts"
import type { EvidenceRecord } from "./evidence-record.ts"

export interface EvidenceBundle {
  readonly format: "congthu-evidence/1"
  readonly envelope: BundleEnvelope
  readonly record: EvidenceRecord
  /** SHA-256 in hex → DER in base64. */
  readonly certificates: Readonly<Record<string, string>>
  /** SHA-256 in hex → a CRL or OCSP response. */
  readonly documents: Readonly<Record<string, { readonly kind: "crl" | "ocsp"; readonly der: string }>>
  /** The message as accepted, base64; null when it was left out or is no longer kept. */
  readonly message: string | null
}

/** Where the message went, for people: nothing is verified by it. */
export interface BundleEnvelope {
  readonly id: number
  readonly messageId: string
  readonly reversePath: string
  readonly source: string
  readonly acceptedAt: number
  readonly recipients: readonly string[]
}

/** Base64 of the largest message, and what belongs to it. */
export const maxBundleBytes = 160 * 1024 * 1024

/** SHA-256 in hex over everything but itself stands at the end. */
export function writeBundle(bundle: EvidenceBundle): string {
  const text = canonicalJson(bundle)
  return `{"bundle":${text},"sha256":"${hash("sha256", text)}"}\n`
}

/** A failure is a sentence for whoever has the file. */
export function readBundle(text: string): Result<EvidenceBundle, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return failed("the file is not JSON: it is damaged, or no evidence bundle")
  }
  const outer = outerSchema.safeParse(value)
  if (!outer.success) return failed(`the file is no evidence bundle: ${outer.error.issues[0]?.path.join(".")}: ${outer.error.issues[0]?.message}`)
  const { bundle, sha256 } = outer.data
  // over the text as it was parsed: a member that the schema does not know would already have been refused
  return createHash("sha256").update(canonicalJson(bundle)).digest("hex") === sha256 ? ok(bundle) : failed("the file has been damaged or changed: its digest does not fit")
}

const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)
const base64 = z.base64()
const problems = z.array(z.enum(signatureProblems))
const time = z.number().int()
const maybeText = z.string().nullable()
const maybeTime = time.nullable()

const signerSchema = z.strictObject({
  fingerprint: sha256Hex.nullable(), issuerDer: maybeText, serialNumber: maybeText, subjectKeyIdentifier: maybeText, intact: z.boolean(), digestAlgorithm: z.string(), signatureAlgorithm: z.string(),
  signingTime: maybeTime, timestamps: z.array(base64), signatureDigests: z.record(z.string(), z.string()), problems,
})

const form = z.enum(["none", "multipart", "opaque", "encrypted"])
const headerProtection = z.enum(headerProtections)
const headerDiffers = z.array(z.string()).optional()

const signatureSchema = z.strictObject({
  form, problems, signers: z.array(signerSchema), certificates: z.array(sha256Hex), revocationInfo: z.array(z.strictObject({ kind: z.enum(["crl", "ocsp"]), sha256: sha256Hex })),
  encryptedInside: z.boolean(), tripleWrapped: z.boolean(), headerProtection, headerDiffers, from: z.array(z.string()), sender: z.array(z.string()),
})

const directRevocationSchema = z.strictObject({
  fingerprint: sha256Hex, status: z.enum(["good", "revoked", "unknown"]), source: z.enum(["crl", "ocsp", "stapled", "none"]), producedAt: maybeTime, nextUpdate: maybeTime, revokedAt: maybeTime,
  reason: z.string(), evidence: sha256Hex.nullable(),
})

const listerSchema = z.strictObject({ chain: z.array(sha256Hex), revocation: z.array(directRevocationSchema) })
const revocationSchema = directRevocationSchema.extend({ lister: listerSchema.optional() })

const statusSchema = z.strictObject({ fingerprint: sha256Hex, problems, chain: z.array(sha256Hex), anchor: maybeText, revocation: z.array(revocationSchema), at: time })

const factsSchema = z.strictObject({
  status: z.enum(["missing", "valid", "invalid", "undecided", "encrypted"]), problems, form, headerProtection, headerDiffers, timestamped: z.boolean(),
  signers: z.array(
    z.strictObject({
      fingerprint: sha256Hex.nullable(), subject: z.string(), issuer: z.string(), serialNumber: z.string(), signingTime: maybeTime, provenTime: maybeTime, notAfter: time,
      holder: z.strictObject({ principalId: z.string(), kind: z.enum(["individual", "organization"]), name: z.string() }).nullable(),
      digestAlgorithm: z.string(), signatureAlgorithm: z.string(), problems,
    }),
  ),
})

const recordSchema = z.strictObject({
  version: z.literal(1), content: z.strictObject({ sha256: sha256Hex, size: z.number().int().min(0) }), acceptedAt: time, signature: signatureSchema, statuses: z.array(statusSchema), facts: factsSchema,
  decision: z.strictObject({ verdict: z.string(), ruleId: z.string(), policyVersion: z.string(), reasonVi: z.string(), reasonEn: z.string() }), software: z.string(),
})

const bundleSchema = z.strictObject({
  format: z.literal("congthu-evidence/1"),
  envelope: z.strictObject({ id: time, messageId: z.string(), reversePath: z.string(), source: z.string(), acceptedAt: time, recipients: z.array(z.string()) }),
  record: recordSchema, certificates: z.record(sha256Hex, base64), documents: z.record(sha256Hex, z.strictObject({ kind: z.enum(["crl", "ocsp"]), der: base64 })), message: base64.nullable(),
}) satisfies z.ZodType<EvidenceBundle>

const outerSchema = z.strictObject({ bundle: bundleSchema, sha256: sha256Hex })

/** The record of a stored row. Throws on one of another version: that is a bug or a damaged store. */
export const parseRecord = (text: string): EvidenceRecord => recordSchema.parse(JSON.parse(text))
