import { encodeMailboxName } from "../grammar/mailbox-name.ts"
import type { StatusItem } from "../grammar/status-items.ts"
import { octets } from "./writer.ts"

/** A mailbox name as a client of this session reads it: modified UTF-7, or UTF-8 when it enabled that (RFC 9051 §5.1, RFC 3501 §5.1.3). */
export const mailboxToken = (name: string, utf8Names: boolean): string => {
  const text = utf8Names ? octets(name) : encodeMailboxName(name)
  return /^[A-Za-z0-9!#$&'+,\-./:;<=>?@^_`|~]+$/.test(text) && text.toUpperCase() !== "NIL" ? text : `"${text.replace(/["\\]/g, "\\$&")}"`
}

export interface ListedMailbox {
  readonly kind: "LIST" | "LSUB"
  /** `\HasChildren`, `\Subscribed`, `\Sent` … in the order to be shown. */
  readonly attributes: readonly string[]
  readonly name: string
  /** RFC 5258 §3.5: why a parent is listed that does not match itself. */
  readonly childInfo?: readonly string[]
}

/** `* LIST (\HasNoChildren) "/" INBOX`, without CRLF. */
export const listLine = (mailbox: ListedMailbox, utf8Names: boolean): string => {
  const childInfo = mailbox.childInfo?.length ? ` ("CHILDINFO" (${mailbox.childInfo.map((option) => `"${option}"`).join(" ")}))` : ""
  return `* ${mailbox.kind} (${mailbox.attributes.join(" ")}) "/" ${mailboxToken(mailbox.name, utf8Names)}${childInfo}`
}

/** `* STATUS INBOX (MESSAGES 3 UNSEEN 1)`, without CRLF. */
export const statusLine = (name: string, values: readonly (readonly [StatusItem, number])[], utf8Names: boolean): string =>
  `* STATUS ${mailboxToken(name, utf8Names)} (${values.map(([item, value]) => `${item} ${value}`).join(" ")})`
