import type { HeaderField } from "../../mail/header.ts"
import { parameterText, parameterValue } from "../../mail/mime-parameter.ts"
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

/**
 * What carries the signature, which covers neither its name nor its header: CMS has room for a stranger's document, and a reader that knows no S/MIME, or takes
 * another of two Content-Type fields, shows it as an attachment of a signed letter. `fields`: of its header.
 */
export function carrierProblems({ mime }: Pick<ScannedPart, "mime">, fields: readonly HeaderField[]): SignatureProblem[] {
  const names = [parameterText(mime.parameters, "name"), mime.disposition && parameterText(mime.disposition.parameters, "filename")]
  return names.every((name) => name === undefined || name === null || isCarrierName(name)) ? headerProblems(fields) : ["malformed"]
}

/** RFC 8551 §3.2.1; some gateways put something behind it or leave it empty. */
const isCarrierName = (name: string): boolean => name === "" || /^[\p{L}\p{M}\p{N}_ .()-]*\.p7[msz]$/iu.test(name)

/** A multipart whose boundary is said twice is cut in two ways, and so is one whose boundary is also that of a multipart inside (RFC 2046 §5.1.1). */
export const boundaryProblems = (part: ScannedPart): SignatureProblem[] => (saysBoundaryOnce(part) && !comesAgain(part, new Set()) ? [] : ["malformed"])

function saysBoundaryOnce({ mime }: ScannedPart): boolean {
  const names = mime.parameters.map(({ name }) => name.toLowerCase())
  const boundaries = names.filter((name) => name === "boundary" || name.startsWith("boundary*"))
  return boundaries.length <= 1 || (boundaries.every((name) => name !== "boundary") && new Set(boundaries).size === boundaries.length)
}

/** As deep as the scanner's nesting limit. */
function comesAgain({ kind, mime, children, message }: ScannedPart, above: ReadonlySet<string>): boolean {
  const boundary = kind === "multipart" ? parameterValue(mime.parameters, "boundary")?.trimEnd() : undefined
  if (boundary !== undefined && above.has(boundary)) return true
  const here = boundary === undefined ? above : new Set([...above, boundary])
  return children.some((child) => comesAgain(child, here)) || (message !== undefined && comesAgain(message, here))
}
