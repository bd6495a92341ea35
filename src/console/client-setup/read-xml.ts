/**
 * Reads the one small XML document that a mail client sends, and nothing that has ever been an attack: no DOCTYPE and so no entities of the
 * document's own, no processing instructions, no CDATA, no other encoding than UTF-8. Time and memory are bounded by the limits below. Pure.
 */
export interface XmlText {
  /** Local names from the root on: `Autodiscover/Request/EMailAddress`. */
  readonly path: string
  /** Without white space around it. */
  readonly text: string
}

/** A few times what Outlook sends. */
export const maxXmlBytes = 8_192
const maxDepth = 8
const maxElements = 64

const name = "[A-Za-z_][\\w.-]{0,63}"
const qualifiedName = `(?:${name}:)?${name}`
const declaration = /^\s{0,64}<\?xml\s{1,64}version\s{0,8}=\s{0,8}["']1\.0["'](?:\s{1,64}encoding\s{0,8}=\s{0,8}["']utf-8["'])?(?:\s{1,64}standalone\s{0,8}=\s{0,8}["'](?:yes|no)["'])?\s{0,64}\?>/i
const comment = /<!--(?:[^-]|-(?!-))*-->/y
const startTag = new RegExp(`<(${qualifiedName})((?:\\s+${qualifiedName}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(/?)>`, "y")
const endTag = new RegExp(`</(${qualifiedName})\\s*>`, "y")
const text = /[^<]+/y

/** The texts of the elements that have no others in them; undefined when the document is not what this reads. */
export function readSmallXml(bytes: Uint8Array): readonly XmlText[] | undefined {
  const source = bytes.length > maxXmlBytes ? undefined : decodeUtf8(bytes)
  if (source === undefined) return undefined
  const open: { readonly name: string; readonly path: string; text: string; hasElements: boolean }[] = []
  const found: XmlText[] = []
  let elements = 0
  let at = declaration.exec(source)?.[0].length ?? 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(source)
    if (match) at = pattern.lastIndex
    return match
  }
  while (at < source.length) {
    const inner = open.at(-1)
    const start = take(startTag)
    if (start) {
      const [, tag = "", , empty] = start
      const path = inner ? `${inner.path}/${localName(tag)}` : localName(tag)
      // a second root
      if (!inner && elements > 0) return undefined
      if (++elements > maxElements || open.length >= maxDepth) return undefined
      if (inner) inner.hasElements = true
      if (empty === "/") found.push({ path, text: "" })
      else open.push({ name: tag, path, text: "", hasElements: false })
      continue
    }
    const end = take(endTag)
    if (end) {
      if (!inner || inner.name !== end[1]) return undefined
      open.pop()
      if (!inner.hasElements) found.push({ path: inner.path, text: inner.text.trim() })
      continue
    }
    if (take(comment)) continue
    const characters = take(text)?.[0]
    const written = characters === undefined ? undefined : expandReferences(characters)
    if (written === undefined || (!inner && written.trim() !== "")) return undefined
    if (inner) inner.text += written
  }
  return elements > 0 && open.length === 0 ? found : undefined
}

const localName = (tag: string): string => tag.slice(tag.indexOf(":") + 1)

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    // drops a byte order mark; UTF-16 has zeros in it or is no UTF-8
    const decoded = new TextDecoder("utf-8", { fatal: true }).decode(bytes)
    return decoded.includes("\0") ? undefined : decoded
  } catch {
    return undefined
  }
}

const predefined: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

/** XML 1.0 §4.1: character references and the five entities that every document has; any other is a reason to refuse. */
function expandReferences(raw: string): string | undefined {
  let unknown = false
  const expanded = raw.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,4}));|&/gi, (_whole, decimal?: string, hexadecimal?: string, entity?: string) => {
    const code = decimal !== undefined ? Number(decimal) : Number.parseInt(hexadecimal ?? "", 16)
    const character = entity === undefined ? characterOf(code) : predefined[entity]
    unknown ||= character === undefined
    return character ?? ""
  })
  return unknown ? undefined : expanded
}

const characterOf = (code: number): string | undefined =>
  (code >= 0x20 && code < 0xd800) || (code > 0xdfff && code < 0xfffe) || (code > 0xffff && code <= 0x10ffff) || code === 9 || code === 10 || code === 13 ? String.fromCodePoint(code) : undefined
