import { parseAddressList } from "./address.ts"
import type { HeaderAddress } from "./address.ts"
import { fieldValue } from "./header.ts"
import type { HeaderField } from "./header.ts"
import { imapNstring, imapString } from "./imap-string.ts"

const optional = (value: string): string => (value === "" ? "NIL" : imapString(value))

/** RFC 9051 §7.5.2: a group is opened by an address with a mailbox and no host, and closed by one with neither. */
const address = (item: HeaderAddress): string => {
  if (item.kind === "mailbox") return `(${optional(item.name)} ${optional(item.route)} ${imapString(item.localPart)} ${imapString(item.domain)})`
  return `(NIL NIL ${imapString(item.name)} NIL)${item.members.map(address).join("")}(NIL NIL NIL NIL)`
}

const addresses = (value: string | undefined): string => {
  if (value === undefined) return "NIL"
  const list = parseAddressList(value)
  return list.length === 0 ? "NIL" : `(${list.map(address).join("")})`
}

const addressFields = new Set(["from", "sender", "reply-to", "to", "cc", "bcc"])

/** The IMAP ENVELOPE of a header (RFC 9051 §7.5.2), ready to send, one char per byte. */
export const renderEnvelope = (fields: readonly HeaderField[]): string => {
  const lists = new Map<string, string>()
  for (const { name, value } of fields) {
    if (!addressFields.has(name)) continue
    const before = lists.get(name)
    // RFC 5322 §3.6 allows one field of each kind; where senders repeat To or Cc every address counts.
    lists.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  const from = addresses(lists.get("from"))
  // RFC 9051 §7.5.2: the server defaults absent or empty Sender and Reply-To to From.
  const orFrom = (name: string): string => {
    const own = addresses(lists.get(name))
    return own === "NIL" ? from : own
  }
  return `(${imapNstring(fieldValue(fields, "date"))} ${imapNstring(fieldValue(fields, "subject"))} ${from} ${orFrom("sender")} ${orFrom("reply-to")} ${addresses(lists.get("to"))} ${addresses(lists.get("cc"))} ${addresses(lists.get("bcc"))} ${imapNstring(fieldValue(fields, "in-reply-to"))} ${imapNstring(fieldValue(fields, "message-id"))})`
}
