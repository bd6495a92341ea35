/** A header field in the "relaxed" canonical form (RFC 6376 §3.4.2): name in lower case, unfolded, white space runs made one space. One char per byte. */
export function relaxedField(raw: string): string {
  const colon = raw.indexOf(":")
  const name = raw.slice(0, colon).trimEnd().toLowerCase()
  const value = raw.slice(colon + 1).replace(/\r?\n/g, "").replace(/[\t ]+/g, " ")
  return `${name}:${withoutOuterSpace(value)}\r\n`
}

/** Only SP is left to remove; `trim` would take bytes of UTF-8 with it. */
const withoutOuterSpace = (value: string): string => value.slice(value.startsWith(" ") ? 1 : 0, value.length > 1 && value.endsWith(" ") ? -1 : undefined)
