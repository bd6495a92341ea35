/**
 * What the HTML of a template may be made of: text, the elements below, and links. A field stands in text, or is the whole of a link's `href` when it is
 * a URL; in no other attribute, no style, no script could its value be made safe by escaping alone. Pure.
 */
const elements = new Set(["a", "b", "blockquote", "br", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"])

const startTag = /^<([a-z][a-z0-9]*)((?:\s+[a-z-]+="[^"]*")*)\s*\/?>$/i
const endTag = /^<\/([a-z][a-z0-9]*)\s*>$/i
const attribute = /([a-z-]+)="([^"]*)"/gi
const wholeField = /^\{\{\s*([A-Za-z][A-Za-z0-9]*)\s*\}\}$/
const numeric = /^\d{1,4}$/
const literalLink = /^(?:https:\/\/|mailto:)[^\s<>"{}]{1,500}$/

/** What is wrong with it, or undefined. `isUrl`: whether a field holds a link. */
export function htmlProblem(html: string, isUrl: (field: string) => boolean): string | undefined {
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) {
    const end = html.indexOf(">", at)
    if (end < 0) return `"${html.slice(at, at + 30)}" is no element`
    const text = html.slice(at, end + 1)
    const name = (endTag.exec(text) ?? startTag.exec(text))?.[1]?.toLowerCase()
    if (name === undefined || !elements.has(name)) return `"${text.slice(0, 60)}" is none of the elements that a template may have: ${[...elements].join(" ")}`
    const problem = attributeProblem(name, text, isUrl)
    if (problem !== undefined) return problem
    at = end
  }
  return undefined
}

function attributeProblem(element: string, text: string, isUrl: (field: string) => boolean): string | undefined {
  for (const [, name = "", value = ""] of text.matchAll(attribute)) {
    const attributeName = name.toLowerCase()
    if (element === "a" && attributeName === "href") {
      const field = wholeField.exec(value)?.[1]
      if (field === undefined ? !literalLink.test(value) : !isUrl(field)) return `href="${value.slice(0, 60)}" is neither one field of the type url nor a link that begins with https:// or mailto:`
    } else if (attributeName === "lang" ? !/^(?:vi|en)$/.test(value) : !["colspan", "rowspan"].includes(attributeName) || !numeric.test(value)) {
      return `${attributeName}="${value.slice(0, 60)}" is an attribute that a template may not have there`
    }
  }
  return undefined
}
