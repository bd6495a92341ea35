import type { QuotaView } from "../../accounts/quota.ts"
import type { Clock } from "../../base/clock.ts"
import type { Database } from "./database.ts"

/**
 * How full accounts are, all of them in one reading that is at most two seconds old while mail comes in, and not taken at
 * all while none does. Asking costs no SQL, so a thousand RCPT TO of a circular are not a thousand queries.
 */
const maxAgeMs = 2_000

export function createQuotaView({ database, clock }: { readonly database: Database; readonly clock: Clock }): QuotaView {
  let room: ReadonlyMap<number, number> = new Map()
  let readAt = -Infinity
  let reading: Promise<void> | undefined

  const read = async (): Promise<void> => {
    const at = clock.now()
    const rows = await database.query<{ id: number; room: number }>(selectRoom)
    room = new Map(rows.map((row) => [row.id, row.room]))
    readAt = at
  }
  const isOverNow = (accountId: number, additionalBytes: number): boolean => {
    const left = room.get(accountId)
    return left !== undefined && additionalBytes > left
  }
  return {
    isOver(accountId, additionalBytes) {
      if (clock.now() - readAt < maxAgeMs && room.has(accountId)) return isOverNow(accountId, additionalBytes)
      reading ??= read().finally(() => (reading = undefined))
      return reading.then(() => isOverNow(accountId, additionalBytes))
    },
  }
}

const selectRoom = {
  name: "quota-room",
  text: "SELECT a.id, a.quota_bytes - coalesce(sum(m.bytes), 0)::bigint AS room FROM account a LEFT JOIN mailbox m ON m.account_id = a.id GROUP BY a.id",
}
