import { open, readFile } from "node:fs/promises"
import { systemClock } from "../base/clock.ts"
import { openLog } from "../base/log.ts"
import { beyondRules } from "../intake/beyond-rules.ts"
import { assumedSignature, assumedStatuses } from "../pki/assumed-signature.ts"
import { type SignatureFacts, signatureProblems } from "../pki/signature-facts.ts"
import { type CompiledPolicy, compilePolicy } from "../policy/compile-policy.ts"
import { evaluatePolicy } from "../policy/evaluate.ts"
import { explainPolicy } from "../policy/explain.ts"
import type { MessageFacts } from "../policy/facts.ts"
import { readPolicy } from "../policy/read-policy.ts"
import { explainedFacts, headerOf, maxExplainedHeaderBytes, type NotAsked } from "../roles/explained-facts.ts"
import { findSignature, type SignatureQuestion } from "../roles/message-signature.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { createPolicyStore } from "../store/sql/policies.ts"
import { assumedAuthenticity, assumedScan } from "./assumed-outside.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { decisionText, factsText, ruleText } from "./policy-explain-text.ts"
import { loadPolicyFile } from "./policy-file.ts"

export const signatureWords = `${assumedStatuses.join(", ")}, or problems with commas between (revoked, expired, holderMismatch, …)`

/** `congthu policy explain MESSAGE`: each rule, and why it did or did not match. Nothing is sent, stored or changed. */
export interface ExplainOptions {
  readonly from: string
  readonly to: readonly string[]
  readonly at?: string
  readonly tls: string
  readonly auth: string
  readonly outside?: boolean
  readonly signature?: string
  readonly authenticity?: string
  readonly scan?: string
  readonly policy?: string
}

/** The message as far as rules look at it. */
export interface ExplainedMessage {
  readonly header: Uint8Array
  readonly bytes: number
}

export async function explainMessage(context: CommandContext, file: string, options: ExplainOptions): Promise<number> {
  const [policy, message, directory] = await Promise.all([policyToExplain(context, options.policy), readMessage(file), loadDirectory(context.database)])
  const at = timeOf(options.at)
  const { bindByAddress } = policy.document
  const { from, to, outside = false, tls, auth, authenticity, scan } = options
  const gathered = explainedFacts({
    directory, message, from, to, outside, at, examined: policy.examined, forwarding: context.config.forwarding, tlsVersion: tls === "none" ? null : tls, authentication: authenticationOf(auth),
    signature: await signatureOf(context, { file, words: options.signature, directory, at, bindByAddress }),
    ...(authenticity !== undefined && { authenticity: assumedAuthenticity(authenticity) }), ...(scan !== undefined && { scan: assumedScan(scan) }),
  })
  if (!gathered.ok) throw new CommandError(notAskedText(gathered.failure))
  const { facts, speaksFor } = gathered.value
  print(factsText(facts))
  print("")
  for (const trace of explainPolicy(policy, facts)) print(ruleText(trace))
  print("")
  const decision = evaluatePolicy(policy, facts)
  print(decisionText({ ...decision, verdict: beyondRules(decision.verdict, facts, { speaksFor, mustBeScanned: false }) }))
  return exitCodes.ok
}

/** The one in force, or a file that might be. */
async function policyToExplain({ database }: CommandContext, file: string | undefined): Promise<CompiledPolicy> {
  if (file !== undefined) return (await loadPolicyFile(file)).policy
  const inForce = await createPolicyStore(database).inForce()
  if (!inForce) throw new CommandError("no policy was put in force yet: start the system once, or name a file with --policy")
  const read = readPolicy(inForce.yaml)
  if (!read.ok) throw new CommandError(`policy version ${inForce.version} cannot be used by this program`)
  say(`By policy version ${inForce.version}.`)
  return compilePolicy(read.value)
}

async function readMessage(file: string): Promise<ExplainedMessage> {
  const handle = await open(file).catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  try {
    const [{ size }, { buffer, bytesRead }] = await Promise.all([handle.stat(), handle.read({ buffer: Buffer.alloc(maxExplainedHeaderBytes), position: 0 })])
    const header = headerOf(buffer.subarray(0, bytesRead), size)
    if (!header) throw new CommandError(`${file} has no empty line in its first ${maxExplainedHeaderBytes / 1024} KiB: is it a message?`)
    return { header, bytes: size }
  } finally {
    await handle.close()
  }
}

const notAskedText = (refused: NotAsked): string => {
  switch (refused.kind) {
    case "noAccount":
      return `${refused.what === "" ? "the null sender" : refused.what} is no account here that could sign in; mail from outside is explained with --outside`
    case "header":
      return `the message would be refused before the policy is asked: ${refused.what}`
    case "stranger":
      return `From or Sender shows ${refused.what}, which is no account here: the message would be refused before the policy is asked`
    case "recipient":
      return `the recipient ${refused.what} would be refused before the policy is asked: ${refused.why}`
  }
}

/** The message's own signature, or the one that is to be assumed. */
async function signatureOf({ config, database }: CommandContext, { file, words, ...question }: { readonly file: string; readonly words: string | undefined } & Omit<SignatureQuestion, "bytes">): Promise<SignatureFacts> {
  if (words !== undefined) {
    const assumed = assumedSignature(words)
    if (!assumed.ok) throw new CommandError(`"${assumed.failure}" is no signature to assume: ${signatureWords}; all problems: ${signatureProblems.join(" ")}`)
    return assumed.value
  }
  const bytes = await readFile(file)
  if (bytes.length > maxMessageBytes) throw new CommandError(`${file} is larger than ${maxMessageBytes} bytes`)
  const { log } = openLog({ level: "error", name: "command" })
  const found = await findSignature({ bytes, ...question }, { config, database, clock: systemClock, log })
  if (!found.ok) throw new CommandError(`the signature cannot be verified now: ${found.failure}`)
  return found.value
}

const maxMessageBytes = 100 * 1024 * 1024

function authenticationOf(word: string): MessageFacts["authentication"]["how"] {
  const known = (["password", "appPassword", "certificate", "local"] as const).find((how) => how === word)
  if (known === undefined) throw new CommandError(`"${word}" is none of password, appPassword, certificate, local`)
  return known
}

/** A date alone is its first moment in Vietnam. */
function timeOf(text: string | undefined): number {
  if (text === undefined) return systemClock.now()
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00+07:00` : /(?:Z|[+-]\d{2}:\d{2})$/.test(text) ? text : `${text}+07:00`)
  if (Number.isNaN(at)) throw new CommandError(`"${text}" is no time such as 2028-01-01 or 2028-01-01T08:30`)
  return at
}
