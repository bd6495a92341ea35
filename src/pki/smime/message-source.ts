import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { ScannedContent } from "../../mail/content-scanner.ts"

/** A message whose bytes can be read more than once: what is stored, or a file. Never held whole here. */
export interface MessageSource {
  /** Bytes from `start` (default 0) to `end` (exclusive, default the end), in chunks of bounded size. Each is there until the next is asked for: who keeps bytes, copies them. */
  read(range?: ByteRange): AsyncIterable<Uint8Array>
  /** What the scanner said when the message was accepted; without it the message is scanned again. */
  readonly scanned?: Pick<ScannedContent, "root" | "headerFields">
  /** DER of certificates that did not come along and might be a signer's: the registry's. What they are worth is judged as of any other. */
  readonly certificates?: readonly Uint8Array[]
}

export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Decoding, scanning and hashing so much takes about a millisecond. */
const chunkBytes = 128 * 1024

/** A message in memory, which lets others have their turn like one that is read from a disk. */
export const bytesSource = (bytes: Uint8Array): MessageSource => ({
  async *read({ start, end } = { start: 0, end: bytes.length }) {
    for (let at = start; at < end; at += chunkBytes) {
      if (at > start) await yieldToOthers()
      yield bytes.subarray(at, Math.min(at + chunkBytes, end))
    }
  },
})

/** All of a range that is known to be small. */
export async function readRange(source: MessageSource, range: ByteRange): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of source.read(range)) parts.push(Buffer.from(chunk))
  return Buffer.concat(parts)
}
