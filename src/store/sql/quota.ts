import type { QuotaView } from "../../accounts/quota.ts"
import type { Clock } from "../../base/clock.ts"
import type { Database } from "./database.ts"

/**
 * How full accounts are, in answers that are at most two seconds old. One account is read when it is asked for; when many are asked
 * for, as in a circular or under load, all of them are read at once, behind what is going on: three thousand accounts take PostgreSQL
 * 20 ms, for which no RCPT waits.
 */
const maxAgeMs = 2_000
/** So many single answers cost as much as all of them. */
const manyAsked = 50

interface Answer {
  readonly room: number
  readonly at: number
}

export function createQuotaView({ database, clock }: { readonly database: Database; readonly clock: Clock }): QuotaView {
  let answers = new Map<number, Answer>()
  let asked = 0
  let readingAll = false

  const readOne = async (accountId: number): Promise<Answer | undefined> => {
    const at = clock.now()
    const [row] = await database.query<RoomRow>(selectRoom, [accountId])
    if (!row) return undefined
    const answer = { room: row.room, at }
    answers.set(accountId, answer)
    return answer
  }
  const readAll = async (): Promise<void> => {
    readingAll = true
    asked = 0
    try {
      const at = clock.now()
      answers = new Map((await database.query<RoomRow>(selectAllRoom)).map(({ id, room }) => [id, { room, at }]))
    } catch {
      // whoever needs an answer reads it by itself, and is told why it cannot
    } finally {
      readingAll = false
    }
  }
  return {
    isOver(accountId, additionalBytes) {
      const known = answers.get(accountId)
      if (known && clock.now() - known.at < maxAgeMs) return additionalBytes > known.room
      if (++asked > manyAsked && !readingAll) void readAll()
      return readOne(accountId).then((answer) => answer !== undefined && additionalBytes > answer.room)
    },
  }
}

interface RoomRow {
  readonly id: number
  readonly room: number
}

const selectRoom = {
  name: "quota-room",
  text: "SELECT a.id, a.quota_bytes - coalesce((SELECT sum(m.bytes) FROM mailbox m WHERE m.account_id = a.id), 0)::bigint AS room FROM account a WHERE a.id = $1",
}

const selectAllRoom = {
  name: "quota-room-of-all",
  text: "SELECT a.id, a.quota_bytes - coalesce(sum(m.bytes), 0)::bigint AS room FROM account a LEFT JOIN mailbox m ON m.account_id = a.id GROUP BY a.id",
}

/** Bytes in each of some accounts. */
export async function usageOf(database: Pick<Database, "query">, accountIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
  const rows = await database.query<{ id: number; bytes: number }>({ name: "usage-of-accounts", text: 'SELECT account_id AS id, sum(bytes)::bigint AS bytes FROM mailbox WHERE account_id = ANY ($1::bigint[]) GROUP BY account_id' }, [accountIds])
  return new Map(rows.map(({ id, bytes }) => [id, bytes]))
}
