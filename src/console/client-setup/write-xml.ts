/** Writes the small XML documents that mail clients are set up with. Whatever goes in, the document is well-formed. Pure. */

/** A text, or elements that are written already. */
export type XmlContent = string | readonly Xml[]

export interface Xml {
  readonly xml: string
}

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'

/** XML 1.0 §2.2: what no document may have in it, not even as a reference. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const notXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

export const escapeXml = (text: string): string => text.toWellFormed().replace(notXml, "\ufffd").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** Names and attribute names are our own; values and texts need not be. */
export function element(name: string, content: XmlContent, attributes: Readonly<Record<string, string>> = {}): Xml {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`).join("")
  if (typeof content === "string") return { xml: `<${name}${written}>${escapeXml(content)}</${name}>` }
  if (content.length === 0) return { xml: `<${name}${written}/>` }
  return { xml: `<${name}${written}>\n${content.map(({ xml }) => xml.replace(/^/gm, "  ")).join("\n")}\n</${name}>` }
}
