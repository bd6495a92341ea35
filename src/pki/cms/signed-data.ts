import { BerStream, type BerHeader } from "./ber-stream.ts"
import { oidOf, parseAsn1 } from "./asn1.ts"
import { CmsError } from "./cms-error.ts"
import { cmsLimits } from "./cms-limits.ts"
import { oids } from "./oid.ts"

/**
 * The frame of a ContentInfo that holds SignedData (RFC 5652 §3, §5.1): its pieces as bytes, its content streamed past. One pass, bounded memory
 * whatever the size of the content. What the pieces mean is signer-info.ts' and certificate-identity.ts' affair.
 */
export type CmsFrame = SignedDataFrame | { readonly kind: "other"; readonly contentType: string }

export interface SignedDataFrame {
  readonly kind: "signed"
  /** eContentType (RFC 5652 §5.2). */
  readonly contentType: string
  /** Bytes of eContent; null when there is none, which is what "detached" means. */
  readonly contentBytes: number | null
  /** Each DER as it came; only X.509 certificates, other CertificateChoices are counted and dropped. */
  readonly certificates: readonly Buffer[]
  /** RevocationInfoChoices: CertificateLists, and OtherRevocationInfoFormats with tag [1]. */
  readonly revocations: readonly Buffer[]
  /** Each SignerInfo as its elements, in order. */
  readonly signers: readonly (readonly Buffer[])[]
}

const tag = { oid: 0x06, integer: 0x02, octetString: 0x04, octetStringSegments: 0x24, sequence: 0x30, set: 0x31, context0: 0xa0, context1: 0xa1 } as const

export type OnContent = (piece: Buffer) => void | Promise<void>

/** Segments are handed on together: they may be of one byte each. */
const pieceBytes = 16 * 1024

/** OpenSSL, NSS and Outlook write one level; BouncyCastle may write two. */
const maxSegmentDepth = 4
/** Each costs some microseconds, and may be empty. Honest ones hold a thousand octets or more. */
const maxSegments = 100_000

const malformed = (detail: string): CmsError => new CmsError("malformed", detail)

/** Reads all of it. `onContent` gets eContent as it streams past. Throws `CmsError`; the source is closed in any case. */
export async function readCms(chunks: AsyncIterable<Uint8Array>, onContent: OnContent = () => undefined): Promise<CmsFrame> {
  const stream = new BerStream(chunks, cmsLimits.maxDepth)
  try {
    return await new CmsReader(stream, onContent).contentInfo()
  } finally {
    await stream.close()
  }
}

class CmsReader {
  private readonly stream: BerStream
  private readonly onContent: OnContent
  private bytesLeft = cmsLimits.maxBytes
  private certificateCount = 0
  private segments = 0
  private readonly pending: Buffer[] = []
  private pendingBytes = 0

  constructor(stream: BerStream, onContent: OnContent) {
    this.stream = stream
    this.onContent = onContent
  }

  async contentInfo(): Promise<CmsFrame> {
    const outer = await this.stream.header()
    if (outer.tag !== tag.sequence) throw malformed("no ContentInfo")
    const contentType = await this.oid(await this.child(outer, tag.oid))
    // What is inside something else, such as enveloped-data, is not ours to judge.
    if (contentType !== oids.signedData) return { kind: "other", contentType }
    const explicit = await this.child(outer, tag.context0)
    const frame = await this.signedData(await this.child(explicit, tag.sequence))
    await this.noMore(explicit)
    await this.noMore(outer)
    if (!(await this.stream.atEnd())) throw malformed("bytes behind the ContentInfo")
    return frame
  }

