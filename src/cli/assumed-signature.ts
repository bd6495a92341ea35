import { type SignatureFacts, type SignatureProblem, signatureProblems } from "../pki/signature-facts.ts"
import { CommandError } from "./context.ts"

/** `--signature`: what the policy would say if the signature were so, whatever the message carries. */
const statuses = ["missing", "valid", "encrypted"] as const

export const signatureWords = `${statuses.join(", ")}, or problems with commas between (revoked, expired, holderMismatch, …)`

export function assumedSignature(words: string): SignatureFacts {
  const none: SignatureFacts = { status: "missing", problems: [], signers: [], form: "none", headerProtection: "none", timestamped: false }
  switch (words) {
    case "missing":
      return none
    case "encrypted":
      return { ...none, status: "encrypted", form: "encrypted" }
    case "valid":
      return { ...none, status: "valid", form: "multipart" }
    default: {
      const problems = words.split(",").map(problemOf)
      return { ...none, status: problems.every((problem) => problem === "revocationUnknown") ? "undecided" : "invalid", form: "multipart", problems }
    }
  }
}

function problemOf(word: string): SignatureProblem {
  const problem = signatureProblems.find((known) => known === word.trim())
  if (problem === undefined) throw new CommandError(`"${word.trim()}" is no signature to assume: ${signatureWords}; all problems: ${signatureProblems.join(" ")}`)
  return problem
}
