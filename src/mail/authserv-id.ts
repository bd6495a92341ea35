/**
 * Whether an Authentication-Results field claims to be of `host`. RFC 8601 §5: such a field of a message that comes in must go, or its writer
 * could say "verified" in our name. One whose identifier cannot be read is taken for a claim too: some reader may read it otherwise.
 */
export function claimsToBeOf(host: string, value: string): boolean {
  const id = authservId(value)
  // a dot at the end and an old version behind a slash are left out by some readers
  return id === undefined || id.toLowerCase().replace(/\.?(?:\/.*)?$/, "") === host.toLowerCase()
}

/** RFC 8601 §2.2: `[CFWS] authserv-id`, a token or a quoted string. */
function authservId(value: string): string | undefined {
  const rest = value.slice(commentEnd(value))
  const [, quotedText, plain] = /^(?:"((?:[^"\\]|\\.)*)"|([^\s;"()=]+)(?=[\s;(]|$))/.exec(rest) ?? []
  return quotedText?.replace(/\\(.)/g, "$1") ?? plain
}

/** Where white space and comments, which nest (RFC 5322 §3.2.2), end. */
function commentEnd(text: string): number {
  let at = 0
  let depth = 0
  for (; at < text.length; at++) {
    const char = text[at] ?? ""
    if (char === "\\" && depth > 0) at++
    else if (char === "(") depth++
    else if (char === ")" && depth > 0) depth--
    else if (depth === 0 && !/\s/.test(char)) break
  }
  return at
}
