/**
 * The parameters of MAIL and RCPT as their RFCs write them. smtp-server reads them leniently (any keyword, any xtext);
 * this looks at the raw line first and says what is wrong with it. Pure.
 */
import { isUtf8 } from "node:buffer"
import { type Reply, replies } from "./reply.ts"

/** RFC 3461 §4: xchar, or "+" and two hexadecimal digits. Decoded it must stay printable, or it could break the header of a DSN. */
const xtext = /^(?:[!-*,-<>-~]|\+(?:[2-6][0-9A-F]|7[0-9A-E]))+$/
/** RFC 3461 §4.4. */
const maxEnvidChars = 100
/** RFC 3461 §4.2. */
const maxOrcptChars = 500

const maxSizeDigits = /^\d{1,20}$/

interface Parameter {
  /** True when the value is well-formed; null stands for "no value". */
  readonly accepts: (value: string | null) => boolean
}

const valueMatching = (pattern: RegExp, maxChars = Infinity): Parameter => ({ accepts: (value) => value !== null && value.length <= maxChars && pattern.test(value) })
const flag: Parameter = { accepts: (value) => value === null }

const mailParameters: Readonly<Record<string, Parameter>> = {
  // RFC 1870 §3, RFC 6152 §3, RFC 6531 §3.4, RFC 3461 §4.3 and §4.4, RFC 8689 §2, RFC 4954 §5
  SIZE: valueMatching(maxSizeDigits),
  BODY: valueMatching(/^(?:7BIT|8BITMIME)$/i),
  SMTPUTF8: flag,
  RET: valueMatching(/^(?:FULL|HDRS)$/i),
  ENVID: valueMatching(xtext, maxEnvidChars),
  REQUIRETLS: flag,
  AUTH: { accepts: (value) => value !== null && (value === "<>" || xtext.test(value)) },
}

const notifyList = /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i

const rcptParameters: Readonly<Record<string, Parameter>> = {
  // RFC 3461 §4.1 and §4.2; RFC 6533 §3 adds the address type utf-8 with its own escapes
  NOTIFY: valueMatching(notifyList),
  ORCPT: {
    accepts(value) {
      const [, type, address] = /^([A-Za-z0-9-]+);(.+)$/.exec(value ?? "") ?? []
      if (type === undefined || address === undefined || address.length > maxOrcptChars) return false
      // oxlint-disable-next-line no-control-regex -- exactly what may not stand in a parameter
      return type.toLowerCase() === "utf-8" ? !/[\x00-\x20=\x7f]/.test(address) : xtext.test(address)
    },
  },
}

const addressCommand = /^[A-Z]+[ \t]+(?:FROM|TO)[ \t]*:[ \t]*<([^<>]*)>(.*)$/is

const check = (line: Buffer, known: Readonly<Record<string, Parameter>>, smtpUtf8Given: boolean): Reply | undefined => {
  if (!isUtf8(line)) return replies.badUtf8
  const text = line.toString()
  const [, path, rest] = addressCommand.exec(text) ?? []
  // the path's own syntax is smtp-server's part
  if (path === undefined || rest === undefined) return undefined
  if (rest !== "" && !/^[ \t]/.test(rest)) return replies.badParameter
  const words = rest.split(/[ \t]+/).filter((word) => word !== "")
  let smtpUtf8 = smtpUtf8Given
  for (const word of words) {
    const equals = word.indexOf("=")
    const name = (equals === -1 ? word : word.slice(0, equals)).toUpperCase()
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined
    // RFC 5321 §4.1.1.11: 555 when a parameter is not recognized or not implemented
    if (!parameter) return replies.unknownParameter
    if (!parameter.accepts(equals === -1 ? null : word.slice(equals + 1))) return { ...replies.badParameter, text: `Bad ${name} parameter` }
    if (name === "SMTPUTF8") smtpUtf8 = true
  }
  // RFC 6531 §3.4: without the parameter an address is ASCII
  return !smtpUtf8 && text.length !== line.length ? replies.needsSmtpUtf8 : undefined
}

/** What is wrong with a MAIL command's parameters, if anything. */
export const checkMail = (line: Buffer): Reply | undefined => check(line, mailParameters, false)

/** What is wrong with a RCPT command's parameters, if anything. */
export const checkRcpt = (line: Buffer, smtpUtf8: boolean): Reply | undefined => check(line, rcptParameters, smtpUtf8)
