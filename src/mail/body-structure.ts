import { imapNstring, imapString } from "./imap-string.ts"
import type { Parameter } from "./mime-parameter.ts"
import type { MimeFields, MimePart } from "./mime-part.ts"

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
  const { disposition, languages } = mime
  const shown = disposition ? `(${imapString(disposition.value)} ${parameterList(disposition.parameters)})` : "NIL"
  const spoken = languages.length === 0 ? "NIL" : `(${languages.map(imapString).join(" ")})`
  return `${shown} ${spoken} ${imapNstring(mime.location)}`
}

const leaf = (part: MimePart): string => {
  const { mime } = part
  const isText = mime.type === "text"
  const media = part.opaque ? '"application" "octet-stream"' : `${imapString(mime.type)} ${imapString(mime.subtype)}`
  return `(${media} ${parameterList(mime.parameters, isText)} ${imapNstring(mime.id)} ${imapNstring(mime.description)} ${imapString(mime.encoding)} ${part.bodyEnd - part.bodyStart}${isText ? ` ${part.lines}` : ""}`
}

/** Recursion is as deep as the scanner's nesting limit. */
const write = (part: MimePart, extended: boolean, out: string[]): void => {
  if (part.kind === "multipart") {
    out.push("(")
    if (part.children.length === 0) out.push(emptyPart, extended ? " NIL NIL NIL NIL)" : ")")
    for (const child of part.children) write(child, extended, out)
    out.push(" ", imapString(part.mime.subtype))
    if (extended) out.push(" ", parameterList(part.mime.parameters), " ", extension(part.mime))
    out.push(")")
    return
  }
  out.push(leaf(part))
  if (part.kind === "message" && part.message) {
    out.push(" ", part.message.envelope, " ")
    write(part.message, extended, out)
    out.push(` ${part.lines}`)
  }
  if (extended) out.push(" ", imapNstring(part.mime.md5), " ", extension(part.mime))
  out.push(")")
}

/** The IMAP BODY (RFC 9051 §7.5.2) or, `extended`, BODYSTRUCTURE of a scanned message, one char per byte. */
export const renderBodyStructure = (root: MimePart, extended: boolean): string => {
  const out: string[] = []
  write(root, extended, out)
  return out.join("")
}
