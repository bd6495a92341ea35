import { byteString, type HeaderField } from "../../mail/header.ts"
import { type Parameter, parameterText, parameterValue } from "../../mail/mime-parameter.ts"
import type { ScannedPart } from "../../mail/mime-part.ts"
import type { SignatureProblem } from "../signature-facts.ts"

/**
 * Headers that readers understand differently: some take the first of repeated fields, some the last (RFC 5322 §3.6, RFC 2045 §3 allow one).
 * From: and Sender: are author.ts' affair. Pure.
 */
const once = new Set([
  "date", "reply-to", "to", "cc", "subject", "message-id", "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
])

export function headerProblems(fields: readonly HeaderField[]): SignatureProblem[] {
  const seen = new Set<string>()
  for (const { name, value } of fields) {
    // oxlint-disable-next-line no-control-regex -- a NUL or CR ends a field for some readers
    if (/[\0\r]/.test(name) || (once.has(name) && /[\0\r]/.test(value))) return ["malformed"]
    if (once.has(name) && seen.has(name)) return ["malformed"]
    seen.add(name)
  }
  return []
}

/** Of the octets of a header: a line that begins no field and goes on with none. Some readers leave it out, some end the header there and show the rest as it stands. */
export const strayLines = (block: Uint8Array): SignatureProblem[] =>
  byteString(block).split("\n").some((line, at) => !/^\r?$/.test(line) && !/^[!-9;-~]+[ \t]*:/.test(line) && (at === 0 || !/^[ \t]+[^ \t\r]/.test(line))) ? ["malformed"] : []

/**
 * What carries the signature, which covers neither its name nor its header: CMS has room for a stranger's document, and a reader that knows no S/MIME, or takes
 * another of two Content-Type fields, shows it as an attachment of a signed letter. `fields`: of its header.
 */
export function carrierProblems({ mime }: Pick<ScannedPart, "mime">, fields: readonly HeaderField[]): SignatureProblem[] {
  // of two names some readers take the first and some the last
  if (saysTwice(mime.parameters, "name") || saysTwice(mime.disposition?.parameters ?? [], "filename")) return ["malformed"]
  const names = [parameterText(mime.parameters, "name"), mime.disposition && parameterText(mime.disposition.parameters, "filename")]
  return names.every((name) => name === undefined || name === null || isCarrierName(name)) ? headerProblems(fields) : ["malformed"]
}

const saysTwice = (parameters: readonly Parameter[], name: string): boolean => parameters.filter((one) => one.name.toLowerCase() === name).length > 1

/** RFC 8551 §3.2.1; some gateways put something behind it or leave it empty. */
const isCarrierName = (name: string): boolean => name === "" || /^[\p{L}\p{M}\p{N}_ .()-]*\.p7[msz]$/iu.test(name)

/** A multipart whose boundary is said twice, or in pieces that not all readers put together (RFC 2231 §3), is cut in two ways, and so is one whose boundary is also that of a multipart inside (RFC 2046 §5.1.1). */
export const boundaryProblems = (part: ScannedPart): SignatureProblem[] => (saysBoundaryOnce(part) && !comesAgain(part, new Set()) ? [] : ["malformed"])

function saysBoundaryOnce({ mime }: ScannedPart): boolean {
  const names = mime.parameters.map(({ name }) => name.toLowerCase())
  return names.filter((name) => name === "boundary").length === 1 && !names.some((name) => name.startsWith("boundary*"))
}

/** As deep as the scanner's nesting limit. */
function comesAgain({ kind, mime, children, message }: ScannedPart, above: ReadonlySet<string>): boolean {
  const boundary = kind === "multipart" ? parameterValue(mime.parameters, "boundary")?.trimEnd() : undefined
  if (boundary !== undefined && above.has(boundary)) return true
  const here = boundary === undefined ? above : new Set([...above, boundary])
  return children.some((child) => comesAgain(child, here)) || (message !== undefined && comesAgain(message, here))
}
