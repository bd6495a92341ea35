import { failed, ok, type Result } from "../base/result.ts"
import { Asn1SyntaxError } from "./asn1.ts"
import type { CertificateStatuses } from "./certificate-status.ts"
import { keyPurpose } from "./key-purpose.ts"
import { extensionOid } from "./read-extensions.ts"
import { verifySigned } from "./revocation/signed-structure.ts"
import type { RevocationEvidence, SignatureProblem } from "./signature-facts.ts"
import { readTimestampToken, type TimestampToken } from "./timestamp-token.ts"

/**
 * Proof that a signature existed at a time (RFC 3161, in the unsigned attribute of RFC 5126 §6.1.1). Only such a time may stand in for
 * "now" when a certificate is judged; the signing-time that a signer claims may not.
 */
export interface ProvenTime {
  /** ms; the stamp itself, and how far off it may be. */
  readonly time: number
  readonly accuracyMs: number
  /** Of the stamping authority's certificate, and what is thought of it. */
  readonly fingerprint: string
  readonly anchor: string | null
  readonly revocation: readonly RevocationEvidence[]
}

/** `invalid`: the token is forged or about something else. `unproven`: its authority is not trusted, or nobody can say now. */
export interface TimestampFailure {
  readonly kind: "invalid" | "unproven"
  /** A phrase after "the time stamp". */
  readonly detail: string
  readonly problems: readonly SignatureProblem[]
}

export interface TimestampQuestion {
  /** DER of the TimeStampToken. */
  readonly token: Uint8Array
  /** `MessageSigner.signatureDigests`: base64 by node:crypto's name of the digest. */
  readonly signatureDigests: Readonly<Record<string, string>>
  readonly now: number
}

/** Clocks of stamping authorities and ours. */
const skewMs = 5 * 60_000

/** `statuses` judges for time stamping (`timeStamping` of path-rules.ts). Never throws on hostile bytes. */
export async function verifyTimestamp(question: TimestampQuestion, statuses: Pick<CertificateStatuses, "of">): Promise<Result<ProvenTime, TimestampFailure>> {
  const stamp = await checkTimestamp(question)
  if (!stamp.ok) return failed({ kind: "invalid", detail: stamp.failure, problems: ["timestampInvalid"] })
  const { time, accuracyMs, signer, certificates } = stamp.value
  const status = await statuses.of({ certificate: signer, pool: certificates, at: time })
  const problems = [...new Set<SignatureProblem>([...status.problems, ...(isTaintedLater(status.revocation) ? (["revoked"] as const) : [])])]
  if (problems.length > 0) return failed({ kind: "unproven", detail: `is of an authority that is ${problems.join(", ")}`, problems })
  return ok({ time, accuracyMs, fingerprint: signer.fingerprint, anchor: status.anchor, revocation: status.revocation })
}

/** All that holds of a stamp whoever its authority is; whether that is trusted is not asked. Failure: a phrase after "the time stamp". */
export async function checkTimestamp({ token, signatureDigests, now }: TimestampQuestion): Promise<Result<TimestampToken, string>> {
  const read = readToken(token)
  if (!read.ok) return read
  const { time, imprint, signer, signed } = read.value
  const expected = signatureDigests[imprint.digest]
  if (expected === undefined) return failed("uses a digest that is weak or not known")
  if (Buffer.from(expected, "base64").toString("hex") !== imprint.value) return failed("is of another signature")
  const problem = purposeProblem(read.value) ?? (await verifySigned(signed, signer.publicKeyInfo))
  if (problem !== null) return failed(problem)
  return time > now + skewMs ? failed("is from the future") : read
}

function readToken(token: Uint8Array): Result<TimestampToken, string> {
  try {
    return ok(readTimestampToken(token))
  } catch (error) {
    if (error instanceof Asn1SyntaxError) return failed(error.message)
    throw error
  }
}

/** RFC 3161 §2.3: for time stamping alone, and said critically. */
function purposeProblem({ signer }: TimestampToken): string | null {
  const only = signer.extendedKeyUsage?.size === 1 && signer.extendedKeyUsage.has(keyPurpose.timeStamping)
  return only && signer.extensions.get(extensionOid.extendedKeyUsage)?.critical ? null : "is signed by a certificate that is not for time stamping alone"
}

/** RFC 3161 §4 (1): stamps from before the revocation stand only if it was for one of these reasons. Whoever has the key can date back. */
const harmless = new Set(["unspecified", "affiliationChanged", "superseded", "cessationOfOperation"])

const isTaintedLater = (revocation: readonly RevocationEvidence[]): boolean => revocation.some(({ revokedAt, reason }) => revokedAt !== null && !harmless.has(reason))
