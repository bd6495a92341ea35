import type { Account, Directory } from "../accounts/directory.ts"
import type { ForwardingRules } from "../accounts/forwarding.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { spokenFor } from "../intake/decide.ts"
import { expandRecipients } from "../intake/expand-recipients.ts"
import { messageFacts } from "../intake/message-facts.ts"
import { parseHeader } from "../mail/header.ts"
import type { SignatureFacts } from "../pki/signature-facts.ts"
import type { AuthenticityFacts } from "../policy/authenticity-facts.ts"
import type { MessageFacts } from "../policy/facts.ts"
import type { ScanFacts } from "../policy/scan-facts.ts"
import { claimedAddresses } from "../smtp/submitted-header.ts"

/** The facts that the policy would be asked on if a message came: gathered as the protocols and intake do, and nothing is sent. */
export interface ExplainQuestion {
  readonly directory: Directory
  /** Its beginning up to the empty line, and its size. */
  readonly message: { readonly header: Uint8Array; readonly bytes: number }
  readonly from: string
  readonly to: readonly string[]
  /** From another server, nobody signs in. */
  readonly outside: boolean
  readonly authentication: MessageFacts["authentication"]["how"]
  /** Null: none. */
  readonly tlsVersion: string | null
  readonly signature: SignatureFacts
  readonly at: number
  readonly examined: ReadonlySet<string>
  readonly forwarding: ForwardingRules
  readonly authenticity?: AuthenticityFacts
  readonly scan?: ScanFacts
}

export interface ExplainedFacts {
  readonly facts: MessageFacts
  readonly speaksFor: readonly Account[]
}

/** What keeps a message from the policy altogether. */
export type NotAsked =
  | { readonly kind: "noAccount"; readonly what: string }
  | { readonly kind: "header"; readonly what: string }
  | { readonly kind: "stranger"; readonly what: string }
  | { readonly kind: "recipient"; readonly what: string; readonly why: string }

/** As intake takes it: what has a longer header is refused there. */
export const maxExplainedHeaderBytes = 64 * 1024

/** The header of a message, with one line end behind it; undefined when there is no empty line where one must be. */
export function headerOf(start: Buffer, size: number): Buffer | undefined {
  const end = [start.indexOf("\r\n\r\n"), start.indexOf("\n\n")].filter((at) => at !== -1)
  if (end.length === 0 && size > start.length) return undefined
  return start.subarray(0, end.length === 0 ? start.length : Math.min(...end) + 2)
}

export function explainedFacts({ directory, message, from, to, outside, authentication, tlsVersion, signature, at, examined, forwarding, authenticity, scan }: ExplainQuestion): Result<ExplainedFacts, NotAsked> {
  const header = parseHeader(message.header)
  const account = (address: string): Account | undefined => {
    const resolution = directory.resolve(address)
    return resolution.kind === "account" ? resolution.account : undefined
  }
  const sentAs = outside ? undefined : account(from)
  if (!outside && !sentAs) return failed({ kind: "noAccount", what: from })
  let speaksFor: readonly Account[] = []
  if (!outside) {
    const claimed = claimedAddresses(header)
    if (!claimed.ok) return failed({ kind: "header", what: claimed.failure.text })
    // whom a reader is shown as author; a message that shows anybody who cannot sign in here is refused at the door
    const shown = [...claimed.value.headerFrom, ...claimed.value.headerSender]
    const stranger = shown.find((address) => !account(address))
    if (stranger !== undefined) return failed({ kind: "stranger", what: stranger })
    speaksFor = spokenFor([...shown, from], account)
  }
  const { final, unserved } = expandRecipients({ directory, recipients: to.map((forwardPath) => ({ forwardPath })), sender: sentAs?.address ?? null, mayRelay: !outside, maxFinalRecipients: 50_000, forwarding: { ...forwarding, now: at, mayGoOn: () => true } })
  const [refused] = unserved
  if (refused) return failed({ kind: "recipient", what: refused.recipient.forwardPath, why: refused.reason })
  const facts = messageFacts({
    directory, header, bytes: message.bytes, reversePath: from, recipients: final, speaksFor, fromOutside: outside, signature, examined,
    authentication: { how: outside ? "none" : authentication, principalId: null },
    tls: tlsVersion === null ? null : { version: tlsVersion, cipher: "", clientCertificate: authentication === "certificate" },
    at,
    ...(outside && authenticity && { authenticity }),
    ...(scan && { scan }),
  })
  return ok({ facts, speaksFor })
}
