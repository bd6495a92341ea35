import { canonicalAddress, type HeaderAddress, parseAddressList } from "../../mail/address.ts"
import { textOf } from "../../mail/charset.ts"
import { parseRfc5322Date } from "../../mail/date-time.ts"
import { decodeHeaderText } from "../../mail/encoded-word.ts"
import { fieldValues, type HeaderField } from "../../mail/header.ts"
import { parameterText } from "../../mail/mime-parameter.ts"
import type { SignedPart } from "./payloads.ts"
import { comparedFields, type MessageSignature } from "../signature-facts.ts"

/**
 * Header fields inside the signed part, compared with those outside, which readers show. HP-Outer (RFC 9788 §2.2), by which a sender says what stands outside an
 * encrypted message, excuses nothing here: whoever reads what is not encrypted sees the outside. Pure.
 */
export interface ProtectedHeader {
  readonly fields: readonly HeaderField[]
  /** RFC 9788 §2.1: the signed part has all fields there are, so one that is only outside was added on the way. */
  readonly complete: boolean
  /** RFC 9788 §2.1.1: the signer made it for an encrypted message. */
  readonly forEncrypted: boolean
}

type Name = (typeof comparedFields)[number]
type Compared = "address" | "text" | "date" | "thread"
const compared: Readonly<Record<Name, Compared>> = {
  from: "address", to: "address", cc: "address", subject: "text", date: "date", sender: "address", "reply-to": "address", "mail-reply-to": "address", "mail-followup-to": "address",
  "disposition-notification-to": "address", "in-reply-to": "thread", references: "thread",
}

/**
 * What a part that is signed keeps of protected fields; null when nothing. `own` are the fields of its own header, `nested` those of the message that is its
 * only content.
 */
export function protectedHeader({ part: payload, fields: own, nestedFields: nested }: SignedPart): ProtectedHeader | null {
  const { type, parameters } = payload.mime
  const hp = parameterText(parameters, "hp")?.trim().toLowerCase()
  if (hp === "clear" || hp === "cipher") return { fields: own, complete: true, forEncrypted: hp === "cipher" }
  // The scheme before RFC 9788, which Thunderbird and others still write.
  if (parameterText(parameters, "protected-headers") !== undefined) return { fields: own, complete: false, forEncrypted: false }
  // RFC 8551 §3.1: a whole message is wrapped to protect its header, unless it says that it is a forwarded one.
  if (type === "message" && payload.message && parameterText(parameters, "forwarded")?.toLowerCase() !== "yes") return { fields: nested, complete: false, forEncrypted: false }
  return null
}

export function compareHeaders(inside: ProtectedHeader | null, outside: readonly HeaderField[]): Pick<MessageSignature, "headerProtection" | "headerDiffers"> {
  if (!inside) return { headerProtection: "none" }
  const differing = comparedFields.filter((name) => (compared[name] === "thread" ? threadDiffers(name, inside, outside) : differs(name, inside, outside)))
  if (differing.length > 0) return { headerProtection: "differs", headerDiffers: differing }
  return { headerProtection: inside.forEncrypted ? "opened" : "matches" }
}

function differs(name: Name, inside: ProtectedHeader, outside: readonly HeaderField[]): boolean {
  const own = fieldValues(inside.fields, name)
  const shown = fieldValues(outside, name)
  if (own.length === 0) return (inside.complete || name === "from") && shown.length > 0
  return own.length !== 1 || shown.length !== 1 || !isSame(name, own[0] ?? "", shown[0] ?? "")
}

/** A signed "Đồng ý." must not be made the answer to another letter. Servers shorten these fields, so what is missing outside is nobody's trick. */
function threadDiffers(name: Name, inside: ProtectedHeader, outside: readonly HeaderField[]): boolean {
  const own = inside.fields.filter((field) => field.name === "in-reply-to" || field.name === "references")
  if (own.length === 0 && !inside.complete) return false
  const known = new Set(own.flatMap(({ value }) => messageIds(value)))
  return fieldValues(outside, name).flatMap(messageIds).some((id) => !known.has(id))
}

const messageIds = (value: string): readonly string[] => value.match(/<[^<>]*>/g) ?? []

/** Longer lists are compared as they are written: taking thousands of addresses apart would keep others waiting. */
const maxParsedChars = 4 * 1024

function isSame(name: Name, own: string, shown: string): boolean {
  if (own === shown) return true
  if (own.length > maxParsedChars || shown.length > maxParsedChars) return own.replace(/\s+/g, " ") === shown.replace(/\s+/g, " ")
  return meaning(compared[name], own) === meaning(compared[name], shown)
}

/** What a field says, however it is folded, encoded or capitalized. */
function meaning(kind: Compared, value: string): string {
  if (kind === "text") return decodeHeaderText(value).replace(/\s+/g, " ").trim()
  if (kind === "date") return String(parseRfc5322Date(value) ?? value)
  const list = parseAddressList(value)
  // what is no address says what is written there
  return list.length === 0 ? value.replace(/\s+/g, " ").trim() : JSON.stringify(list.map(addressMeaning))
}

const addressMeaning = (item: HeaderAddress): readonly unknown[] =>
  item.kind === "group" ? [item.name, item.members.map(addressMeaning)] : [decodeHeaderText(item.name), canonicalAddress(textOf(`${item.localPart}@${item.domain}`))]
