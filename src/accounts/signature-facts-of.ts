/**
 * Step three of a signature: what the bytes say and what is known of the certificates, bound to the directory and to who claims to
 * have sent the message. Pure; made anew for each decision, so that a suspension counts on the next message.
 */
import type { Certificate } from "../pki/certificate.ts"
import { type CertificateStatus, type MessageSignature, type MessageSigner, type SignatureFacts, type SignatureProblem, signatureProblems, type SignerFacts } from "../pki/signature-facts.ts"
import type { Directory } from "./directory.ts"
import { bindingProblems, bindSigner } from "./signing-right.ts"

export interface SignatureEvidence {
  readonly signature: MessageSignature
  /** Parsed certificates and their status, by fingerprint. */
  readonly certificates: ReadonlyMap<string, Certificate>
  readonly statuses: ReadonlyMap<string, CertificateStatus>
  /** Time proven by a verified RFC 3161 timestamp of the signer, ms; null when there is none. */
  readonly provenTime: (signer: MessageSigner) => number | null
}

export interface SignatureContext {
  readonly directory: Directory
  readonly now: number
  /** See `SigningQuestion`. */
  readonly addressBinding: boolean
}

export function signatureFactsOf(evidence: SignatureEvidence, context: SignatureContext): SignatureFacts {
  const { signature, certificates, statuses, provenTime } = evidence
  const signers = signature.signers.map((signer) =>
    bindSigner({
      ...context, signer, from: signature.from, sender: signature.sender, provenTime: provenTime(signer),
      certificate: (signer.fingerprint !== null && certificates.get(signer.fingerprint)) || null,
      status: (signer.fingerprint !== null && statuses.get(signer.fingerprint)) || null,
    }),
  )
  const problems = inOrder([...signature.problems, ...blockingProblems(signers)])
  return {
    status: statusOf(signature, signers, problems),
    problems,
    signers,
    form: signature.form,
    headerProtection: signature.headerProtection,
    ...(signature.headerDiffers && { headerDiffers: signature.headerDiffers }),
    timestamped: signers.length > 0 && signers.every((signer) => signer.provenTime !== null),
  }
}

/** Time may cure nothing else. */
const curable = (problem: SignatureProblem): boolean => problem === "revocationUnknown"

function statusOf({ form }: MessageSignature, signers: readonly SignerFacts[], problems: readonly SignatureProblem[]): SignatureFacts["status"] {
  // an unsigned message may well have two authors, or a strange name: that is not a broken signature
  if (form === "none") return "missing"
  if (form === "encrypted") return "encrypted"
  if (signers.length === 0) return "invalid"
  if (problems.length === 0) return "valid"
  return problems.every(curable) ? "undecided" : "invalid"
}

/**
 * Every signature of a message must be a good one; one of them must speak for the sender, and the others may be of colleagues who signed
 * as well. When nobody speaks for the sender, the one that comes closest says why.
 */
function blockingProblems(signers: readonly SignerFacts[]): readonly SignatureProblem[] {
  const own = signers.flatMap(({ problems }) => problems.filter((problem) => !bindingProblems.has(problem)))
  const binding = signers.map(({ problems }) => problems.filter((problem) => bindingProblems.has(problem))).toSorted((a, b) => a.length - b.length)
  return [...own, ...(binding[0] ?? [])]
}

const inOrder = (problems: readonly SignatureProblem[]): readonly SignatureProblem[] => signatureProblems.filter((problem) => problems.includes(problem))
