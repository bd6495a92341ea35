/**
 * A large content as it rests in the blob store: sealed piece by piece, so that a range is read without the pieces before it, and written with
 * no more in memory than one piece. Must not know: what the bytes are, where the key of a blob is kept.
 */
import { giveBack } from "../../base/give-back.ts"
import { nextTurn } from "../../base/turn.ts"
import type { Sealer } from "../sealing.ts"
import type { BlobStore, BlobWriter } from "./blob-store.ts"

export interface SealedBlobs {
  readonly blobs: BlobStore
  readonly sealer: Sealer
}

/** Plain bytes of each piece but the last. */
export const pieceBytes = 256 * 1024

/** Binds each piece to its place. */
const piecePlace = (key: string, index: number): string => `${key}/${index}`

export class SealedBlobWriter {
  private readonly piece: Buffer = Buffer.allocUnsafeSlow(pieceBytes)
  private used = 0
  private pieces = 0
  private readonly blob: BlobWriter
  private readonly sealer: Sealer

  constructor(blob: BlobWriter, sealer: Sealer) {
    this.blob = blob
    this.sealer = sealer
  }

  get key(): string {
    return this.blob.key
  }

  /** The bytes are copied: the caller may do with them what it wants once this resolves. One call at a time. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, pieceBytes - this.used)
      this.piece.set(bytes.subarray(at, at + taken), this.used)
      this.used += taken
      at += taken
      if (this.used === pieceBytes) await this.writePiece()
    }
  }

  /** Durable when it resolves. */
  async finish(): Promise<void> {
    if (this.used > 0) await this.writePiece()
    giveBack(this.piece)
    await this.blob.finish()
  }

  async abort(): Promise<void> {
    await this.blob.abort()
  }

  private async writePiece(): Promise<void> {
    await nextTurn()
    const plain = this.piece.subarray(0, this.used)
    const sealed = this.sealer.sealInParts(plain, piecePlace(this.blob.key, this.pieces++))
    await this.blob.append(sealed)
    for (const part of sealed) giveBack(part)
    this.used = 0
  }
}

/** All bytes from `start` to `end` (exclusive), a piece at a time. Throws when the blob is not what was written. */
export async function* readSealedBlob({ blobs, sealer }: SealedBlobs, key: string, range: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array> {
  const blob = await blobs.open(key)
  try {
    for (let index = Math.floor(range.start / pieceBytes); index < blob.pieces && index * pieceBytes < range.end; index++) {
      const sealed = await blob.piece(index)
      await nextTurn()
      const plain = sealer.open(sealed, piecePlace(key, index), pieceBytes)
      giveBack(sealed)
      const at = index * pieceBytes
      yield partOf(plain, Math.max(0, range.start - at), range.end - at)
    }
  } finally {
    await blob.close()
  }
}

/** A few bytes are copied out, or whoever keeps them would keep the whole piece in memory. */
export function partOf(plain: Buffer, start: number, end: number): Buffer {
  const view = plain.subarray(start, Math.min(end, plain.length))
  return view.length * 4 < plain.length ? Buffer.from(view) : view
}
