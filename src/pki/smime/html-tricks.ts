/**
 * What HTML outside a signature could do to what is shown beside it. Only asked of messages that are not wholly signed anyway: it says why
 * such a message is no accident. Pure, in linear time whatever the text is; takes decoded text.
 */
export interface HtmlTricks {
  /** Hides, covers or swallows what follows, or shows a signed part inside itself. */
  readonly hides: boolean
  /** Loads something from elsewhere. */
  readonly loads: boolean
}

/** Elements that show nothing of what is in them, or show it somewhere else. */
const swallowing = /<(?:textarea|plaintext|xmp|title|noscript|template|iframe|object|embed|svg|math|select|frameset|noframes|audio|video|canvas|base|form)\b/
const hidingStyle = /display\s*:|visibility\s*:|opacity\s*:|position\s*:|clip(?:-path)?\s*:|overflow\s*:|float\s*:|text-indent\s*:|z-index\s*:|transform\s*:|(?:font-size|height|width|max-height|line-height)\s*:\s*0|color\s*:|<style\b|\shidden\b/
/** RFC 2392: the signed part's own pictures, or itself. */
const pulls = /(?:cid|mid)\s*:/
const remote = /(?:src|href|background|data|poster|action|url)\s*[=(]\s*["']?\s*(?:https?:|ftp:|file:|\/\/|\\\\)/
const voidElements = new Set(["area", "br", "col", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "option"])
const tag = /<(\/?)([a-z][a-z0-9]*)(?:"[^"]*"|'[^']*'|[^"'<>])*>/g

export function htmlTricks(html: string): HtmlTricks {
  // Runs of white space would make the patterns look at them again and again.
  const text = decodeReferences(html.toLowerCase()).replace(/\s+/g, " ")
  const { visible, open } = withoutComments(text)
  return {
    // a backslash: a CSS escape can spell any of the words looked for
    hides: open || pulls.test(text) || swallowing.test(visible) || hidingStyle.test(text) || text.includes("\\") || leavesOpen(visible),
    loads: remote.test(text),
  }
}

/** `open`: the last comment does not end. */
function withoutComments(html: string): { readonly visible: string; readonly open: boolean } {
  const shown: string[] = []
  let at = 0
  for (let start = html.indexOf("<!--"); start !== -1; start = html.indexOf("<!--", at)) {
    shown.push(html.slice(at, start))
    const end = html.indexOf("-->", start + 4)
    if (end === -1) return { visible: shown.join(""), open: true }
    at = end + 3
  }
  return { visible: shown.join("") + html.slice(at), open: false }
}

/** An element or tag that does not end in this part ends somewhere in the next one. */
function leavesOpen(html: string): boolean {
  const open = new Map<string, number>()
  for (const [, slash, name = ""] of html.matchAll(tag)) {
    if (!voidElements.has(name)) open.set(name, (open.get(name) ?? 0) + (slash === "/" ? -1 : 1))
  }
  if ([...open.values()].some((count) => count !== 0)) return true
  // what is left of "<" when all tags are gone is one that was cut
  return /<[a-z/!]/.test(html.replace(tag, ""))
}

const decodeReferences = (html: string): string =>
  html.replace(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));?/g, (whole, hex: string | undefined, decimal: string | undefined) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  }).replace(/&colon;/g, ":").replace(/&(?:tab|newline);/g, "")
