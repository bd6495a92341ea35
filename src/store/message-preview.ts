import { ContentScanner } from "../mail/content-scanner.ts"
import { parameterText } from "../mail/mime-parameter.ts"
import type { ScannedPart } from "../mail/mime-part.ts"
import { TextPart } from "../mail/text-part.ts"
import type { ContentRef, ContentStore } from "./content-store.ts"

/**
 * What a stored message says, as text: nothing of it is rendered, nothing fetched. The plain alternative where there is one, else what HTML says without its
 * tags. Only the beginning is read, whatever the message is.
 */
export interface MessagePreview {
  readonly text: string
  /** There is more than is shown. */
  readonly cut: boolean
  /** Parts that are no text: name (empty where there is none) and media type. */
  readonly attachments: readonly { readonly name: string; readonly type: string }[]
}

const maxReadBytes = 256 * 1024
const maxTextCharacters = 20_000
const maxAttachments = 50

/** Rejects when the content cannot be read. */
export async function messagePreview(contents: Pick<ContentStore, "read">, content: ContentRef): Promise<MessagePreview> {
  const chunks: Uint8Array[] = []
  for await (const chunk of contents.read(content, { start: 0, end: maxReadBytes })) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const scanner = new ContentScanner({ searchText: false })
  scanner.push(bytes)
  const leaves = leavesOf(scanner.finish().root)
  const isText = ({ mime }: ScannedPart): boolean => mime.type === "text" && mime.disposition?.value !== "attachment"
  const plain = leaves.filter((part) => isText(part) && part.mime.subtype === "plain")
  const shown = plain.length > 0 ? plain : leaves.filter(isText)
  const text = shown.map((part) => decoded(bytes, part)).join("\n\n")
  const others = leaves.filter((part) => !isText(part))
  return {
    // oxlint-disable-next-line no-control-regex -- exactly the characters that would turn what follows around, or be none
    text: text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, "").slice(0, maxTextCharacters),
    cut: bytes.length >= maxReadBytes || text.length > maxTextCharacters,
    attachments: others.slice(0, maxAttachments).map(({ mime }) => ({ name: (mime.disposition && parameterText(mime.disposition.parameters, "filename")) ?? parameterText(mime.parameters, "name") ?? "", type: `${mime.type}/${mime.subtype}` })),
  }
}

const leavesOf = (part: ScannedPart): readonly ScannedPart[] => (part.children.length > 0 ? part.children.flatMap(leavesOf) : part.mime.type === "multipart" ? [] : [part])

function decoded(bytes: Buffer, { mime, bodyStart, bodyEnd }: ScannedPart): string {
  const pieces: string[] = []
  const decoder = new TextPart(mime, (text) => void pieces.push(text), { keepCase: true })
  decoder.push(bytes, bodyStart, Math.min(bodyEnd, bodyStart + maxTextCharacters * 4))
  decoder.end()
  return pieces.join("")
}