  /** RFC 5652 §5.1. */
  private async signedData(header: BerHeader): Promise<SignedDataFrame> {
    await this.whole(await this.child(header, tag.integer))
    await this.whole(await this.child(header, tag.set))
    const { contentType, contentBytes } = await this.encapsulated(await this.child(header, tag.sequence))
    const certificates: Buffer[] = []
    const revocations: Buffer[] = []
    let next = await this.stream.next(header)
    if (next?.tag === tag.context0) {
      for (let item = await this.stream.next(next); item; item = await this.stream.next(next)) {
        if (++this.certificateCount > cmsLimits.maxCertificates) throw new CmsError("tooManyCertificates", "too many certificates")
        const certificate = await this.whole(item, cmsLimits.maxCertificateBytes)
        if (item.tag === tag.sequence) certificates.push(certificate)
      }
      next = await this.stream.next(header)
    }
    if (next?.tag === tag.context1) {
      for (let item = await this.stream.next(next); item; item = await this.stream.next(next)) {
        if (revocations.length === cmsLimits.maxRevocations) throw new CmsError("tooLarge", "too many CRLs")
        revocations.push(await this.whole(item))
      }
      next = await this.stream.next(header)
    }
    if (next?.tag !== tag.set) throw malformed("no SignerInfos")
    const signers: Buffer[][] = []
    for (let item = await this.stream.next(next); item; item = await this.stream.next(next)) {
      if (item.tag !== tag.sequence) throw malformed("no SignerInfo")
      if (signers.length === cmsLimits.maxSigners) throw new CmsError("tooManySigners", "too many signers")
      signers.push(await this.signer(item))
    }
    await this.noMore(header)
    return { kind: "signed", contentType, contentBytes, certificates, revocations, signers }
  }

  /** RFC 5652 §5.3: six or seven elements, eight never. */
  private async signer(header: BerHeader): Promise<Buffer[]> {
    const elements: Buffer[] = []
    let bytes = 0
    for (let item = await this.stream.next(header); item; item = await this.stream.next(header)) {
      const element = await this.whole(item, cmsLimits.maxSignerBytes - bytes)
      bytes += element.length
      if (elements.push(element) > 7) throw malformed("SignerInfo has too many elements")
    }
    return elements
  }

  /** RFC 5652 §5.2. */
  private async encapsulated(header: BerHeader): Promise<{ readonly contentType: string; readonly contentBytes: number | null }> {
    const contentType = await this.oid(await this.child(header, tag.oid))
    const explicit = await this.stream.next(header)
    if (!explicit) return { contentType, contentBytes: null }
    if (explicit.tag !== tag.context0) throw malformed("no eContent")
    const content = await this.stream.next(explicit)
    if (!content) throw malformed("no eContent")
    const contentBytes = await this.content(content, 0)
    await this.flush()
    await this.noMore(explicit)
    await this.noMore(header)
    return { contentType, contentBytes }
  }

  /** An OCTET STRING in one piece or in segments (X.690 §8.7.3). */
  private async content(header: BerHeader, depth: number): Promise<number> {
    let bytes = 0
    if (header.tag === tag.octetString) {
      for await (const piece of this.stream.pieces(header)) {
        bytes += piece.length
        await this.handOn(piece)
      }
      return bytes
    }
    if (header.tag !== tag.octetStringSegments) throw malformed("eContent is no OCTET STRING")
    if (depth === maxSegmentDepth) throw new CmsError("tooDeep", "segments are nested too deeply")
    for (let segment = await this.stream.next(header); segment; segment = await this.stream.next(header)) {
      if (++this.segments > maxSegments) throw new CmsError("tooLarge", "the content comes in too many segments")
      bytes += await this.content(segment, depth + 1)
    }
    return bytes
  }

  private async handOn(piece: Buffer): Promise<void> {
    if (this.pendingBytes === 0 && piece.length >= pieceBytes) return this.onContent(piece)
    this.pending.push(piece)
    this.pendingBytes += piece.length
    if (this.pendingBytes >= pieceBytes) await this.flush()
  }

  private async flush(): Promise<void> {
    const whole = Buffer.concat(this.pending)
    this.pending.length = 0
    this.pendingBytes = 0
    if (whole.length > 0) await this.onContent(whole)
  }

  private async child(parent: BerHeader, expected: number): Promise<BerHeader> {
    const header = await this.stream.next(parent)
    if (header?.tag !== expected) throw malformed(`tag ${expected.toString(16)} expected`)
    return header
  }

  private async oid(header: BerHeader): Promise<string> {
    return oidOf(parseAsn1(await this.whole(header, 64)))
  }

  /** A whole element, within what is left for all of them. */
  private async whole(header: BerHeader, maxBytes = this.bytesLeft): Promise<Buffer> {
    const element = await this.stream.element(header, Math.min(maxBytes, this.bytesLeft))
    this.bytesLeft -= element.length
    return element
  }

  private async noMore(parent: BerHeader): Promise<void> {
    if (await this.stream.next(parent)) throw malformed("unexpected element")
  }
}
