/** What bytes on their way could be changed by a mail system in between, found while they stream past (RFC 5321 §4.5.3.1.6, RFC 2045 §2). */
export class ByteSurvey {
  size = 0
  eightBit = 0
  /** NUL, or a CR or LF alone. */
  forbidden = false
  /** A line beyond 998 octets, or one that a mailbox file would write differently: "From ". */
  fragileLine = false
  private lineLength = 0
  private lastWasCr = false
  private matchedFrom = 0

  push(bytes: Uint8Array): void {
    this.size += bytes.length
    for (const octet of bytes) {
      if (octet >= 0x80) this.eightBit++
      if (octet === lf) {
        if (!this.lastWasCr) this.forbidden = true
        this.lineLength = 0
        this.matchedFrom = 0
        this.lastWasCr = false
        continue
      }
      if (this.lastWasCr || octet === 0) this.forbidden = true
      this.lastWasCr = octet === cr
      if (this.matchedFrom === this.lineLength && octet === from[this.matchedFrom]) {
        this.matchedFrom++
        if (this.matchedFrom === from.length) this.fragileLine = true
      }
      this.lineLength++
      if (this.lineLength > maxLineOctets) this.fragileLine = true
    }
  }

  /** Nothing in between has a reason to touch it. */
  get sevenBit(): boolean {
    return this.eightBit === 0 && !this.forbidden && !this.fragileLine
  }
}

const cr = 13
const lf = 10
const from = Buffer.from("From ")
/** CRLF not counted, but its CR is here. */
const maxLineOctets = 999
