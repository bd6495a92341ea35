/** Fields that are lists of tags (RFC 6376 §3.2): as they are written, folded, and as they are read. */
export type Tag = readonly [name: string, value: string]

const columns = 72

/** A field without its last tag's value, which is the signature: `b=` stands alone at the start of a line, so that nothing else moves when it is filled in. */
export const unsignedField = (name: string, tags: readonly Tag[]): string => `${name}: ${foldTags(tags, name.length + 2)}\r\n\tb=`

/** The whole field, with its line end. */
export const signedField = (unsigned: string, signature: string): string => `${unsigned}${(signature.match(/.{1,66}/g) ?? []).join("\r\n\t")}\r\n`

/** Tags are kept whole, except that `h=` may break behind its colons (RFC 6376 §3.5). */
function foldTags(tags: readonly Tag[], from: number): string {
  let text = ""
  let column = from
  for (const [at, [name, value]] of tags.entries()) {
    const tag = `${name}=${value};`
    if (at > 0 && column + 1 + tag.length > columns) {
      text += "\r\n\t"
      column = 8
    } else if (at > 0) {
      text += " "
      column++
    }
    for (const [part, piece] of tag.split(/(?<=:)/).entries()) {
      if (part > 0 && column + piece.length > columns) {
        text += "\r\n\t "
        column = 9
      }
      text += piece
      column += piece.length
    }
  }
  return text
}

/** Tags by name, white space around and inside base64 left to the reader. Undefined when it is no tag list, or names a tag twice (RFC 6376 §3.2). */
export function readTags(value: string): ReadonlyMap<string, string> | undefined {
  const tags = new Map<string, string>()
  for (const part of value.split(";")) {
    if (part.trim() === "") continue
    const equals = part.indexOf("=")
    const name = part.slice(0, equals).trim()
    if (equals === -1 || !/^[A-Za-z][A-Za-z0-9_-]*$/.test(name) || tags.has(name)) return undefined
    tags.set(name, part.slice(equals + 1).trim())
  }
  return tags
}
