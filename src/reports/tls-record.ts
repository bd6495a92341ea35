/** What a domain publishes at `_smtp._tls`: whether it wants reports about TLS, and where (RFC 8460 §3). Pure. */
import { isValidMailbox } from "../mail/address.ts"

/** Places that a record may name; more only make work. */
const maxUris = 5
const maxRecordChars = 2_000
const maxUriChars = 500

/**
 * The places of the one record there may be, in its order: `mailto:ADDRESS` and `https:` URLs, each once. Undefined: nobody asks for reports, for records that
 * are not exactly one, and one that is not of the form of RFC 8460 §3, count as none.
 */
export function reportUris(texts: readonly string[]): readonly string[] | undefined {
  const [text, second] = texts.filter((one) => version.test(one))
  if (text === undefined || second !== undefined || text.length > maxRecordChars) return undefined
  const [, ...fields] = text.split(delimiter)
  // field-delim may stand at the end
  if (fields.at(-1) === "") fields.pop()
  if (fields.length === 0 || !fields.every((field) => extension.test(field))) return undefined
  const named = fields.filter((field) => field.startsWith("rua=")).flatMap((field) => field.slice("rua=".length).split(comma))
  const uris = named.map(readUri).filter((uri) => uri !== undefined)
  return uris.length === 0 ? undefined : [...new Set(uris)].slice(0, maxUris)
}

/** Case-sensitive, and no space in it: `%s"v=TLSRPTv1"`. */
const version = /^v=TLSRPTv1[ \t]*;/
const delimiter = /[ \t]*;[ \t]*/
const comma = /[ \t]*,[ \t]*/
/** tlsrpt-rua and tlsrpt-extension: a name of at most 32 characters, and a value that is not empty; white space stands around commas only. Each comma can be read in one way only, however many there are. */
const extension = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x2b\x2d-\x3a\x3c-\x7e]+(?:[ \t]*,[ \t]*[\x21-\x2b\x2d-\x3a\x3c-\x7e]+)*$/

/** Undefined for schemes that nobody knows, and for what is no address or URL. */
function readUri(text: string): string | undefined {
  if (text.length > maxUriChars || text.includes("!")) return undefined
  const mail = /^mailto:([^?]+)/i.exec(text)?.[1]
  if (mail !== undefined) {
    const address = unescaped(mail)
    return address !== undefined && isValidMailbox(address) ? `mailto:${address}` : undefined
  }
  if (!/^https:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const { username, password, hostname, href } = new URL(text)
  return username === "" && password === "" && hostname !== "" ? href : undefined
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
