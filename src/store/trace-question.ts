import { asciiDomain, canonicalAddress, splitAddress } from "../mail/address.ts"

/** What somebody who asks for a message's story knows of it. Pure. */
export type TraceQuestion =
  | { readonly kind: "envelope"; readonly envelopeId: number }
  | { readonly kind: "messageId"; readonly messageId: string }
  | { readonly kind: "sha256"; readonly sha256: Uint8Array }
  /** An address as it may be stored: as given, as an account's, as a foreign forward-path. */
  | { readonly kind: "address"; readonly addresses: readonly string[] }

/**
 * An envelope's number, 64 hexadecimal digits, a Message-ID in angle brackets, else an address; a Message-ID without brackets looks like an address, so
 * the caller who finds no such address asks for it as a Message-ID. Undefined for anything else.
 */
export function traceQuestion(text: string): TraceQuestion | undefined {
  const asked = text.trim()
  if (asked.length > maxLength) return undefined
  if (/^\d{1,15}$/.test(asked)) return { kind: "envelope", envelopeId: Number(asked) }
  if (/^[0-9a-f]{64}$/i.test(asked)) return { kind: "sha256", sha256: Buffer.from(asked, "hex") }
  const bracketed = /^<(.+)>$/.exec(asked)?.[1]
  if (bracketed !== undefined) return { kind: "messageId", messageId: bracketed }
  const parts = splitAddress(asked)
  if (!parts) return asked === "" ? undefined : { kind: "messageId", messageId: asked }
  const foreign = `${parts.localPart}@${asciiDomain(parts.domain) ?? parts.domain.toLowerCase()}`
  return { kind: "address", addresses: [...new Set([asked, canonicalAddress(asked), foreign])] }
}

/** RFC 5322 §2.1.1: a line, and so a Message-ID, is no longer. */
const maxLength = 998
