/**
 * The two headers of a message that becomes multipart/signed: what stays outside, and what the signature covers (RFC 9788 §5.2.1).
 * Fields keep their octets and their order. Pure.
 */
import { type HeaderField, parseHeader, selectHeaderFields } from "../../mail/header.ts"
import { plainText, readMimeFields, type MimeFields } from "../../mail/mime-part.ts"

export interface SplitHeader {
  /** Everything but the fields that tell of the body, without the empty line. */
  readonly outer: Buffer
  /** Fields that the signature is to cover and that say nothing of the body, without the empty line. */
  readonly protectedFields: Buffer
  /** Content-* fields but for Content-Type and Content-Transfer-Encoding, which are written anew. */
  readonly contentFields: Buffer
  readonly mime: MimeFields
}

/** Fields that are written by servers on the way or about another form of the message: a copy would protect nothing, or be wrong at once. */
const unprotected = ["return-path", "received", "received-spf", "delivered-to", "authentication-results", "dkim-signature", "bcc", "resent-bcc"]
const unprotectedPrefix = "arc-"

export function splitHeader(block: Buffer): SplitHeader {
  const fields = parseHeader(block)
  const names = (wanted: (name: string) => boolean): string[] => [...new Set(fields.map(({ name }) => name).filter(wanted))]
  const content = names(isStructural)
  return {
    outer: selected(block, [...content, "mime-version"], true),
    protectedFields: selected(block, [...content, "mime-version", ...unprotected, ...names((name) => name.startsWith(unprotectedPrefix))], true),
    contentFields: selected(block, content.filter((name) => name !== "content-type" && name !== "content-transfer-encoding")),
    mime: readMimeFields(fields, plainText),
  }
}

/** RFC 9787 §1.1.1: a field that describes the part that it stands in. */
const isStructural = (name: string): boolean => name.startsWith("content-")

const selected = (block: Buffer, names: readonly string[], not = false): Buffer => withoutEnd(selectHeaderFields(block, names, not))

/** Without the empty line, and with an end to the last field. */
function withoutEnd(block: Buffer): Buffer {
  if (block.equals(crlf)) return Buffer.alloc(0)
  if (block.subarray(-4).equals(emptyLine)) return block.subarray(0, -2)
  return block.length === 0 || block.subarray(-2).equals(crlf) ? block : Buffer.concat([block, crlf])
}

const crlf = Buffer.from("\r\n")
const emptyLine = Buffer.from("\r\n\r\n")

/** The Content-Type of the signed part as the scanner understood it, so that no other reading of it is signed; with the mark of RFC 9788 §2.1.1. */
export function protectedContentType({ type, subtype, parameters }: MimeFields): string {
  const kept = parameters.filter(({ name }) => isToken(name) && name.toLowerCase() !== "hp")
  return [`Content-Type: ${type}/${subtype}`, ...[...kept, { name: "hp", value: "clear" }].map(({ name, value }) => ` ${name}=${parameterForm(name, value)}`)].join(";\r\n") + "\r\n"
}

const isToken = (name: string): boolean => /^[!#$%&'*+\-.^_`{|}~0-9A-Za-z]+$/.test(name)

/** RFC 2231 §4: a value with a charset or in percent form stands without quotes. */
const parameterForm = (name: string, value: string): string => (name.endsWith("*") && isToken(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`)

export const isMultipartSigned = (fields: readonly HeaderField[]): boolean => {
  const { type, subtype } = readMimeFields(fields, plainText)
  return type === "multipart" && subtype === "signed"
}
