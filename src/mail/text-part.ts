import { charsetDecoder, decodeCharset } from "./charset.ts"
import type { CharsetDecoder } from "./charset.ts"
import { HtmlText } from "./html-text.ts"
import { parameterValue } from "./mime-parameter.ts"
import type { MimeFields } from "./mime-part.ts"
import { decodeQuotedPrintable, wholeQuotedPrintable } from "./quoted-printable.ts"

/** Decoded in pieces of this many encoded bytes, counted from the start of the part, so that chunking changes nothing and no step is long. */
const pieceBytes = 32 * 1024

/** Text that a cut would spoil (a combining mark, a word) is held back for the next piece, but no more of it than this. */
const maxHeldChars = 256

/** Decodes one text part: transfer encoding, charset, and for HTML the tags. Emits text in order. */
export class TextPart {
  private readonly encoding: string
  private readonly charset: string
  private readonly html: HtmlText | undefined
  private readonly emit: (text: string) => void
  private pending: Buffer[] = []
  private pendingBytes = 0
  private decoder: CharsetDecoder | undefined
  private undecoded = ""
  private held = ""

  /** `keepCase`: text for people; else that of HTML is in lower case, for whoever folds it anyway. */
  constructor(mime: MimeFields, emit: (text: string) => void, { keepCase = false }: { readonly keepCase?: boolean } = {}) {
    this.encoding = mime.encoding
    this.charset = parameterValue(mime.parameters, "charset") ?? ""
    this.html = mime.subtype === "html" || mime.subtype === "xhtml" ? new HtmlText(keepCase) : undefined
    this.emit = emit
  }

  push(data: Buffer, start: number, end: number): void {
    let from = start
    while (this.pendingBytes + end - from > pieceBytes) {
      const to = from + pieceBytes - this.pendingBytes
      this.keep(data, from, to)
      this.decodePiece()
      from = to
    }
    this.keep(data, from, end)
  }

  end(): void {
    const piece = this.take()
    if (!this.decoder) {
      // The usual part is one piece.
      const text = decodeCharset(this.decodeTransfer(piece, true), this.charset)
      this.emit(this.html ? this.html.push(text, true) : text)
      return
    }
    const text = this.decoder.write(this.decodeTransfer(piece, true)) + this.decoder.end()
    this.emit(this.held + (this.html ? this.html.push(text, true) : text))
  }

  private keep(data: Buffer, from: number, to: number): void {
    if (to <= from) return
    this.pending.push(Buffer.from(data.subarray(from, to)))
    this.pendingBytes += to - from
  }

  private take(): Buffer {
    const first = this.pending[0]
    const piece = this.pending.length === 1 && first ? first : Buffer.concat(this.pending, this.pendingBytes)
    this.pending = []
    this.pendingBytes = 0
    return piece
  }

  private decodePiece(): void {
    const bytes = this.decodeTransfer(this.take(), false)
    this.decoder ??= charsetDecoder(this.charset, bytes)
    const text = this.decoder.write(bytes)
    const shown = this.held + (this.html ? this.html.push(text, false) : text)
    const cut = Math.max(shown.lastIndexOf(" "), shown.lastIndexOf("\n"))
    const until = shown.length - cut > maxHeldChars ? shown.length : cut
    this.emit(shown.slice(0, Math.max(until, 0)))
    this.held = shown.slice(Math.max(until, 0))
  }

  private decodeTransfer(piece: Buffer, last: boolean): Buffer {
    if (this.encoding === "base64") {
      if (last && this.undecoded === "") return Buffer.from(piece.toString("latin1"), "base64")
      const digits = this.undecoded + piece.toString("latin1").replace(/[^A-Za-z0-9+/]+/g, "")
      const whole = last ? digits.length : digits.length - (digits.length % 4)
      this.undecoded = digits.slice(whole)
      return Buffer.from(digits.slice(0, whole), "base64")
    }
    if (this.encoding === "quoted-printable") {
      if (last && this.undecoded === "") return decodeQuotedPrintable(piece)
      const joined = Buffer.concat([Buffer.from(this.undecoded, "latin1"), piece])
      const whole = last ? joined.length : wholeQuotedPrintable(joined)
      this.undecoded = joined.toString("latin1", whole, joined.length)
      return decodeQuotedPrintable(joined.subarray(0, whole))
    }
    return piece
  }
}
