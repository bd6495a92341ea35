import { imapNstring, imapString } from "./imap-string.ts"
import type { Parameter } from "./mime-parameter.ts"
import { plainText } from "./mime-part.ts"
import type { MimeFields, MimePart } from "./mime-part.ts"

/** A part as IMAP BODY (no extension data) and BODYSTRUCTURE (RFC 9051 §7.5.2), one char per byte. */
export interface ShownPart {
  body: string
  bodyStructure: string
}

/** RFC 9051 §9 body-type-mpart wants one part at least; a multipart without any is shown with this, of no bytes. */
const emptyPart = '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0'

const parameterList = (parameters: readonly Parameter[], isText = false): string => {
  let list = ""
  let charset = false
  for (const { name, value } of parameters) {
    if (isText && name.toLowerCase() === "charset") charset = true
    list += `${list === "" ? "" : " "}${imapString(name)} ${imapString(value)}`
  }
  // RFC 2045 §5.2: a text part that names no charset is US-ASCII; clients expect to be told.
  if (isText && !charset) list += `${list === "" ? "" : " "}"charset" "us-ascii"`
  return list === "" ? "NIL" : `(${list})`
}

/** body-fld-dsp, body-fld-lang and body-fld-loc, which end the extension data of every part. */
const extension = (mime: MimeFields): string => {
  const { disposition, languages, location } = mime
  if (!disposition && languages.length === 0 && location === undefined) return "NIL NIL NIL"
  const shown = disposition ? `(${imapString(disposition.value)} ${parameterList(disposition.parameters)})` : "NIL"
  const spoken = languages.length === 0 ? "NIL" : `(${languages.map(imapString).join(" ")})`
  return `${shown} ${spoken} ${imapNstring(location)}`
}

/** Media type to encoding: all of body-fields but the size. */
const fields = (mime: MimeFields, opaque: boolean): string => {
  const media = opaque ? '"application" "octet-stream"' : `${imapString(mime.type)} ${imapString(mime.subtype)}`
  return `(${media} ${parameterList(mime.parameters, mime.type === "text")} ${imapNstring(mime.id)} ${imapNstring(mime.description)} ${imapString(mime.encoding)}`
}

/** The fields of a part without a header, of which there may be thousands. */
const plainFields = fields(plainText, false)

const showMultipart = (part: MimePart): ShownPart => {
  const { mime } = part
  const parts = part.shownParts ?? { body: `${emptyPart})`, bodyStructure: `${emptyPart} NIL NIL NIL NIL)` }
  const subtype = imapString(mime.subtype)
  return {
    body: `(${parts.body} ${subtype})`,
    bodyStructure: `(${parts.bodyStructure} ${subtype} ${parameterList(mime.parameters)} ${extension(mime)})`,
  }
}

/** A part that has ended; those inside it were shown before and are in its `shownParts`. */
export const showPart = (part: MimePart): ShownPart => {
  if (part.kind === "multipart") return showMultipart(part)
  const { mime } = part
  const common = `${mime === plainText ? plainFields : fields(mime, part.opaque)} ${part.bodyEnd - part.bodyStart}`
  const end = ` ${imapNstring(mime.md5)} ${extension(mime)})`
  if (part.kind === "message" && part.message && part.shownParts) {
    const { body, bodyStructure } = part.shownParts
    const envelope = part.message.envelope
    return { body: `${common} ${envelope} ${body} ${part.lines})`, bodyStructure: `${common} ${envelope} ${bodyStructure} ${part.lines}${end}` }
  }
  const whole = mime.type === "text" ? `${common} ${part.lines}` : common
  return { body: `${whole})`, bodyStructure: `${whole}${end}` }
}

/** Adds a part that has ended to the one it is in. */
export const addShownPart = (parent: MimePart, shown: ShownPart): void => {
  const before = parent.shownParts
  if (before) {
    before.body += shown.body
    before.bodyStructure += shown.bodyStructure
  } else parent.shownParts = { body: shown.body, bodyStructure: shown.bodyStructure }
}
