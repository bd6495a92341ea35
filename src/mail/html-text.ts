/** Latin-1 letters and signs from U+00A0 and U+00E0 on, by entity name in lower case (text is folded to lower case anyway). */
const signs = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest"
const letters = "agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml"
const entities = new Map<string, string>([
  ["amp", "&"], ["lt", "<"], ["gt", ">"], ["quot", '"'], ["apos", "'"], ["ndash", "–"], ["mdash", "—"], ["hellip", "…"], ["bull", "•"],
  ["lsquo", "‘"], ["rsquo", "’"], ["ldquo", "“"], ["rdquo", "”"], ["trade", "™"], ["euro", "€"], ["ensp", " "], ["emsp", " "], ["thinsp", " "],
  ["times", "×"], ["szlig", "ß"], ["zwnj", ""], ["zwj", ""],
  ...signs.split(" ").map((name, at): [string, string] => [name, String.fromCharCode(0xa0 + at)]),
  ...letters.split(" ").map((name, at): [string, string] => [name, String.fromCharCode(0xe0 + at)]),
])

/** Elements inside a word; any other ends one. */
const inline = /^\/?(?:a|abbr|b|big|code|em|font|i|ins|del|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?:[\s/>]|$)/
const hidden = /^(?:script|style)(?=[\s/>]|$)/

const commentEnd = "-->"
const maxTagChars = 16 * 1024

const entity = (whole: string, body: string): string => {
  if (body[0] !== "#") return entities.get(body) ?? whole
  const code = body[1] === "x" ? parseInt(body.slice(2), 16) : parseInt(body.slice(1), 10)
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : whole
}

const decodeEntities = (text: string): string =>
  text.includes("&") ? text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z][a-z0-9]{1,10});?/gi, (whole, body: string) => entity(whole, body.toLowerCase())) : text

/** HTML as the text a reader sees, in lower case unless that is to be kept: tags, scripts, styles and comments removed, entities decoded. Takes its text in pieces. */
export class HtmlText {
  private readonly keepCase: boolean
  private pending = ""
  /** Everything up to this is dropped. */
  private skipTo = ""

  constructor(keepCase = false) {
    this.keepCase = keepCase
  }

  push(piece: string, last: boolean): string {
    const source = this.pending + piece
    // of the letters of tags only, which leaves everything at its place
    const html = this.keepCase ? source.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : source.toLowerCase()
    const shown = this.keepCase ? source : html
    this.pending = ""
    let text = ""
    let at = 0
    while (at < html.length) {
      if (this.skipTo !== "") {
        const end = html.indexOf(this.skipTo, at)
        if (end === -1) {
          if (!last) this.pending = shown.slice(Math.max(at, html.length - this.skipTo.length))
          break
        }
        // The end tag of a script is a tag like any other.
        at = this.skipTo === commentEnd ? end + commentEnd.length : end
        this.skipTo = ""
        continue
      }
      const open = html.indexOf("<", at)
      if (open === -1) {
        const cut = last ? html.length : this.holdEntity(html, at)
        text += shown.slice(at, cut)
        this.pending = shown.slice(cut)
        break
      }
      text += shown.slice(at, open)
      if (html.startsWith("<!--", open)) {
        this.skipTo = commentEnd
        at = open + 4
        continue
      }
      const close = html.indexOf(">", open)
      if (close === -1) {
        if (!last && html.length - open < maxTagChars) this.pending = shown.slice(open)
        else text += shown.slice(open)
        break
      }
      const tag = html.slice(open + 1, Math.min(close, open + 20))
      const element = hidden.exec(tag)?.[0]
      if (element) this.skipTo = `</${element}`
      if (!inline.test(tag)) text += " "
      at = close + 1
    }
    return decodeEntities(text)
  }

  private holdEntity(html: string, at: number): number {
    const ampersand = html.lastIndexOf("&")
    return ampersand >= at && ampersand > html.length - 12 ? ampersand : html.length
  }
}
