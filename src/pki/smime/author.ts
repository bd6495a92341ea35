import { addressesIn, canonicalAddress, type HeaderAddress, parseAddressList } from "../../mail/address.ts"
import { isKnownCharset, textOf } from "../../mail/charset.ts"
import { decodeHeaderText } from "../../mail/encoded-word.ts"
import { fieldValues, type HeaderField } from "../../mail/header.ts"
import type { SignatureProblem } from "../signature-facts.ts"

/** Whom readers are shown as author, and whether all of them are shown the same one (RFC 5322 §3.6.2). Pure. */
export interface Author {
  /** Canonical addresses of every From: and every Sender:. */
  readonly from: readonly string[]
  readonly sender: readonly string[]
  readonly problems: readonly SignatureProblem[]
}

/** A longer one names more authors than any letter has, and takes long to look at. */
const maxFieldChars = 2 * 1024
/** Repeated fields are refused however many there are. */
const maxFields = 4
/** Nobody's name; a longer one hides what is at its end. */
const maxNameChars = 256

export function authorOf(fields: readonly HeaderField[]): Author {
  const froms = fieldValues(fields, "from")
  const senders = fieldValues(fields, "sender")
  const problems: SignatureProblem[] = []
  const fromIsPlain = froms.length === 1 && froms.every(isOneMailbox)
  const senderIsPlain = senders.length === 0 || (senders.length === 1 && senders.every(isOneMailbox))
  if (!fromIsPlain || !senderIsPlain) problems.push("ambiguousFrom")
  const shown = [...bounded(froms), ...bounded(senders)].flatMap((value) => mailboxes(parseAddressList(value)))
  if (shown.slice(0, maxFields).some(isMisleading)) problems.push("misleadingDisplayName")
  return { from: canonical(froms), sender: canonical(senders), problems }
}

const bounded = (values: readonly string[]): string[] => values.slice(0, maxFields).map((value) => value.slice(0, maxFieldChars))

const canonical = (values: readonly string[]): string[] => [
  ...new Set(bounded(values).flatMap((value) => addressesIn(parseAddressList(textOf(value))).map(canonicalAddress))),
]

type Mailbox = Extract<HeaderAddress, { readonly kind: "mailbox" }>

const mailboxes = (list: readonly HeaderAddress[]): Mailbox[] => list.flatMap((item) => (item.kind === "group" ? mailboxes(item.members) : [item]))

/** One mailbox, written so that no reader finds another: no group, no second bracket or address, none inside a comment or an encoded-word. */
function isOneMailbox(value: string): boolean {
  if (value.length > maxFieldChars) return false
  const list = parseAddressList(value)
  const [only, ...others] = list
  if (!only || others.length > 0 || only.kind !== "mailbox" || only.domain === "" || only.localPart === "" || only.route !== "") return false
  // oxlint-disable-next-line no-control-regex -- NUL, CR and the rest end a field for some readers
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(value)) return false
  // a comment in the middle of an address ends it for some readers, as white space does
  const bare = withoutQuoted(value).replace(harmlessComment, " ")
  if (bare.includes('"') || /[()]/.test(bare)) return false
  // an encoded-word where RFC 2047 §5 forbids it is decoded by some readers all the same
  if (/=\?[^?]*\?[bq]\?/i.test(bare.slice(bare.lastIndexOf("<") === -1 ? 0 : bare.lastIndexOf("<")))) return false
  const open = bare.split("<").length - 1
  const close = bare.split(">").length - 1
  if (open !== close || open > 1) return false
  if (open === 1 && !/^[^<>]*<[^<>]*>\s*$/.test(bare)) return false
  const specification = open === 1 ? bare.slice(bare.indexOf("<")) : bare
  return specification.split("@").length === 2 && !/\s/.test(specification.replace(/^[\s<]+|[\s>]+$/g, ""))
}

/** "(Sở Y tế)" behind an address, as old senders write the name. */
const harmlessComment = /\([^()<>@"\\,;:]*\)/g

/** Quoted strings emptied. */
const withoutQuoted = (value: string): string => value.replace(/"(?:[^"\\]|\\.)*"/gs, "")

/** What looks like an address to a person, with or without dots, or spread out; NFKC turns "＠" and its like into what they look like. */
const addressLike = /[\p{L}\p{N}._%+'-]+(?:@[\p{L}\p{N}-]+(?:\s*\.\s*[\p{L}\p{N}-]+)*|\s*@\s*[\p{L}\p{N}-]+(?:\s*\.\s*[\p{L}\p{N}-]+)+)/gu
/** Marks that read as the dot of an address, among them those that IDNA 2003 took for one; NFKC leaves them. */
const dots = /[\u00b7\u0589\u06d4\u0701\u0702\u2022\u2027\u2219\u22c5\u3002\u30fb\ua4f8]/gu
/** Controls and what has no width: they make a name read other than it is. What is left of marks after NFKC sits on a letter and hides nothing else. */
const invisibles = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]|\p{Mn}(?=\s*@)/gu
/** Blank, and no white space to a pattern. */
const blanks = /[\u2800\u3164\uffa0\u115f\u1160]/gu

/** Line ends, escape sequences, and octets that are no character here: each reader makes something else of them. */
// oxlint-disable-next-line no-control-regex -- all controls but a tab, which is left of folding
const unreadable = /[\x00-\x08\x0a-\x1f\x7f\u2028\u2029\ufffd]/

const charsetsIn = (name: string): readonly string[] => [...name.matchAll(/=\?([^?\s*]{1,60})(?:\*[^?\s]{0,60})?\?[bq]\?/gi)].map(([, charset = ""]) => charset.toLowerCase().replace(/^utf8$/, "utf-8"))

/** A display name that is, or holds, an address other than the real one. */
function isMisleading({ name, localPart, domain }: Mailbox): boolean {
  // an address of its own in front of the real one
  if (localPart.includes("@")) return true
  if (name === "") return false
  const shown = decodeHeaderText(name)
  // some senders encode twice, and some readers decode twice
  const twice = shown.includes("=?") ? decodeHeaderText(shown) : shown
  // what cannot be decoded here is read by others, each in its way
  if (/=\?[^?\s]+\?[bq]\?/i.test(twice) || charsetsIn(name).some((charset) => !isKnownCharset(charset))) return true
  const own = canonicalAddress(textOf(`${localPart}@${domain}`))
  return [shown, twice].some((text) => {
    if (text.length > maxNameChars || unreadable.test(text) || /[\u202a-\u202e\u2066-\u2069]/u.test(text)) return true
    const plain = text.replace(blanks, " ").normalize("NFKC").replace(invisibles, "").replace(dots, ".")
    return [...plain.matchAll(addressLike)].some(([like]) => canonicalAddress(like.replace(/\s+/g, "")) !== own)
  })
}
