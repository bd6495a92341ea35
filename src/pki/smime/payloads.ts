import { ContentScanner } from "../../mail/content-scanner.ts"
import { type HeaderField, parseHeader } from "../../mail/header.ts"
import type { ScannedPart } from "../../mail/mime-part.ts"
import { CmsError } from "../cms/cms-error.ts"
import { readCms } from "../cms/signed-data.ts"
import { isCmsPart } from "./signed-layer.ts"
import { decodeTransfer } from "./transfer-decoding.ts"

/**
 * Where a reader looks for protected header fields: what signatures within each other sign, the innermost first (RFC 9787 §4.4). They stand at the beginning, so
 * that of an opaque signature within, too, only that is read; what does not fit is said, for there readers may see what is not seen here.
 */
export interface SignedPart {
  readonly part: ScannedPart
  readonly fields: readonly HeaderField[]
  /** Of the message that is the part's only content; empty when it is none. */
  readonly nestedFields: readonly HeaderField[]
}

export interface Payloads {
  readonly parts: readonly SignedPart[]
  readonly problems: readonly ("tooLarge" | "tooDeep")[]
}

/** The entity that is looked into. */
export interface Beginning {
  readonly root: ScannedPart
  readonly headerFields: readonly HeaderField[]
  readonly bytes: Buffer
  /** There is more than `bytes`. */
  readonly isCut: boolean
}

/** Triple wrapping (RFC 2634 §1.1) has two signatures; nobody has more than a few. */
const maxOpaqueLayers = 4

export async function payloadsOf({ root, headerFields, bytes, isCut }: Beginning, layers = maxOpaqueLayers): Promise<Payloads> {
  const isWhole = (part: ScannedPart | undefined): boolean => part === undefined || part.bodyStart < bytes.length || (!isCut && part.bodyStart === bytes.length)
  const headerOf = (part: ScannedPart): readonly HeaderField[] => (isWhole(part) ? parseHeader(bytes.subarray(part.headerStart, part.bodyStart)) : [])
  const chain = signedChain(root)
  const parts = chain.map((part) => ({ part, fields: part === root ? headerFields : headerOf(part), nestedFields: part.message ? headerOf(part.message) : [] }))
  const own: Payloads = { parts, problems: chain.every((part) => isWhole(part)) ? [] : ["tooLarge"] }
  const innermost = chain[0]
  if (!innermost || !isCmsPart(innermost.mime) || innermost.bodyStart >= bytes.length) return own
  if (layers === 0) return { ...own, problems: [...own.problems, "tooDeep"] }
  const inside = await openedBeginning(innermost, bytes)
  if (!inside) return own
  const deeper = await payloadsOf(inside, layers - 1)
  return { parts: [...deeper.parts, ...own.parts], problems: [...own.problems, ...deeper.problems] }
}

/** What multipart/signed parts within each other sign, the innermost first, then what is around it. */
function signedChain(root: ScannedPart): readonly ScannedPart[] {
  const [signed] = root.children
  return root.mime.type === "multipart" && root.mime.subtype === "signed" && signed ? [...signedChain(signed), root] : [root]
}

/** What an opaque signature signs, as far as it is there; undefined when there is none, or nothing that is signed. */
async function openedBeginning({ bodyStart, bodyEnd, mime }: ScannedPart, bytes: Buffer): Promise<Beginning | undefined> {
  const pieces: Buffer[] = []
  let isCut = bodyEnd > bytes.length
  try {
    const frame = await readCms(decodeTransfer(only(bytes.subarray(bodyStart, bodyEnd)), mime.encoding), (piece) => void pieces.push(Buffer.from(piece)))
    if (frame.kind === "other") return undefined
  } catch (error) {
    if (!(error instanceof CmsError)) throw error
    // the end is not there, or broken: readers may show the beginning all the same
    isCut = true
  }
  const content = Buffer.concat(pieces)
  const scanner = new ContentScanner({ searchText: false })
  scanner.push(content)
  return content.length > 0 ? { ...scanner.finish(), bytes: content, isCut } : undefined
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
