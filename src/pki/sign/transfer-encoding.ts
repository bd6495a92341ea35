/** Encoders of a part's body as it streams past (RFC 2045 §6.7, §6.8). Memory is that of one chunk. */
export type TransferEncoding = "quoted-printable" | "base64"

export const encoders: Readonly<Record<TransferEncoding, (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Buffer>>> = {
  "quoted-printable": quotedPrintable,
  base64,
}

const cr = 13
const lf = 10
const equals = 61
const none = -1
/** RFC 2045 §6.7 (5): 76 with the "=" of a soft break. */
const maxColumns = 75
const hexDigits = Buffer.from("0123456789ABCDEF")
/** "From " would be changed by mailbox files, a "." by a broken SMTP: what begins like them is written as an escape. */
const riskyFirst: ReadonlySet<number> = new Set([0x46, 0x2e])

async function* quotedPrintable(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const writer = new QuotedPrintableWriter()
  for await (const chunk of chunks) yield writer.write(chunk)
  yield writer.end()
}

class QuotedPrintableWriter {
  private column = 0
  /** A blank or CR whose form depends on what follows it. */
  private pending = none
  private out = Buffer.alloc(0)
  private used = 0

  write(chunk: Uint8Array): Buffer {
    // an escape takes three octets, and each line of them three more
    this.begin(chunk.length * 4 + 16)
    for (const octet of chunk) this.put(octet)
    return this.out.subarray(0, this.used)
  }

  end(): Buffer {
    this.begin(16)
    if (this.pending !== none) this.escape(this.pending)
    return this.out.subarray(0, this.used)
  }

  private begin(size: number): void {
    this.out = Buffer.allocUnsafe(size)
    this.used = 0
  }

  private put(octet: number): void {
    const before = this.pending
    this.pending = none
    if (before === cr) {
      if (octet === lf) {
        this.out[this.used++] = cr
        this.out[this.used++] = lf
        this.column = 0
        return
      }
      this.escape(cr)
    } else if (before !== none) {
      // RFC 2045 §6.7 (3): a blank at the end of a line would be lost
      if (octet === cr) this.escape(before)
      else this.literal(before)
    }
    if (octet === cr || octet === 0x20 || octet === 0x09) this.pending = octet
    else if (octet > 0x20 && octet < 0x7f && octet !== equals) this.literal(octet)
    else this.escape(octet)
  }

  private literal(octet: number): void {
    this.breakBefore(1)
    if (this.column === 0 && riskyFirst.has(octet)) {
      this.escape(octet)
      return
    }
    this.out[this.used++] = octet
    this.column++
  }

  private escape(octet: number): void {
    this.breakBefore(3)
    this.out[this.used++] = equals
    this.out[this.used++] = hexDigits[octet >> 4] ?? 0
    this.out[this.used++] = hexDigits[octet & 15] ?? 0
    this.column += 3
  }

  private breakBefore(columns: number): void {
    if (this.column + columns <= maxColumns) return
    this.out[this.used++] = equals
    this.out[this.used++] = cr
    this.out[this.used++] = lf
    this.column = 0
  }
}

/** Of a line of 76 characters. */
const lineOctets = 57

async function* base64(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  let separator = ""
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([rest, chunk])
    const whole = bytes.length - (bytes.length % lineOctets)
    if (whole > 0) {
      yield Buffer.from(separator + base64Lines(bytes.subarray(0, whole)))
      separator = "\r\n"
    }
    rest = Buffer.from(bytes.subarray(whole))
  }
  if (rest.length > 0) yield Buffer.from(separator + base64Lines(rest))
}

/** Lines of 76 characters with CRLF between them and none at the end. */
export const base64Lines = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64").replace(/.{76}(?=.)/g, "$&\r\n")
