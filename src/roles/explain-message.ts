import type { Directory } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { beyondRules } from "../intake/beyond-rules.ts"
import { assumedSignature } from "../pki/assumed-signature.ts"
import type { CompiledPolicy } from "../policy/compile-policy.ts"
import { evaluatePolicy } from "../policy/evaluate.ts"
import { explainPolicy } from "../policy/explain.ts"
import type { Explanation, MessageQuestion, NotExplained } from "../policy/message-question.ts"
import type { OperationParts } from "./operation-pages.ts"
import { explainedFacts, headerOf, maxExplainedHeaderBytes } from "./explained-facts.ts"

/** What the policy would say of a message that somebody shows to the console. */
export interface ExplainMeans {
  readonly directory: Directory
  readonly at: number
  readonly findSignature: OperationParts["findSignature"]
  readonly forwarding: ForwardingRules
}

export async function explainMessage(policy: CompiledPolicy, { bytes, from, to, outside, signature: assumed }: MessageQuestion, { directory, at, findSignature, forwarding }: ExplainMeans): Promise<Result<Explanation, NotExplained>> {
  const header = headerOf(bytes.subarray(0, maxExplainedHeaderBytes), bytes.length)
  if (!header) return failed({ kind: "notMessage" })
  const signature = assumed === undefined ? await findSignature({ bytes, directory, at, bindByAddress: policy.document.bindByAddress }) : assumedSignature(assumed)
  if (!signature.ok) return failed({ kind: "unverified", why: signature.failure })
  const gathered = explainedFacts({
    directory, message: { header, bytes: bytes.length }, from, to, outside, authentication: "password", tlsVersion: "TLSv1.3", signature: signature.value, at, examined: policy.examined, forwarding,
  })
  if (!gathered.ok) return gathered
  const { facts, speaksFor } = gathered.value
  const decision = evaluatePolicy(policy, facts)
  return ok({ rules: explainPolicy(policy, facts), decision: { ...decision, verdict: beyondRules(decision.verdict, facts, { speaksFor, mustBeScanned: false }) } })
}
