import { createHash, type Hash } from "node:crypto"

/**
 * SHA-256 of a body in the "relaxed" canonical form (RFC 6376 §3.4.4), made while the body streams by: white space at the ends of lines and
 * empty lines at the end do not count, and runs of white space are one space. Every CR is taken for the first half of a CRLF: no other is let
 * in (see line-ending.ts). Memory is bounded by the chunk.
 */
export class BodyHash {
  private readonly hash: Hash = createHash("sha256")
  private isEmpty = true
  /** Seen, but they count only when something follows. */
  private lineEnds = 0
  private space = false
  /** Filled anew for each chunk. */
  private out: Buffer = Buffer.alloc(0)

  update(chunk: Uint8Array): void {
    const needed = 2 * lineEndsAtOnce + 2 * chunk.length + 1
    if (this.out.length < needed) this.out = Buffer.allocUnsafeSlow(needed)
    const { out } = this
    let at = 0
    for (const byte of chunk) {
      if (byte > sp || (byte !== sp && byte !== tab && byte !== lf && byte !== cr)) {
        if (this.lineEnds > lineEndsAtOnce) {
          this.hash.update(out.subarray(0, at))
          at = 0
          this.writeLineEnds()
        }
        for (; this.lineEnds > 0; this.lineEnds--) {
          out[at++] = cr
          out[at++] = lf
        }
        if (this.space) out[at++] = sp
        this.space = false
        out[at++] = byte
        this.isEmpty = false
      } else if (byte === lf) {
        this.lineEnds++
        this.space = false
      } else if (byte !== cr) this.space = true
    }
    this.hash.update(out.subarray(0, at))
  }

  /** Base64. RFC 6376 §3.4.4: a body that is not empty ends with exactly one CRLF. */
  digest(): string {
    if (!this.isEmpty) this.hash.update(lineEnd)
    return this.hash.digest("base64")
  }

  /** Megabytes of empty lines do not become one buffer. */
  private writeLineEnds(): void {
    for (; this.lineEnds > lineEndsAtOnce; this.lineEnds -= lineEndsAtOnce) this.hash.update(lineEndBlock)
  }
}

const cr = 13
const lf = 10
const sp = 32
const tab = 9
const lineEnd = "\r\n"
const lineEndsAtOnce = 4096
const lineEndBlock = Buffer.alloc(2 * lineEndsAtOnce, lineEnd)
