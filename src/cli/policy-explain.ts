import { open } from "node:fs/promises"
import type { Account, Directory } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import { systemClock } from "../base/clock.ts"
import { beyondRules } from "../intake/beyond-rules.ts"
import { spokenFor } from "../intake/decide.ts"
import { expandRecipients } from "../intake/expand-recipients.ts"
import { messageFacts } from "../intake/message-facts.ts"
import { type HeaderField, parseHeader } from "../mail/header.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import { type CompiledPolicy, compilePolicy } from "../policy/compile-policy.ts"
import { evaluatePolicy } from "../policy/evaluate.ts"
import { explainPolicy } from "../policy/explain.ts"
import type { MessageFacts } from "../policy/facts.ts"
import { readPolicy } from "../policy/read-policy.ts"
import { claimedAddresses } from "../smtp/submitted-header.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { createPolicyStore } from "../store/sql/policies.ts"
import { assumedAuthenticity, assumedScan } from "./assumed-outside.ts"
import { assumedSignature } from "./assumed-signature.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { findSignature } from "./message-signature.ts"
import { decisionText, factsText, ruleText } from "./policy-explain-text.ts"
import { loadPolicyFile } from "./policy-file.ts"

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
  const signature = options.signature === undefined ? await findSignature({ file, directory, at, bindByAddress }, context) : assumedSignature(options.signature)
  const { facts, speaksFor } = gatherFacts({ directory, message, options, signature, at, examined: policy.examined, forwarding: context.config.forwarding })
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

/** As intake takes it: what has a longer header is refused there. */
const maxHeaderBytes = 64 * 1024

async function readMessage(file: string): Promise<ExplainedMessage> {
  const handle = await open(file).catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  try {
    const [{ size }, { buffer, bytesRead }] = await Promise.all([handle.stat(), handle.read({ buffer: Buffer.alloc(maxHeaderBytes), position: 0 })])
    const start = buffer.subarray(0, bytesRead)
    const end = [start.indexOf("\r\n\r\n"), start.indexOf("\n\n")].filter((at) => at !== -1)
    if (end.length === 0 && size > maxHeaderBytes) throw new CommandError(`${file} has no empty line in its first ${maxHeaderBytes / 1024} KiB: is it a message?`)
    return { header: start.subarray(0, end.length === 0 ? bytesRead : Math.min(...end) + 2), bytes: size }
  } finally {
    await handle.close()
  }
}

interface Gathered {
  readonly directory: Directory
  readonly message: ExplainedMessage
  readonly options: ExplainOptions
  readonly signature: SignatureFacts
  readonly at: number
  readonly examined: ReadonlySet<string>
  readonly forwarding: ForwardingRules
}

function gatherFacts({ directory, message, options, signature, at, examined, forwarding }: Gathered): { readonly facts: MessageFacts; readonly speaksFor: readonly Account[] } {
  const { from, to, outside = false } = options
  const header = parseHeader(message.header)
  const account = (address: string): Account | undefined => {
    const resolution = directory.resolve(address)
    return resolution.kind === "account" ? resolution.account : undefined
  }
  const sentAs = outside ? undefined : account(from)
  if (!outside && !sentAs) throw new CommandError(`${from === "" ? "the null sender" : from} is no account here that could sign in; mail from outside is explained with --outside`)
  const speaksFor = outside ? [] : spokenFor([...shownAddresses(header, account), from], account)
  const { final, unserved } = expandRecipients({ directory, recipients: to.map((forwardPath) => ({ forwardPath })), sender: sentAs?.address ?? null, mayRelay: !outside, maxFinalRecipients: 50_000, forwarding: { ...forwarding, now: at, mayGoOn: () => true } })
  const [refused] = unserved
  if (refused) throw new CommandError(`the recipient ${refused.recipient.forwardPath} would be refused before the policy is asked: ${refused.reason}`)
  const facts = messageFacts({
    directory, header, bytes: message.bytes, reversePath: from, recipients: final, speaksFor, fromOutside: outside, signature, examined,
    authentication: { how: outside ? "none" : authenticationOf(options.auth), principalId: null },
    tls: options.tls === "none" ? null : { version: options.tls, cipher: "", clientCertificate: options.auth === "certificate" },
    at,
    ...(outside && options.authenticity !== undefined && { authenticity: assumedAuthenticity(options.authenticity) }),
    ...(options.scan !== undefined && { scan: assumedScan(options.scan) }),
  })
  return { facts, speaksFor }
}

/** Whom a reader is shown as author; a message that shows anybody who cannot sign in here is refused at the door. */
function shownAddresses(header: readonly HeaderField[], account: (address: string) => Account | undefined): readonly string[] {
  const claimed = claimedAddresses(header)
  if (!claimed.ok) throw new CommandError(`the message would be refused before the policy is asked: ${claimed.failure.text}`)
  const shown = [...claimed.value.headerFrom, ...claimed.value.headerSender]
  const stranger = shown.find((address) => !account(address))
  if (stranger !== undefined) throw new CommandError(`From or Sender shows ${stranger}, which is no account here: the message would be refused before the policy is asked`)
  return shown
}

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
