import type { Database } from "./database.ts"

/** Hands out ids from blocks of a sequence, so that a batch knows its ids before it is written. Ids of a process that ends are lost; nothing counts on them being dense. */
export function createIdBlocks(database: Database, sequence: "envelope_id" | "delivery_id", blockSize: number): (count: number) => Promise<number> {
  let next = 0
  let end = 0
  let filling: Promise<void> | undefined
  const fill = async (): Promise<void> => {
    const [row] = await database.query<{ id: number }>({ name: `next-${sequence}`, text: `SELECT nextval('${sequence}') AS id` })
    next = row?.id ?? 0
    end = next + blockSize
  }
  return async (count) => {
    if (count > blockSize) throw new RangeError(`a block has ${blockSize} ids, not ${count}`)
    while (next + count > end) await (filling ??= fill().finally(() => (filling = undefined)))
    const first = next
    next += count
    return first
  }
}
