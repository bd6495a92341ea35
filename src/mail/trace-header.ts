/**
 * Trace fields that are put before accepted bytes (RFC 5321 §4.4, RFC 8601). Every value comes from a peer: nothing of it may
 * break out of its place, so characters that could are replaced. Lines stay under the 78 columns of RFC 5322 §2.1.1 where words allow,
 * and under its 998 always.
 */
import { isIPv6 } from "node:net"
import { formatDate } from "./date-time.ts"

const maxColumns = 76
const maxWordChars = 900

/** Words in one folded field; a word is never broken, only cut when it alone exceeds a line. */
const fold = (words: readonly string[]): string => {
  let field = ""
  let column = 0
  for (const long of words) {
    const word = long.slice(0, maxWordChars)
    if (field === "") {
      field = word
      column = word.length
    } else if (column + 1 + word.length > maxColumns) {
      field += `\r\n\t${word}`
      // A tab shows as eight columns.
      column = 8 + word.length
    } else {
      field += ` ${word}`
      column += 1 + word.length
    }
  }
  return `${field}\r\n`
}

/** RFC 5321 §4.4: the address that final delivery was told, `<>` for none. */
export const returnPath = (reversePath: string): string => `Return-Path: <${reversePath.replace(/[\p{Cc}<>]/gu, "").slice(0, maxWordChars)}>\r\n`

export interface ReceivedFacts {
  /** What the client called itself. */
  readonly helo: string
  readonly clientAddress: string
  /** This server. */
  readonly host: string
  /** EHLO, not HELO. */
  readonly extended: boolean
  /** Protocol version and cipher suite ("TLSv1.3 TLS_AES_256_GCM_SHA384"), null in clear. */
  readonly tls: string | null
  readonly authenticated: boolean
  readonly smtpUtf8: boolean
  readonly id: string
  /** Only for a message with one recipient: of several, none may learn of another (RFC 5321 §7.2). */
  readonly recipient?: string
  readonly at: number
  /** Minutes east of UTC in which the date is written. */
  readonly zoneMinutes?: number
}

/** The registered names of the WITH clause: RFC 3848, and RFC 6531 §4.3 for SMTPUTF8. */
export const withProtocol = (facts: Pick<ReceivedFacts, "extended" | "tls" | "authenticated" | "smtpUtf8">): string => {
  if (!facts.extended) return "SMTP"
  return `${facts.smtpUtf8 ? "UTF8SMTP" : "ESMTP"}${facts.tls === null ? "" : "S"}${facts.authenticated ? "A" : ""}`
}

const domainLike = (text: string): string => text.replace(/[^A-Za-z0-9.:_[\]\u0080-\u{10ffff}-]/gu, "?").replace(/\p{Cc}/gu, "?").slice(0, 255) || "unknown"

/** RFC 5321 §4.1.3. */
const addressLiteral = (address: string): string => (isIPv6(address) ? `[IPv6:${address}]` : `[${domainLike(address)}]`)

/** RFC 8314 §4.3 registers a clause for the cipher suite by its IANA name; another name can only be a comment. */
const tlsWords = (tls: string | null): string[] => {
  if (tls === null) return []
  const words = tls.replace(/[^A-Za-z0-9._ -]/g, "?").split(" ")
  const suite = words.at(-1) ?? ""
  return /^TLS_[A-Z0-9_]+$/.test(suite) ? ["tls", suite] : [`(${words.join(" ")})`]
}

/** The Received: field of this hop (RFC 5321 §4.4). */
export const received = (facts: ReceivedFacts): string => {
  const recipient = facts.recipient === undefined ? [] : ["for", `<${facts.recipient.replace(/[\p{Cc}<>\s]/gu, "")}>`]
  const words = [
    "Received: from", domainLike(facts.helo), `(${addressLiteral(facts.clientAddress)})`, "by", domainLike(facts.host),
    "with", withProtocol(facts), "id", domainLike(facts.id), ...recipient, ...tlsWords(facts.tls),
  ]
  words[words.length - 1] += ";"
  return fold([...words, formatDate(facts.at, facts.zoneMinutes)])
}

/** One method's finding (RFC 8601 §2.2). */
export interface AuthenticationResult {
  /** "spf", "dkim", "dmarc", "auth", "smime" … from the IANA registry. */
  readonly method: string
  readonly result: string
  readonly reason?: string
  /** Such as `["smtp.mailfrom", "user@domain.example"]`. */
  readonly properties?: readonly (readonly [string, string])[]
}

const token = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/
/** RFC 8601 §2.2 pvalue: besides a value, an address or a domain may stand bare. */
const bareValue = /^[A-Za-z0-9!#$%&'*+.^_`{|}~@\u0080-\u{10ffff}-]+$/u

const quoted = (text: string): string => `"${text.slice(0, 400).replace(/\p{Cc}/gu, " ").replace(/["\\]/g, "\\$&")}"`
const keyword = (text: string): string => (token.test(text) ? text : "unknown")

/** The Authentication-Results: field (RFC 8601 §2.2); `none` when nothing was checked. */
export const authenticationResults = (authServId: string, results: readonly AuthenticationResult[]): string => {
  const words = [`Authentication-Results: ${domainLike(authServId)};`]
  if (results.length === 0) words.push("none")
  results.forEach((item, index) => {
    words.push(`${keyword(item.method)}=${keyword(item.result)}`)
    if (item.reason !== undefined) words.push(`reason=${quoted(item.reason)}`)
    for (const [name, value] of item.properties ?? []) words.push(`${keyword(name)}=${bareValue.test(value) ? value : quoted(value)}`)
    if (index < results.length - 1) words[words.length - 1] += ";"
  })
  return fold(words)
}
