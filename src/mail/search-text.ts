import type { SearchText } from "./content-structure.ts"
import { decodeHeaderText } from "./encoded-word.ts"
import type { HeaderField } from "./header.ts"
import { parameterText } from "./mime-parameter.ts"
import type { MimeFields } from "./mime-part.ts"
import { TextPart } from "./text-part.ts"

/** Encoded bytes of text parts that one message may spend on search text; what is beyond is not searched. */
const maxTextBytes = 1024 * 1024
/** Chars kept of nested headers and file names together. */
const maxPartHeaderChars = 256 * 1024
/** Folded chars kept of all bodies: some characters fold to eighteen. */
const maxBodyChars = 2 * 1024 * 1024

// oxlint-disable-next-line no-control-regex -- exactly the ASCII range
const ascii = /^[\x00-\x7f]*$/

/**
 * The form in which text is compared by SEARCH: compatibility decomposition and lower case, in the spirit of RFC 5051.
 * Diacritics are kept, as combining marks; "Đ" is "đ". Keys and stored texts are both folded, then compared as they are.
 */
export const foldForSearch = (text: string): string =>
  // decomposed first: some compatibility characters decompose to capitals
  ascii.test(text) ? text.toLowerCase() : text.normalize("NFKD").toLowerCase().toWellFormed()

/** Gathers what SEARCH looks in while a message is scanned; bounded whatever the message is. */
export class SearchTextBuilder {
  private readonly body: string[] = []
  /** The text part being read, and the decoder that its first bytes make. */
  private mime: MimeFields | undefined
  private part: TextPart | undefined
  private bodyChars = 0
  private bytesLeft: number
  private charsLeft: number
  private readonly wanted: boolean

  /** Not `wanted`: nothing is gathered, and it costs nothing. */
  constructor(wanted: boolean) {
    this.wanted = wanted
    this.bytesLeft = wanted ? maxTextBytes : 0
    this.charsLeft = wanted ? maxPartHeaderChars : 0
  }

  /** The bytes pushed from here on are the body of this text part. */
  begin(mime: MimeFields): void {
    this.end()
    if (this.bytesLeft > 0) this.mime = mime
  }

  push(data: Buffer, start: number, end: number): void {
    if (!this.mime || end <= start) return
    this.part ??= new TextPart(this.mime, (text) => this.addBody(text))
    const taken = Math.min(end - start, this.bytesLeft)
    this.bytesLeft -= taken
    this.part.push(data, start, start + taken)
    if (this.bytesLeft === 0) this.end()
  }

  end(): void {
    this.mime = undefined
    if (!this.part) return
    this.part.end()
    this.part = undefined
    this.body.push("\n")
  }

  /** File names, and the fields of a nested message, are part of the body (RFC 9051 §6.4.4 BODY). */
  addPartHeader(mime: MimeFields, fields: readonly HeaderField[]): void {
    if (this.charsLeft === 0) return
    const name = (mime.disposition && parameterText(mime.disposition.parameters, "filename")) ?? parameterText(mime.parameters, "name")
    if (name !== undefined) this.addLine(name)
    for (const field of fields) this.addLine(headerLine(field))
  }

  finish(topFields: readonly HeaderField[]): SearchText {
    this.end()
    return { header: this.wanted ? foldForSearch(topFields.map(headerLine).join("\n")) : "", body: this.body.join("") }
  }

  private addBody(text: string): void {
    const folded = foldForSearch(text)
    this.bodyChars += folded.length
    if (this.bodyChars <= maxBodyChars) this.body.push(folded)
    else this.bytesLeft = 0
  }

  private addLine(line: string): void {
    if (line.length > this.charsLeft) return
    this.charsLeft -= line.length
    this.body.push(foldForSearch(line), "\n")
  }
}

/** One line, whatever the decoded words hold. */
const headerLine = ({ name, value }: HeaderField): string => {
  const text = decodeHeaderText(value)
  return `${name}: ${text.includes("\n") || text.includes("\r") ? text.replace(/[\r\n]+/g, " ") : text}`
}
