/**
 * How a message's body becomes the part that is signed: which octets are copied and which parts get a transfer encoding, decided before
 * anything is hashed. RFC 8551 §3.1.3: what may meet a 7-bit transport must be 7-bit before it is signed, because a server on the way
 * that has to convert it (RFC 6152 §3) breaks the signature, and no sender knows all servers on the way. Left as they are: nested
 * messages and parts with a signature of their own, since they are somebody else's words. Then the whole is declared 8bit. Pure.
 */
import type { PartOffsets } from "../../mail/content-structure.ts"
import { parseHeader, selectHeaderFields } from "../../mail/header.ts"
import { plainText, readMimeFields } from "../../mail/mime-part.ts"
import { isMultipartSigned } from "./signed-header.ts"
import type { ByteSurvey } from "./survey.ts"
import type { TransferEncoding } from "./transfer-encoding.ts"

/** A piece of the new body, offsets into the old content. */
export type Piece =
  | { readonly kind: "copy"; readonly start: number; readonly end: number }
  | { readonly kind: "text"; readonly bytes: Uint8Array }
  | { readonly kind: "encode"; readonly encoding: TransferEncoding; readonly start: number; readonly end: number }

/** What the survey found: raw headers of parts and the look of leaves, by the offset where each starts. */
export interface SurveyedParts {
  readonly headers: ReadonlyMap<number, Buffer>
  readonly leaves: ReadonlyMap<number, ByteSurvey>
  /** Headers, preambles and whatever is left alone. */
  readonly others: ByteSurvey
}

export interface BodyPlan {
  readonly pieces: readonly Piece[]
  /** Encoding to be declared for the whole; "8bit" when something had to be left so. */
  readonly encoding: string
  readonly sevenBit: boolean
}

export function planBody(root: PartOffsets, isText: boolean, parts: SurveyedParts): BodyPlan {
  const sevenBit = parts.others.eightBit === 0 && othersAreSevenBit(root, parts)
  const encoding = neededEncoding(root, isText, parts.leaves.get(root.bodyStart))
  const asItIs = identityEncodings.has(root.encoding) ? (sevenBit ? "7bit" : "8bit") : root.encoding
  return { pieces: merge(bodyPieces(root, parts, sevenBit, encoding)), encoding: encoding ?? asItIs, sevenBit }
}

/** Where the leaves are that may get another encoding: outside of what is left alone. */
function* changeableLeaves(part: PartOffsets, headers: ReadonlyMap<number, Buffer>): Generator<number> {
  if (isLeftAlone(part, headers)) return
  if (!part.multipart && identityEncodings.has(part.encoding)) yield part.bodyStart
  for (const child of part.children) yield* changeableLeaves(child, headers)
}

/** A nested message, a part with its own signature, a part whose header is too large to know. */
function isLeftAlone(part: PartOffsets, headers: SurveyedParts["headers"]): boolean {
  const header = headers.get(part.headerStart)
  return !header || part.message !== undefined || isMultipartSigned(parseHeader(header))
}

const identityEncodings = new Set(["7bit", "8bit", "binary"])

function othersAreSevenBit(root: PartOffsets, { headers, leaves }: SurveyedParts): boolean {
  const changeable = new Set(changeableLeaves(root, headers))
  return [...leaves].every(([start, { eightBit }]) => eightBit === 0 || changeable.has(start))
}

const neededEncoding = (part: PartOffsets, isText: boolean, survey: ByteSurvey | undefined): TransferEncoding | undefined => {
  if (!survey || part.multipart || part.message || !identityEncodings.has(part.encoding) || (survey.sevenBit && part.encoding !== "binary")) return undefined
  // an escape is three characters for one octet, base64 four for three: a text stays readable unless that costs more
  return isText && survey.eightBit * 6 < survey.size ? "quoted-printable" : "base64"
}

const bodyPieces = (part: PartOffsets, parts: SurveyedParts, sevenBit: boolean, encoding?: TransferEncoding): Piece[] => {
  const { bodyStart, bodyEnd } = part
  if (encoding) return [{ kind: "encode", encoding, start: bodyStart, end: bodyEnd }]
  const pieces: Piece[] = []
  let at = bodyStart
  for (const child of isLeftAlone(part, parts.headers) ? [] : part.children) {
    pieces.push({ kind: "copy", start: at, end: child.headerStart }, ...childPieces(child, parts, sevenBit))
    at = child.bodyEnd
  }
  pieces.push({ kind: "copy", start: at, end: bodyEnd })
  return pieces
}

function childPieces(part: PartOffsets, parts: SurveyedParts, sevenBit: boolean): Piece[] {
  const { headerStart, bodyStart, bodyEnd } = part
  const header = parts.headers.get(headerStart)
  const unchanged: Piece = { kind: "copy", start: headerStart, end: bodyEnd }
  if (!header || isLeftAlone(part, parts.headers)) return [unchanged]
  const encoding = neededEncoding(part, readMimeFields(parseHeader(header), plainText).type === "text", parts.leaves.get(bodyStart))
  const declared = encoding ?? (part.multipart && sevenBit && part.encoding !== "7bit" ? "7bit" : undefined)
  const newHeader: Piece = declared ? { kind: "text", bytes: withEncoding(header, declared) } : { kind: "copy", start: headerStart, end: bodyStart }
  return [newHeader, ...bodyPieces(part, parts, sevenBit, encoding)]
}

function withEncoding(header: Buffer, encoding: string): Buffer {
  const rest = selectHeaderFields(header, ["content-transfer-encoding"], true)
  // a part may begin with its body, without even an empty line
  const end = rest.length === 0 ? "\r\n" : ""
  return Buffer.concat([Buffer.from(`Content-Transfer-Encoding: ${encoding}\r\n`), rest, Buffer.from(end)])
}

/** Copies that touch become one, so that a content is read in as few ranges as can be. */
function merge(pieces: readonly Piece[]): Piece[] {
  const merged: Piece[] = []
  for (const piece of pieces) {
    const last = merged.at(-1)
    if (piece.kind !== "text" && piece.start >= piece.end) continue
    if (piece.kind === "copy" && last?.kind === "copy" && last.end === piece.start) merged[merged.length - 1] = { kind: "copy", start: last.start, end: piece.end }
    else merged.push(piece)
  }
  return merged
}
