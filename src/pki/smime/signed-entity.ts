import type { ScannedPart } from "../../mail/mime-part.ts"
import type { SignatureProblem } from "../signature-facts.ts"
import { PacedScanner } from "./paced-scanner.ts"
import { payloadsOf, type SignedPart } from "./payloads.ts"

/** Learns what a signed MIME entity is while its bytes stream past. */
export interface SignedEntity {
  readonly root: ScannedPart
  /** Where a reader looks for protected header fields, the innermost first. */
  readonly payloads: readonly SignedPart[]
  readonly encryptedInside: boolean
  readonly problems: readonly SignatureProblem[]
}

/** As much as holds the header of the entity and of a message right behind it. */
const maxKeptBytes = 64 * 1024

export class EntityReader {
  private readonly scanner = new PacedScanner()
  private readonly kept: Buffer[] = []
  private keptBytes = 0
  private bytes = 0

  async push(piece: Uint8Array): Promise<void> {
    await this.scanner.push(piece)
    this.bytes += piece.length
    const room = maxKeptBytes - this.keptBytes
    if (room <= 0) return
    const copy = Buffer.from(piece.subarray(0, room))
    this.kept.push(copy)
    this.keptBytes += copy.length
  }

  async finish(): Promise<SignedEntity> {
    const { root, headerFields } = this.scanner.finish()
    const start = Buffer.concat(this.kept)
    const parts = leavesOf(root)
    const problems: SignatureProblem[] = []
    if (this.isBlank(parts, start)) problems.push("empty")
    if (parts.some(isElsewhere)) problems.push("externalContent")
    if (parts.some(({ opaque, mime }) => opaque && mime.type === "multipart")) problems.push("tooDeep")
    const payloads = await payloadsOf({ root, headerFields, bytes: start, isCut: this.bytes > start.length })
    return { root, payloads: payloads.parts, encryptedInside: isEncrypted(root), problems: [...problems, ...payloads.problems] }
  }

  /** Nothing but white space in any part. Something longer than what is kept is no longer nothing. */
  private isBlank(parts: readonly ScannedPart[], start: Buffer): boolean {
    const total = parts.reduce((sum, { bodyStart, bodyEnd }) => sum + bodyEnd - bodyStart, 0)
    if (total === 0) return true
    return this.bytes <= start.length && parts.every(({ bodyStart, bodyEnd }) => start.toString("latin1", bodyStart, bodyEnd).trim() === "")
  }
}

/** Leaves of all levels, nested messages' too. Recursion is as deep as the scanner's nesting limit. */
export const leavesOf = (part: ScannedPart): ScannedPart[] => {
  if (part.message) return leavesOf(part.message)
  return part.kind === "multipart" ? part.children.flatMap(leavesOf) : [part]
}

/** RFC 2046 §5.2.2, §5.2.3: content that is put together from elsewhere, so that nothing here can vouch for it. */
export const isElsewhere = ({ mime }: ScannedPart): boolean => mime.type === "message" && (mime.subtype === "external-body" || mime.subtype === "partial")

/** RFC 8551 §3.3, §3.4, or what is so called: its key would be needed to know better. */
const isEncrypted = ({ mime }: ScannedPart): boolean => {
  if (mime.type !== "application" || (mime.subtype !== "pkcs7-mime" && mime.subtype !== "x-pkcs7-mime")) return false
  const kind = mime.parameters.find(({ name }) => name.toLowerCase() === "smime-type")?.value.toLowerCase()
  return kind === undefined || kind === "enveloped-data" || kind === "authenveloped-data"
}
