/**
 * The port to a private key that the server signs with, wherever it lies: a PKCS#12 file, a PKCS#11 token. The key never leaves its
 * adapter; what goes in are octets, what comes out is a signature as CMS carries it. Must not know: messages, and who may have them signed.
 */
import type { Certificate, KeySummary } from "../certificate.ts"

export interface SigningKey {
  /** What configuration and logs call it. */
  readonly name: string
  readonly certificate: Certificate
  /** `certificate` first, then whoever issued it; the trust anchor is left out, since a receiver has it or must not take it from us. */
  readonly chain: readonly Certificate[]
  /**
   * The signature over `data`, which is hashed here: for ECDSA the DER of RFC 5480 §2.2.3's ECDSA-Sig-Value, otherwise the plain octets.
   * Throws SigningFailed when the key cannot be used now (a token pulled out, a PIN that was blocked).
   */
  sign(algorithm: SigningAlgorithm, data: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

export interface SigningAlgorithm {
  readonly scheme: "rsa" | "rsaPss" | "ecdsa" | "ed25519"
  /** Of the content and, but for Ed25519, of what is signed. */
  readonly digest: SigningDigest
}

export type SigningDigest = "sha256" | "sha384" | "sha512"

/** A key that is there could not be used. The cause is for the log; a peer hears only that signing is not possible now. */
export class SigningFailed extends Error {}

/**
 * The one algorithm that a key signs with; undefined for a key that no receiver could be expected to verify. The digest is as strong as
 * the curve (RFC 5753 §7.1.3); Ed25519 goes with SHA-512 (RFC 8419 §3.1).
 */
export function algorithmOf(key: KeySummary, { pss = false }: { readonly pss?: boolean } = {}): SigningAlgorithm | undefined {
  if (key.kind === "rsa") return key.bits >= 2048 ? { scheme: pss ? "rsaPss" : "rsa", digest: "sha256" } : undefined
  if (key.kind === "ed25519") return { scheme: "ed25519", digest: "sha512" }
  const digest = key.kind === "ec" ? curveDigests[key.curve] : undefined
  return digest && { scheme: "ecdsa", digest }
}

const curveDigests: Readonly<Record<string, SigningDigest>> = { "P-256": "sha256", "P-384": "sha384", "P-521": "sha512" }
