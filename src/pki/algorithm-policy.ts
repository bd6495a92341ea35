/** Which keys and signatures are strong enough, as the administrator decided (`pki.algorithms`). Pure; the same for certificates, CRLs and messages. */
import type { KeySummary, SignatureAlgorithm } from "./certificate.ts"
import type { SignatureProblem } from "./signature-facts.ts"

export interface AlgorithmPolicy {
  readonly minRsaBits: number
  /** As in `KeySummary.curve`: "P-256". */
  readonly curves: readonly string[]
  /** As node:crypto names them: "sha256". */
  readonly digests: readonly string[]
  readonly ed25519: boolean
}

/** Beyond this OpenSSL's work for one signature is a burden that somebody else chose. */
const maxRsaBits = 16_384

export function keyProblem({ kind, bits, curve }: KeySummary, policy: AlgorithmPolicy): SignatureProblem | undefined {
  if (kind === "rsa") return bits >= policy.minRsaBits && bits <= maxRsaBits ? undefined : "weakKey"
  if (kind === "ec") return policy.curves.includes(curve) ? undefined : "weakKey"
  return kind === "ed25519" && policy.ed25519 ? undefined : "unsupportedAlgorithm"
}

/** MD5, SHA-1 and what else is known but not listed is weak; what is not known at all is unsupported. */
export function signatureProblem({ scheme, digest }: SignatureAlgorithm, policy: AlgorithmPolicy): SignatureProblem | undefined {
  if (scheme === "ed25519") return policy.ed25519 ? undefined : "unsupportedAlgorithm"
  if (scheme === "other" || scheme === "ed448" || digest === "") return "unsupportedAlgorithm"
  return policy.digests.includes(digest) ? undefined : "weakAlgorithm"
}
