import { CmsError } from "../cms/cms-error.ts"

/** The octets of a part that is a CMS object (RFC 8551 §3.1.2: base64, or none where the transport is binary), in memory of their own. Throws `CmsError`. */
export async function* decodeTransfer(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  if (encoding === "base64") {
    const decoder = new StrictBase64()
    for await (const chunk of chunks) yield decoder.push(chunk)
    decoder.finish()
  } else if (encoding === "7bit" || encoding === "8bit" || encoding === "binary") for await (const chunk of chunks) yield Buffer.from(chunk)
  else throw new CmsError("malformed", `transfer encoding ${encoding}`)
}

const white = 64
const padding = 65
const invalid = 66
/** What each octet is: 0-63 a digit's value. */
const meanings = new Uint8Array(256).fill(invalid)
for (const [value, digit] of [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].entries()) meanings[digit.charCodeAt(0)] = value
for (const code of [9, 10, 13, 32]) meanings[code] = white
meanings[0x3d] = padding

const digit = (chunk: Uint8Array, at: number): number => meanings[chunk[at] ?? 0] ?? invalid

/**
 * RFC 2045 §6.8 tells readers to skip what is no digit and leaves open what follows padding; readers differ. What only some of them would
 * see must not be called signed, so both are refused. By hand, since large strings for `Buffer.from` cost the garbage collector long pauses.
 */
class StrictBase64 {
  /** Bits of the quantum that is open, and how many of its four digits are there, padding included. */
  private bits = 0
  private count = 0
  private pads = 0

  push(chunk: Uint8Array): Uint8Array {
    const decoded = new Uint8Array(Math.ceil((chunk.length * 3) / 4) + 3)
    let used = 0
    let { bits, count } = this
    for (let at = 0; at < chunk.length; at++) {
      // four digits in a row, as nearly all are
      while (count === 0 && at + 3 < chunk.length) {
        const [one, two, three, four] = [digit(chunk, at), digit(chunk, at + 1), digit(chunk, at + 2), digit(chunk, at + 3)]
        if ((one | two | three | four) > 63 || this.pads > 0) break
        decoded[used] = (one << 2) | (two >>> 4)
        decoded[used + 1] = (two << 4) | (three >>> 2)
        decoded[used + 2] = (three << 6) | four
        used += 3
        at += 4
      }
      if (at === chunk.length) break
      const meaning = digit(chunk, at)
      if (meaning === white) continue
      // such as a mailing list's footer
      if (this.pads > 0 && count === 0) throw new CmsError("appended", "text behind base64")
      if (meaning === padding) {
        this.pads++
        if (count < 2 || this.pads > 2) throw new CmsError("malformed", "padding out of place")
        bits <<= 6
      } else {
        if (meaning === invalid) throw new CmsError("malformed", "no base64")
        if (this.pads > 0) throw new CmsError("malformed", "padding out of place")
        bits = (bits << 6) | meaning
      }
      if (++count < 4) continue
      decoded[used++] = bits >>> 16
      if (this.pads < 2) decoded[used++] = bits >>> 8
      if (this.pads < 1) decoded[used++] = bits
      bits = 0
      count = 0
    }
    this.bits = bits
    this.count = count
    return decoded.subarray(0, used)
  }

  finish(): void {
    if (this.count !== 0) throw new CmsError("malformed", "base64 is cut short")
  }
}
