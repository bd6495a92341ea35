import type { Reader } from "./reader.ts"
import { ImapSyntaxError } from "./syntax-error.ts"

/** What STATUS tells (RFC 9051 §6.3.11, RFC 3501 §6.3.10 RECENT, RFC 7162 §3.1.7 HIGHESTMODSEQ). */
export const statusItemNames = ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "DELETED", "SIZE", "HIGHESTMODSEQ"] as const

export type StatusItem = (typeof statusItemNames)[number]

/** `(MESSAGES UIDNEXT …)`, at least one; repeated ones count once. */
export const statusItems = (reader: Reader): StatusItem[] => {
  const items = reader.list(() => {
    const name = reader.keyword()
    const item = statusItemNames.find((known) => known === name)
    if (!item) throw new ImapSyntaxError("Unknown STATUS item")
    return item
  })
  return items.length === 0 ? reader.fail("a STATUS item") : [...new Set(items)]
}
