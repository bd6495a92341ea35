/**
 * What is kept of a signed message's verdict when it is accepted, so that it can be made again years later (docs/evidence.md): what the
 * bytes said, the certificates' paths, what the answers about revocation rested on, who was taken to have signed, and what was decided.
 * Certificates, CRLs and OCSP responses are named by SHA-256 and lie beside the record, because the same few come again with every message.
 * Pure. Must not know: where it is stored.
 */
import { hash } from "node:crypto"
import { canonicalJson } from "../../base/canonical-json.ts"
import { type CertificateStatus, type MessageSignature, type RevocationEvidence, type SignatureFacts, withListers } from "../signature-facts.ts"

export interface EvidenceRecord {
  readonly version: 1
  /** SHA-256 (hex) and size of the message as it was accepted. */
  readonly content: { readonly sha256: string; readonly size: number }
  /** By this server's clock, ms. */
  readonly acceptedAt: number
  readonly signature: NamedSignature
  readonly statuses: readonly NamedStatus[]
  /** As the policy was told, with the holder that the registry named. */
  readonly facts: SignatureFacts
  readonly decision: EvidenceDecision
  /** The program that decided: name and version. */
  readonly software: string
}

/** Certificates by SHA-256 in hex instead of DER; so are CRLs and responses that came along. */
export type NamedSignature = Omit<MessageSignature, "certificates" | "revocationInfo"> & {
  readonly certificates: readonly string[]
  readonly revocationInfo: readonly { readonly kind: "crl" | "ocsp"; readonly sha256: string }[]
}

export type NamedStatus = CertificateStatus

export interface EvidenceDecision {
  readonly verdict: string
  readonly ruleId: string
  /** Of the policy that was in force. */
  readonly policyVersion: string
  readonly reasonVi: string
  readonly reasonEn: string
}

export interface EvidenceInput {
  readonly content: EvidenceRecord["content"]
  readonly acceptedAt: number
  readonly signature: MessageSignature
  readonly statuses: readonly CertificateStatus[]
  readonly facts: SignatureFacts
  readonly decision: EvidenceDecision
  readonly software: string
}

/** Ready to be stored with the acceptance; see `Evidence` of store/acceptance-store.ts, which is of this shape. */
export interface FrozenEvidence {
  /** Canonical JSON of an EvidenceRecord. */
  readonly record: string
  /** Each certificate that the record names, once. */
  readonly certificates: readonly { readonly sha256: string; readonly der: Uint8Array }[]
  /** SHA-256 (hex) of the CRLs and OCSP responses that the statuses rest on. */
  readonly documents: readonly string[]
}

export function freezeEvidence({ signature, statuses, ...rest }: EvidenceInput): FrozenEvidence {
  const record: EvidenceRecord = {
    version: 1,
    ...rest,
    signature: nameSignature(signature),
    statuses: statuses.map((status) => ({ ...status, chain: status.chain.map(nameOf), revocation: status.revocation.map(nameLister) })),
  }
  const answers = statuses.flatMap(({ revocation }) => withListers(revocation))
  const ders = [...signature.certificates, ...statuses.flatMap(({ chain }) => chain), ...answers.flatMap(({ lister }) => lister?.chain ?? [])]
  return {
    record: canonicalJson(record),
    certificates: [...new Map(ders.map((base64) => [nameOf(base64), Buffer.from(base64, "base64")]))].map(([sha256, der]) => ({ sha256, der })),
    documents: [...new Set(answers.flatMap(({ evidence }) => evidence ?? []))],
  }
}

export const nameSignature = ({ certificates, revocationInfo, ...rest }: MessageSignature): NamedSignature => ({
  ...rest,
  certificates: certificates.map(nameOf),
  revocationInfo: revocationInfo.map(({ kind, der }) => ({ kind, sha256: nameOf(der) })),
})

const nameLister = ({ lister, ...answer }: RevocationEvidence): RevocationEvidence => ({ ...answer, ...(lister && { lister: { ...lister, chain: lister.chain.map(nameOf) } }) })

const nameOf = (base64: string): string => hash("sha256", Buffer.from(base64, "base64"))
