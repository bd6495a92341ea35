const blocks = /<\/?(?:p|div|br|hr|h[1-6]|li|tr|table|ul|ol|blockquote)\b[^<>]{0,2000}>/gi
const unseen = /<(script|style|head)\b|<!--/gi
const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " }

/** HTML as the plain text beside it, for those who read that (RFC 2046 §5.1.4). Pure; rough: whoever wants it better sends `text` too. */
export const htmlAsText = (html: string): string =>
  withoutUnseen(html)
    .replace(/\s+/g, " ")
    .replace(blocks, "\n")
    .replace(/<[^<>]{0,2000}>/g, "")
    .replace(/&(?:#(\d{1,7})|([a-z]{2,5}));/gi, (whole, code: string | undefined, name: string | undefined) => (code !== undefined ? charOf(Number(code)) : (named[(name ?? "").toLowerCase()] ?? whole)))
    .replace(/ *\n */g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()

/** In one pass, whatever is left open: what has no end reaches to the end. */
function withoutUnseen(html: string): string {
  const lower = html.toLowerCase()
  let kept = ""
  let at = 0
  for (const match of html.matchAll(unseen)) {
    if (match.index < at) continue
    kept += html.slice(at, match.index)
    const close = match[1] === undefined ? "-->" : `</${match[1].toLowerCase()}`
    const end = lower.indexOf(close, match.index)
    const tagEnd = end < 0 ? -1 : html.indexOf(">", end)
    if (tagEnd < 0) return kept
    at = tagEnd + 1
  }
  return kept + html.slice(at)
}

const charOf = (code: number): string => (code >= 0x20 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : "")
