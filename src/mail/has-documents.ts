/**
 * Whether a message carries files that a person would have printed, from its IMAP BODYSTRUCTURE (RFC 9051 §7.5.2) as content-scanner.ts writes it. Pictures
 * inside the text and signatures are none. What is encrypted, or signed as a whole, keeps its parts to itself: none is seen there.
 */
export function hasDocuments(bodyStructure: string): boolean {
  const parts: Node[] = [readList(bodyStructure)]
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (!Array.isArray(part)) continue
    const inside = part.findIndex((node) => !Array.isArray(node))
    if (inside !== 0) parts.push(...part.slice(0, inside < 0 ? part.length : inside))
    else if (isDocument(part)) return true
  }
  return false
}

/** A string, in small letters; null for NIL and numbers; a list. */
type Node = string | null | Node[]

const notDocuments = new Set(["pkcs7-signature", "x-pkcs7-signature", "pkcs7-mime", "x-pkcs7-mime", "pgp-signature", "pgp-encrypted"])

function isDocument(part: readonly Node[]): boolean {
  const [type, subtype] = part
  if (typeof type !== "string" || typeof subtype !== "string" || notDocuments.has(subtype)) return false
  // body-fields are seven; text adds its lines, a message its envelope, body and lines; then comes body-fld-md5
  const isMessage = type === "message" && Array.isArray(part[7])
  const disposition = part[type === "text" ? 9 : isMessage ? 11 : 8]
  return type === "application" || isMessage || (Array.isArray(disposition) && disposition[0] === "attachment")
}

/** The first list of the text. Text that ends too early ends all lists. */
function readList(text: string): Node[] {
  const root: Node[] = []
  const open: Node[][] = [root]
  for (let at = 0; at < text.length; ) {
    const list = open.at(-1)
    if (!list) break
    const character = text[at]
    if (character === "(") {
      const inner: Node[] = []
      list.push(inner)
      open.push(inner)
      at++
    } else if (character === ")") {
      open.pop()
      at++
    } else if (character === '"') {
      quoted.lastIndex = at
      const found = quoted.exec(text)?.[0] ?? text.slice(at)
      list.push(found.slice(1, -1).toLowerCase())
      at += found.length
    } else if (character === "{") {
      const end = text.indexOf("\r\n", at) + 2
      const length = end < 2 ? text.length : Number.parseInt(text.slice(at + 1, end), 10)
      list.push(text.slice(end, end + length).toLowerCase())
      at = end < 2 ? text.length : end + length
    } else if (character === " ") at++
    else {
      atom.lastIndex = at
      const found = atom.exec(text)?.[0] ?? " "
      list.push(null)
      at += found.length
    }
  }
  const [first] = root
  return Array.isArray(first) ? first : []
}

const quoted = /"(?:[^"\\]|\\.)*"/sy
const atom = /[^ ()"{]+/y
