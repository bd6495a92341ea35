/** The credentials of HTTP Basic authentication (RFC 7617). Pure. */
export interface BasicCredentials {
  readonly username: string
  readonly password: string
}

/** Undefined when the header is absent, of another scheme, or malformed; the header's length is bounded by the server. */
export function basicCredentials(header: string | undefined): BasicCredentials | undefined {
  const encoded = /^basic +([a-z0-9+/]+={0,2})$/i.exec(header ?? "")?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, "base64").toString("utf8")
  // RFC 7617 §2: the first colon ends the name, and control characters are in neither
  const colon = text.indexOf(":")
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (colon < 1 || /[\u0000-\u001f\u007f]/.test(text)) return undefined
  return { username: text.slice(0, colon), password: text.slice(colon + 1) }
}
