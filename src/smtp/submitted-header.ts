import { failed, ok, type Result } from "../base/result.ts"
import { addressesIn, type HeaderAddress, parseAddressList } from "../mail/address.ts"
import { fieldValues, type HeaderField } from "../mail/header.ts"
import { type Reply, replies } from "./reply.ts"

export interface ClaimedAddresses {
  readonly headerFrom: readonly string[]
  readonly headerSender: readonly string[]
}

/** More authors than any letter has; parsing them all is bounded with it. */
const maxFieldBytes = 8 * 1024

/** Whom a submitted message says it is from. RFC 5322 §3.6: exactly one From:, at most one Sender:, which holds one address (§3.6.2). */
export function claimedAddresses(fields: readonly HeaderField[]): Result<ClaimedAddresses, Reply> {
  const from = fieldValues(fields, "from")
  const senders = fieldValues(fields, "sender")
  if ([...from, ...senders].some(({ length }) => length > maxFieldBytes)) return failed(replies.headerTooBig)
  const headerFrom = from.length === 1 && from[0] !== undefined ? everyAddress(from[0]) : undefined
  if (!headerFrom || headerFrom.length === 0) return failed(replies.oneFrom)
  const headerSender = senders.length === 0 ? [] : senders.length === 1 && senders[0] !== undefined ? everyAddress(senders[0]) : undefined
  if (!headerSender || headerSender.length !== senders.length) return failed(replies.oneSender)
  return ok({ headerFrom, headerSender })
}

const mailboxes = (list: readonly HeaderAddress[]): number => list.reduce((count, item) => count + (item.kind === "group" ? mailboxes(item.members) : 1), 0)

/** All addresses of the field; undefined when one of its entries has none, because a reader might show that entry as the author. */
const everyAddress = (value: string): string[] | undefined => {
  const list = parseAddressList(Buffer.from(value, "latin1").toString())
  const addresses = addressesIn(list)
  return addresses.length === mailboxes(list) ? addresses : undefined
}
