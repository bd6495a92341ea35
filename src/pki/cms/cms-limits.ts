/** How much of a CMS object is looked at; all of it may come from an attacker. The content is not counted: it is streamed. */
export interface CmsLimits {
  /** Everything but the content. Honest ones with a chain and a time stamp have 5-20 KiB; CRLs that come along may be large. */
  readonly maxBytes: number
  /** Nesting of elements. A time stamp with its own certificates has about 20. */
  readonly maxDepth: number
  readonly maxCertificates: number
  readonly maxCertificateBytes: number
  readonly maxRevocations: number
  readonly maxSigners: number
  /** Of one signer, time stamps and countersignatures included. */
  readonly maxSignerBytes: number
  /** Of one signer, signed and unsigned each. */
  readonly maxAttributes: number
  /** ASN.1 nodes given to the parser at a time: 2 µs each. */
  readonly maxNodes: number
}

export const cmsLimits: CmsLimits = {
  maxBytes: 2 * 1024 * 1024,
  maxDepth: 32,
  maxCertificates: 32,
  maxCertificateBytes: 64 * 1024,
  maxRevocations: 16,
  maxSigners: 8,
  maxSignerBytes: 256 * 1024,
  maxAttributes: 64,
  maxNodes: 1_000,
}
