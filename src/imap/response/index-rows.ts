import { setImmediate as yieldToOthers } from "node:timers/promises"
import type { SelectedMailbox } from "../selected.ts"
import { FetchRows, type IndexItem } from "./fetch-rows.ts"
import type { ResponseWriter } from "./writer.ts"

/** Rows written before others get their turn on the event loop: 1-2 ms. */
const rowsAtOnce = 4096

/**
 * FETCH responses that the index answers alone, for ranges of positions in the view. `wants` leaves messages out by their
 * position in the index. Returns how many messages were already gone.
 */
export const writeIndexRows = async (
  out: ResponseWriter,
  view: SelectedMailbox,
  request: { readonly ranges: readonly number[]; readonly items: readonly IndexItem[]; readonly wants?: (at: number) => boolean },
): Promise<number> => {
  const { index } = view.mailbox
  const rows = new FetchRows({ index, recentFrom: view.recentFrom })
  let gone = 0
  let written = 0
  let at = -1
  for (let range = 0; range < request.ranges.length; range += 2) {
    const end = request.ranges[range + 1] ?? 0
    for (let position = request.ranges[range] ?? 0; position < end; position++) {
      if (++written % rowsAtOnce === 0) {
        rows.hand(out)
        await out.ready()
        await yieldToOthers()
        if (out.closed) return gone
      }
      const uid = view.uids[position] ?? 0
      at = at + 1 < index.count && index.uids[at + 1] === uid ? at + 1 : index.find(uid)
      if (at < 0) gone++
      else if (!request.wants || request.wants(at)) {
        rows.begin(position + 1)
        for (const item of request.items) rows.item(item, at)
        rows.end()
        rows.room(out)
      }
    }
  }
  rows.hand(out)
  return gone
}
