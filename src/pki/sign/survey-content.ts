import type { PartOffsets } from "../../mail/content-structure.ts"
import { LineEndingCheck } from "../../mail/line-ending.ts"
import type { SurveyedParts } from "./signed-part.ts"
import type { ReadableContent } from "./smime-sign.ts"
import { ByteSurvey } from "./survey.ts"

export interface SurveyedContent extends SurveyedParts {
  /** Every CR is followed by LF and every LF follows CR (RFC 8551 §3.1.1). */
  readonly canonical: boolean
}

/** Of all parts together; a part whose header has no room is left as it is. */
const maxHeadersBytes = 4 * 1024 * 1024

/** Reads the content once and looks at each part of it. Memory: headers up to the limit, a few numbers for each leaf. */
export async function surveyContent({ size, structure, read }: Pick<ReadableContent, "size" | "structure" | "read">): Promise<SurveyedContent> {
  const lineEnds = new LineEndingCheck()
  const others = new ByteSurvey()
  const headers = new Map<number, Buffer>()
  const leaves = new Map<number, ByteSurvey>()
  let headerBytes = 0
  const regions = regionsOf(structure.root)
  let region = regions.next().value
  let gathered: Uint8Array[] = []
  let at = 0

  const take = (bytes: Uint8Array): void => {
    if (region?.kind === "leaf") {
      const survey = leaves.get(region.start) ?? new ByteSurvey()
      survey.push(bytes)
      leaves.set(region.start, survey)
      return
    }
    others.push(bytes)
    if (region === undefined || headerBytes + bytes.length > maxHeadersBytes) return
    headerBytes += bytes.length
    gathered.push(Buffer.from(bytes))
  }
  const endRegions = (): void => {
    while (region && region.end <= at) {
      if (region.kind === "header") {
        const header = Buffer.concat(gathered)
        if (header.length === region.end - region.start) headers.set(region.start, header)
        gathered = []
      }
      region = regions.next().value
    }
  }

  endRegions()
  for await (const chunk of read({ start: 0, end: size })) {
    lineEnds.push(chunk)
    for (let from = 0; from < chunk.length; ) {
      const edge = region === undefined ? size : at < region.start ? region.start : region.end
      const piece = chunk.subarray(from, from + Math.max(1, edge - at))
      if (region && at >= region.start) take(piece)
      else others.push(piece)
      from += piece.length
      at += piece.length
      endRegions()
    }
  }
  return { canonical: lineEnds.finish(), headers, leaves, others }
}

interface Region {
  readonly kind: "header" | "leaf"
  readonly start: number
  readonly end: number
}

/** In the order of the content. Nested messages are nobody's to change, and so are not told apart. */
function* regionsOf(part: PartOffsets): Generator<Region, undefined> {
  yield { kind: "header", start: part.headerStart, end: part.bodyStart }
  if (part.multipart) for (const child of part.children) yield* regionsOf(child)
  else if (!part.message) yield { kind: "leaf", start: part.bodyStart, end: part.bodyEnd }
  return undefined
}
