/** What somebody might have got into the database as a name: ways out of text, attributes, titles, text areas and templates, each with something that would be noticed. */
const tail = `"'><script>x7q()</script><img src=x7q onerror=x7q()><svg onload=x7q()></textarea></title><b id=x7q>{{7*7}}\${7*7}<%=7*7%>`

/** In small letters, as addresses are kept; it says where it was planted. */
export const payloadOf = (place: string): string => `x7q.${place.toLowerCase()}.${tail}`
/** Where an address of the web is expected. */
export const scriptUrlOf = (place: string): string => `javascript:x7q()//${payloadOf(place)}`

/** In each page before its own scripts: what a payload calls, and what the content policy stops. */
export const watcher = `{
  globalThis.x7qNoticed = []
  globalThis.x7q = () => globalThis.x7qNoticed.push("a script ran")
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => globalThis.x7qNoticed.push("policy: " + violatedDirective + " " + blockedURI + " " + sample))
}`

export interface Found {
  /** Places whose payload stands in the page as text, or as an attribute's value. */
  readonly seen: readonly string[]
  /** What is there that no page of ours has. */
  readonly strange: readonly string[]
}

/** Evaluated in a page. */
export const lookForPayloads = `(() => {
  const texts = []
  const walk = document.createTreeWalker(document, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) texts.push(walk.currentNode.data)
  for (const element of document.querySelectorAll("*")) for (const { value } of element.attributes) texts.push(value)
  // JSON and RFC 4514 write backslashes before some of it
  const seen = new Set(texts.flatMap((text) => [...text.replaceAll("\\\\", "").matchAll(/x7q\\.([a-z0-9_.]+)\\."'><script>x7q/g)].map(([, place]) => place)))
  const strange = [
    ...document.querySelectorAll("#x7q, [src=x7q], [onload], [onerror], script:not([src]), a[href^='javascript:' i], [action^='javascript:' i], [formaction], base, iframe, object, embed, meta[http-equiv]"),
    ...[...document.scripts].filter(({ src }) => src !== "" && new URL(src).origin !== location.origin),
  ].map(({ outerHTML }) => outerHTML.slice(0, 200))
  return { seen: [...seen], strange: [...strange, ...globalThis.x7qNoticed] }
})()`
