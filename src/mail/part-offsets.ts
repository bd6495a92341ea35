import type { PartOffsets } from "./content-structure.ts"
import type { MimePart } from "./mime-part.ts"

const none: readonly PartOffsets[] = []

/** What is stored of a scanned part. Recursion is as deep as the scanner's nesting limit. */
export const partOffsets = (part: MimePart): PartOffsets => {
  const multipart = part.kind === "multipart"
  const offsets = {
    headerStart: part.headerStart, bodyStart: part.bodyStart, bodyEnd: part.bodyEnd, encoding: part.mime.encoding, multipart,
    children: multipart ? childrenOf(part) : none,
  }
  return part.message ? { ...offsets, message: partOffsets(part.message) } : offsets
}

/** A multipart without parts is shown with an empty one (see body-structure.ts), so there must be one to fetch. */
const childrenOf = (part: MimePart): PartOffsets[] => {
  if (part.children.length > 0) return part.children.map(partOffsets)
  const at = part.bodyEnd
  return [{ headerStart: at, bodyStart: at, bodyEnd: at, encoding: "7bit", multipart: false, children: none }]
}
