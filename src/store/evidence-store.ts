import type { MessageSource } from "./acceptance-store.ts"
import type { ContentRef } from "./content-store.ts"

/** Evidence as it travels into the acceptance's transaction. What the record says is not the store's business. */
export interface Evidence {
  readonly record: string
  /** Each certificate that the record names, once; `sha256` in hex. */
  readonly certificates: readonly { readonly sha256: string; readonly der: Uint8Array }[]
  /** CRLs and OCSP responses, SHA-256 in hex, already kept by the revocation store; one that is not kept is left out. */
  readonly documents: readonly string[]
}

/** Reads frozen evidence back. It is written by `AcceptanceStore.commit` alone, and never changed. */
export interface EvidenceStore {
  /** Undefined when there is no such envelope; `record` is null when the message came without evidence. */
  ofEnvelope(envelopeId: number): Promise<StoredEvidence | undefined>
  /** DER of these certificates, those that there are; SHA-256 in hex. */
  certificates(sha256: readonly string[]): Promise<readonly { readonly sha256: string; readonly der: Uint8Array }[]>
}

export interface StoredEvidence {
  readonly envelopeId: number
  readonly messageId: string
  readonly reversePath: string
  readonly source: MessageSource
  readonly acceptedAt: number
  readonly size: number
  /** Of the accepted bytes, hex. */
  readonly sha256: string
  /** Null when the content is no longer kept: nobody has the message any more. */
  readonly content: ContentRef | null
  /** At most `maxEvidenceRecipients`. */
  readonly recipients: readonly string[]
  readonly record: string | null
  readonly documents: readonly { readonly sha256: string; readonly kind: "crl" | "ocsp" }[]
}

export const maxEvidenceRecipients = 1_000
