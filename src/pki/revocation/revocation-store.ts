import type { RevocationEvidence } from "../signature-facts.ts"

/**
 * What sources of revocation said, shared by all processes and kept through restarts: the CRLs and responses themselves, once each, by their
 * SHA-256; which of them is the latest of its source; and the last known answer for each certificate. A document stays as long as anything
 * refers to it: a source, an answer, or the frozen evidence of a message.
 */
export interface RevocationStore {
  /** The latest document of a source: `crl …` or `ocsp …`, see `sourceOf` of crl-source.ts and ocsp-source.ts. */
  latest(source: string): Promise<LatestDocument | undefined>
  /** Keeps the document and makes it the source's latest, unless another process has had one since. */
  saveLatest(source: string, document: RevocationDocument, fetchedAt: number): Promise<void>
  /** Keeps a document that belongs to no source: it came with a message. */
  keep(document: RevocationDocument): Promise<void>
  /** The bytes, by SHA-256 in hex; undefined when they are not kept. */
  read(sha256: string): Promise<Uint8Array | undefined>
  /** Records the last known answers; returns the fingerprints of those that say something else than before. */
  saveAnswers(answers: readonly RevocationEvidence[], at: number): Promise<readonly string[]>
  /** The last known answers of these certificates, those that there are. */
  answers(fingerprints: readonly string[]): Promise<readonly KnownAnswer[]>
  /** Deletes sources not asked since `before` (ms), and documents that nothing has referred to since then. Returns how many documents. */
  deleteUnused(before: number): Promise<number>
}

export interface RevocationDocument {
  readonly kind: "crl" | "ocsp"
  /** SHA-256 of the DER, hex. */
  readonly sha256: string
  readonly der: Uint8Array
}

export interface LatestDocument {
  readonly sha256: string
  readonly fetchedAt: number
}

export interface KnownAnswer extends RevocationEvidence {
  readonly checkedAt: number
}
