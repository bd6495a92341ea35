import { type CommandSegment, Reader } from "../../../src/imap/grammar/reader.ts"

/** A reader over text (one char per byte), with literals where an array gives several pieces: text, literal, text … */
export const reading = (...pieces: readonly string[]): Reader =>
  new Reader(pieces.map((piece, at): CommandSegment => ({ kind: at % 2 === 0 ? "text" : "literal", bytes: Buffer.from(piece, "utf8") })))
