import { canonicalAddress, type HeaderAddress, parseAddressList } from "../../mail/address.ts"
import { textOf } from "../../mail/charset.ts"
import { parseRfc5322Date } from "../../mail/date-time.ts"
import { decodeHeaderText } from "../../mail/encoded-word.ts"
import { fieldValues, type HeaderField } from "../../mail/header.ts"
import { parameterValue } from "../../mail/mime-parameter.ts"
import type { ScannedPart } from "../../mail/mime-part.ts"
import type { MessageSignature } from "../signature-facts.ts"

/** Header fields inside the signed part, compared with those outside, which readers show. Pure. */
export interface ProtectedHeader {
  readonly fields: readonly HeaderField[]
  /** RFC 9788 §2.1: the signed part has all fields there are, so one that is only outside was added on the way. */
  readonly complete: boolean
}

const compared = ["from", "to", "cc", "subject", "date", "sender", "reply-to"] as const

/**
 * Where the signed part `root` keeps protected fields; null when it has none. `own` are the fields of its own header, `nested` those of the message
 * that is its only content.
 */
export function protectedHeader(root: ScannedPart, own: readonly HeaderField[], nested: readonly HeaderField[]): ProtectedHeader | null {
  const { type, parameters } = root.mime
  const hp = parameterValue(parameters, "hp")?.toLowerCase()
  if (hp === "clear" || hp === "cipher") return { fields: own, complete: true }
  // The scheme before RFC 9788, which Thunderbird and others still write.
  if (parameterValue(parameters, "protected-headers") !== undefined) return { fields: own, complete: false }
  // RFC 8551 §3.1: a whole message is wrapped to protect its header, unless it says that it is a forwarded one.
  if (type === "message" && root.message && parameterValue(parameters, "forwarded")?.toLowerCase() !== "yes") return { fields: nested, complete: false }
  return null
}

export function compareHeaders(inside: ProtectedHeader | null, outside: readonly HeaderField[]): MessageSignature["headerProtection"] {
  if (!inside) return "none"
  const differs = compared.some((name) => {
    const own = fieldValues(inside.fields, name)
    const shown = fieldValues(outside, name)
    if (own.length === 0) return (inside.complete || name === "from") && shown.length > 0
    return own.length !== 1 || shown.length !== 1 || !isSame(name, own[0] ?? "", shown[0] ?? "")
  })
  return differs ? "differs" : "matches"
}

/** Longer lists are compared as they are written: taking thousands of addresses apart would keep others waiting. */
const maxParsedChars = 4 * 1024

function isSame(name: (typeof compared)[number], own: string, shown: string): boolean {
  if (own === shown) return true
  if (own.length > maxParsedChars || shown.length > maxParsedChars) return own.replace(/\s+/g, " ") === shown.replace(/\s+/g, " ")
  return meaning(name, own) === meaning(name, shown)
}

/** What a field says, however it is folded, encoded or capitalized. */
function meaning(name: (typeof compared)[number], value: string): string {
  if (name === "subject") return decodeHeaderText(value).replace(/\s+/g, " ").trim()
  if (name === "date") return String(parseRfc5322Date(value) ?? value)
  return JSON.stringify(parseAddressList(value).map(addressMeaning))
}

const addressMeaning = (item: HeaderAddress): readonly unknown[] =>
  item.kind === "group" ? [item.name, item.members.map(addressMeaning)] : [decodeHeaderText(item.name), canonicalAddress(textOf(`${item.localPart}@${item.domain}`))]
