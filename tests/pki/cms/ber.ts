import { elementsIn } from "../../support/cms-writer.ts"

const endOfContents = Buffer.from([0, 0])
const length = (bytes: number): Buffer => Buffer.from([0x84, bytes >>> 24, (bytes >>> 16) & 255, (bytes >>> 8) & 255, bytes & 255])

/**
 * The same value in the least canonical BER: indefinite lengths, octet strings in segments, overlong lengths, sets the other way round. Elements that
 * are equal to one of `keep` stay as they are.
 */
export function toBer(element: Buffer, keep: readonly Buffer[] = [], segmentBytes = 7): Buffer {
  if (keep.some((one) => one.equals(element))) return element
  const tag = element[0] ?? 0
  if ((tag & 0x20) !== 0) {
    const items = elementsIn(element).map((item) => toBer(item, keep, segmentBytes))
    return Buffer.concat([Buffer.from([tag, 0x80]), ...(tag === 0x31 ? items.toReversed() : items), endOfContents])
  }
  const contents = contentsOf(element)
  if (tag !== 0x04) return Buffer.concat([Buffer.from([tag]), length(contents.length), contents])
  const segments: Buffer[] = []
  for (let at = 0; at < contents.length; at += segmentBytes) {
    const segment = contents.subarray(at, at + segmentBytes)
    segments.push(Buffer.from([0x04, segment.length]), segment)
  }
  return Buffer.concat([Buffer.from([0x24, 0x80]), ...segments, endOfContents])
}

const contentsOf = (element: Buffer): Buffer => element.subarray(2 + ((element[1] ?? 0) > 0x80 ? (element[1] ?? 0) & 0x7f : 0))

/** An element of any depth. */
export const nested = (depth: number, definite: boolean): Buffer => {
  let element = Buffer.from([5, 0])
  for (let level = 0; level < depth; level++) element = definite ? Buffer.concat([Buffer.from([0x30]), length(element.length), element]) : Buffer.concat([Buffer.from([0x30, 0x80]), element, endOfContents])
  return element
}

/** Bytes in chunks of the sizes given; the last is repeated. */
export async function* chunked(bytes: Uint8Array, sizes: readonly number[] = [65_536]): AsyncGenerator<Uint8Array> {
  for (let at = 0, chunk = 0; at < bytes.length; chunk++) {
    const size = Math.max(1, sizes[Math.min(chunk, sizes.length - 1)] ?? 1)
    yield bytes.subarray(at, at + size)
    at += size
  }
}
