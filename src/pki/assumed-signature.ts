import { failed, ok, type Result } from "../base/result.ts"
import { type SignatureFacts, type SignatureProblem, signatureProblems } from "./signature-facts.ts"

/** What the policy would be told if a signature were so, whatever the message carries. Pure. */
export const assumedStatuses = ["missing", "valid", "encrypted"] as const

export const noSignature: SignatureFacts = { status: "missing", problems: [], signers: [], form: "none", headerProtection: "none", timestamped: false }

/** `missing`, `valid`, `encrypted`, or problems with commas between; fails with the first word that is none of these. */
export function assumedSignature(words: string): Result<SignatureFacts, string> {
  switch (words) {
    case "missing":
      return ok(noSignature)
    case "encrypted":
      return ok({ ...noSignature, status: "encrypted", form: "encrypted" })
    case "valid":
      return ok({ ...noSignature, status: "valid", form: "multipart" })
    default: {
      const problems: SignatureProblem[] = []
      for (const word of words.split(",").map((one) => one.trim())) {
        const problem = signatureProblems.find((known) => known === word)
        if (problem === undefined) return failed(word)
        problems.push(problem)
      }
      return ok({ ...noSignature, status: problems.every((problem) => problem === "revocationUnknown") ? "undecided" : "invalid", form: "multipart", problems })
    }
  }
}
