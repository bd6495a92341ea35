/** DSN parameters of MAIL and RCPT (RFC 3461 §4), as they are passed on to a peer that offers DSN. Pure. */
import type { NotifyCondition } from "../mail/envelope.ts"

/** RFC 3461 §4: xtext. */
export const xtext = (text: string): string => text.replace(/[^!-*,-<>-~]/g, (char) => [...Buffer.from(char)].map((byte) => `+${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""))

const isAscii = (text: string): boolean => /^[ -~]*$/.test(text)

/** RFC 6533 §3: an address with characters outside ASCII travels as type `utf-8`, each of them as `\x{HEX}`. */
const utf8AddressXtext = (address: string): string => address.replace(/[^!-*,-<>-[\]-~]/gu, (char) => `\\x{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`)

/** An ORCPT as the client gave it, or the forward-path, as `type;address`. */
export const typedAddress = (original: string): { readonly type: string; readonly address: string } => {
  const given = /^([A-Za-z0-9-]{1,40});(.*)$/s.exec(original)
  if (given?.[1] !== undefined && given[2] !== undefined) return { type: given[1], address: given[2] }
  return { type: isAscii(original) ? "rfc822" : "utf-8", address: original }
}

/** RET and ENVID, each with the space before it. */
export const mailParameters = ({ ret, envid }: { readonly ret: "full" | "headers" | null; readonly envid: string | null }): string =>
  `${ret === null ? "" : ` RET=${ret === "full" ? "FULL" : "HDRS"}`}${envid === null ? "" : ` ENVID=${xtext(envid)}`}`

/** NOTIFY and ORCPT, each with the space before it. */
export function rcptParameters({ notify, originalRecipient }: { readonly notify: readonly NotifyCondition[]; readonly originalRecipient: string }): string {
  const { type, address } = typedAddress(originalRecipient)
  const original = type.toLowerCase() === "utf-8" ? `utf-8;${utf8AddressXtext(address)}` : `${type};${xtext(address)}`
  return `${notify.length === 0 ? "" : ` NOTIFY=${notify.join(",").toUpperCase()}`} ORCPT=${original}`
}
