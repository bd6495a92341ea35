import type { ShownPart } from "./body-structure.ts"
import { trimWhite } from "./header.ts"
import type { HeaderField } from "./header.ts"
import { parseParameterized, stripComments } from "./mime-parameter.ts"
import type { Parameter } from "./mime-parameter.ts"

/** What a part's header says of its body (RFC 2045, RFC 2183, RFC 3282, RFC 2557, RFC 1864). Byte strings, one char per byte. */
export interface MimeFields {
  /** Lower case. */
  readonly type: string
  readonly subtype: string
  readonly parameters: readonly Parameter[]
  readonly id: string | undefined
  readonly description: string | undefined
  /** Lower case; "7bit" when absent (RFC 2045 §6.1). */
  readonly encoding: string
  readonly md5: string | undefined
  readonly disposition: { readonly value: string; readonly parameters: readonly Parameter[] } | undefined
  readonly languages: readonly string[]
  readonly location: string | undefined
}

/** One part while and after it is scanned. Offsets are bytes of the content. */
export interface MimePart {
  readonly headerStart: number
  bodyStart: number
  bodyEnd: number
  mime: MimeFields
  /** Line ends in the body: known for text, for message/rfc822 and whatever is inside one. */
  lines: number
  kind: "leaf" | "multipart" | "message"
  /** A multipart or message that is not looked into (too deep, too many, encoded): shown as application/octet-stream. */
  opaque: boolean
  readonly children: MimePart[]
  /** kind message: the nested message. */
  message: MimePart | undefined
  /** The root of a message: its rendered ENVELOPE. */
  envelope: string
  /** The parts or the message inside it, rendered as they ended, so that the end of a large message is no long step. */
  shownParts: ShownPart | undefined
}

/** A part when all of it has been scanned. */
export interface ScannedPart extends Readonly<Pick<MimePart, "headerStart" | "bodyStart" | "bodyEnd" | "mime" | "kind" | "opaque">> {
  readonly children: readonly ScannedPart[]
  readonly message: ScannedPart | undefined
}

const noParameters: readonly Parameter[] = []
const noLanguages: readonly string[] = []

/** RFC 2045 §5.2: what a part without a Content-Type is. */
export const plainText: MimeFields = {
  type: "text", subtype: "plain", parameters: noParameters, id: undefined, description: undefined,
  encoding: "7bit", md5: undefined, disposition: undefined, languages: noLanguages, location: undefined,
}

/** RFC 2046 §5.1.5: what a part of a multipart/digest without a Content-Type is. */
export const digestEntry: MimeFields = { ...plainText, type: "message", subtype: "rfc822" }

const typeOf = (value: string): { readonly type: string; readonly subtype: string } | undefined => {
  const slash = value.indexOf("/")
  if (slash <= 0) return undefined
  const type = trimWhite(value.slice(0, slash)).toLowerCase()
  const subtype = (trimWhite(value.slice(slash + 1)).split(/[\t ]/, 1)[0] ?? "").toLowerCase()
  return type === "" || subtype === "" ? undefined : { type, subtype }
}

const mimeNames = new Set([
  "content-type", "content-transfer-encoding", "content-id", "content-description", "content-md5", "content-location",
  "content-disposition", "content-language",
])

/** The MIME fields of a header. The first of repeated fields counts, as most readers do. */
export const readMimeFields = (fields: readonly HeaderField[], absent: MimeFields): MimeFields => {
  let mime = absent
  const seen: string[] = []
  for (const { name, value } of fields) {
    if (!name.startsWith("content-") || !mimeNames.has(name) || seen.includes(name)) continue
    seen.push(name)
    switch (name) {
      case "content-type": {
        const { value: media, parameters } = parseParameterized(value)
        const named = typeOf(media)
        // RFC 2045 §5.2: what cannot be read is plain text.
        mime = named ? { ...mime, ...named, parameters } : { ...mime, type: "text", subtype: "plain" }
        break
      }
      case "content-transfer-encoding": {
        const encoding = (trimWhite(stripComments(value)).split(/[\t ;]/, 1)[0] ?? "").toLowerCase()
        if (encoding !== "") mime = { ...mime, encoding }
        break
      }
      case "content-id": mime = { ...mime, id: value }; break
      case "content-description": mime = { ...mime, description: value }; break
      case "content-md5": mime = { ...mime, md5: value }; break
      case "content-location": mime = { ...mime, location: value }; break
      case "content-disposition": {
        const disposition = parseParameterized(value)
        if (disposition.value !== "") mime = { ...mime, disposition }
        break
      }
      case "content-language": {
        const languages = stripComments(value).split(",", 50).map(trimWhite).filter(Boolean)
        mime = { ...mime, languages }
        break
      }
    }
  }
  return mime
}
