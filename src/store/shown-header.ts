import { decodeHeaderText } from "../mail/encoded-word.ts"
import { fieldValue, parseHeader } from "../mail/header.ts"
import type { ContentRef, ContentStore } from "./content-store.ts"

/** What a stored message says of itself, for people: one line each, without control characters, cut where it is too long. */
export interface ShownHeader {
  readonly subject: string
  readonly from: string
}

const headerStartBytes = 64 * 1024
const maxCharacters = 200

/** Rejects when the content cannot be read. */
export async function shownHeader(contents: Pick<ContentStore, "read">, content: ContentRef): Promise<ShownHeader> {
  const chunks: Uint8Array[] = []
  for await (const chunk of contents.read(content, { start: 0, end: headerStartBytes })) chunks.push(chunk)
  const fields = parseHeader(Buffer.concat(chunks))
  const shown = (name: string): string =>
    decodeHeaderText((fieldValue(fields, name) ?? "").slice(0, maxCharacters * 8))
      // oxlint-disable-next-line no-control-regex -- exactly the characters that would break a line, or turn what follows around
      .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, " ")
      .slice(0, maxCharacters)
  return { subject: shown("subject"), from: shown("from") }
}
