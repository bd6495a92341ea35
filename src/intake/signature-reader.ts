/**
 * What is found out about a message's signature before anybody decides: what the bytes say, and what is thought of its certificates now.
 * A message without a signature costs a look at its part tree. Must not know: who holds a certificate, what policy makes of it.
 */
import type { SignatureEvidence } from "../accounts/signature-facts-of.ts"
import { Pace } from "../base/pace.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { Certificate } from "../pki/certificate.ts"
import type { CertificateStatuses } from "../pki/certificate-status.ts"
import { parseCertificate } from "../pki/parse-certificate.ts"
import type { CertificateStatus, MessageSignature, MessageSigner } from "../pki/signature-facts.ts"
import { findLayer } from "../pki/smime/signed-layer.ts"
import { verifyTimestamp } from "../pki/timestamp.ts"
import type { VerifyPool } from "../pki/verify/verify-pool.ts"
import type { PreparedContent } from "../store/content-store.ts"

export interface ReadableMessage extends Pick<PreparedContent, "sha256" | "size" | "scanned" | "read"> {
  /** See `MessageToVerify`. */
  readonly fromOutside?: boolean
}

export interface SignatureReader {
  /** Null for a message that shows no signature. Fails with `unavailable` when it cannot be verified now, `limit` when too many wait. */
  read(content: ReadableMessage, at: number): Promise<Result<SignatureEvidence | null, Failure>>
}

export interface SignatureReaderParts {
  readonly pool: Pick<VerifyPool, "verify">
  readonly statuses: Pick<CertificateStatuses, "of">
  readonly stampStatuses: Pick<CertificateStatuses, "of">
  /** DER of the registry's certificates that may be that of a signer whose own did not come along. */
  readonly registered: (signer: MessageSigner) => Promise<readonly Uint8Array[]>
}

/** A certificate of a few kilobytes takes milliseconds to read, in the currency of Pace: one or two are a turn. */
const certificateCost = 48
/** Signers without a certificate that are looked for: honest messages have one. */
const maxWithout = 2
/** Time stamps of one signer that are looked at; honest ones have one, and an archive's renewal another. */
const maxTried = 4

/**
 * A message waits for days at most, in queues and for an approval. An older stamp proves the age of the signature and nothing of the message: who has
 * a copy could send it again, under another subject, long after the certificate was revoked. For evidence of what was accepted then, see pki/evidence.
 */
const longestJourneyMs = 14 * 86_400_000

const momentOf = (proven: number | null, now: number): number => (proven !== null && now - proven <= longestJourneyMs ? proven : now)

export function createSignatureReader({ pool, statuses, stampStatuses, registered }: SignatureReaderParts): SignatureReader {
  return {
    async read(content, at) {
      if (!findLayer(content.scanned.root)) return ok(null)
      const message = { sha256: Buffer.from(content.sha256).toString("hex"), size: content.size, read: content.read.bind(content), scanned: content.scanned, fromOutside: content.fromOutside ?? false }
      const verified = await pool.verify(message)
      if (!verified.ok) return verified
      try {
        const certificates = await missing(verified.value)
        const complete = certificates.length === 0 ? verified : await pool.verify({ ...message, certificates })
        return complete.ok ? ok(await judged(complete.value, at)) : complete
      } catch (error) {
        return failed(failure("unavailable", `the certificates cannot be judged now: ${error instanceof Error ? error.message : String(error)}`))
      }
    },
  }

  async function missing({ signers }: MessageSignature): Promise<readonly Uint8Array[]> {
    const found = await Promise.all(signers.filter(({ problems }) => problems.includes("noCertificate")).slice(0, maxWithout).map(registered))
    return found.flat()
  }

  async function judged(read: MessageSignature, at: number): Promise<SignatureEvidence> {
    const certificates = new Map<string, Certificate>()
    const pace = new Pace()
    for (const der of read.certificates) {
      await pace.spend(der.length * certificateCost)
      const parsed = parseCertificate(Buffer.from(der, "base64"))
      if (parsed.ok) certificates.set(parsed.value.fingerprint, parsed.value)
    }
    const pool = [...certificates.values()]
    const provenTimes = new Map<MessageSigner, number>()
    const found = new Map<string, CertificateStatus>()
    const signers: MessageSigner[] = []
    for (const signer of read.signers) {
      const stamped = await withProvenTime(signer, at, found)
      signers.push(stamped.signer)
      if (stamped.time !== null) provenTimes.set(stamped.signer, stamped.time)
      const certificate = signer.fingerprint === null ? undefined : certificates.get(signer.fingerprint)
      if (certificate) found.set(certificate.fingerprint, await statuses.of({ certificate, pool, at: momentOf(stamped.time, at), stapled: read.revocationInfo }))
    }
    return { signature: { ...read, signers }, certificates, statuses: found, provenTime: (signer) => provenTimes.get(signer) ?? null }
  }

  /** The first stamp that proves something; a forged one spoils the signature, one that cannot be judged proves nothing. */
  async function withProvenTime(signer: MessageSigner, now: number, found: Map<string, CertificateStatus>): Promise<{ readonly signer: MessageSigner; readonly time: number | null }> {
    // what is thought of the stamping authority is evidence as well: years later the stamp must be proven again
    const noted: Pick<CertificateStatuses, "of"> = {
      async of(request) {
        const status = await stampStatuses.of(request)
        found.set(status.fingerprint, status)
        return status
      },
    }
    for (const token of signer.timestamps.slice(0, maxTried)) {
      const stamp = await verifyTimestamp({ token: Buffer.from(token, "base64"), signatureDigests: signer.signatureDigests, now }, noted)
      if (stamp.ok) return { signer, time: stamp.value.time }
      if (stamp.failure.kind === "invalid") return { signer: { ...signer, problems: [...new Set([...signer.problems, "timestampInvalid" as const])] }, time: null }
    }
    return { signer, time: null }
  }
}
