import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { pendingUpdates, type View } from "../../src/imap/pending-updates.ts"
import { MailboxIndex } from "../../src/store/mailbox-index.ts"

const indexOf = (messages: readonly (readonly [uid: number, modSeq: number])[]): MailboxIndex => {
  const index = new MailboxIndex({ modSeq: 0, uidNext: 1, keywords: [], capacity: 2 })
  for (const [uid, modSeq] of messages) index.push({ uid, flags: 0, modSeq, size: 1, internalDate: 0 })
  return index
}
const viewOf = (uids: readonly number[]): View => ({ uids: Uint32Array.from(uids), count: uids.length })
const uidsOf = (view: View): number[] => [...view.uids.subarray(0, view.count)]

describe("what a client is told", () => {
  // known: uids in view; now: [uid, modSeq] in the index; changes up to modSeq 5 are known
  const cases: { name: string; known: number[]; now: [number, number][]; mayExpunge: boolean; expunged: number[]; exists: number | null; changed: number[]; view: number[] }[] = [
    { name: "nothing happened", known: [1, 2], now: [[1, 1], [2, 2]], mayExpunge: true, expunged: [], exists: null, changed: [], view: [1, 2] },
    { name: "a new message", known: [1], now: [[1, 1], [4, 6]], mayExpunge: true, expunged: [], exists: 2, changed: [], view: [1, 4] },
    { name: "changed flags", known: [1, 2, 3], now: [[1, 6], [2, 5], [3, 7]], mayExpunge: true, expunged: [], exists: null, changed: [1, 3], view: [1, 2, 3] },
    { name: "expunges, highest first", known: [1, 2, 3, 4], now: [[3, 1]], mayExpunge: true, expunged: [4, 2, 1], exists: null, changed: [], view: [3] },
    { name: "expunge and flags: numbers after the expunge", known: [1, 2, 3], now: [[2, 1], [3, 9]], mayExpunge: true, expunged: [1], exists: null, changed: [2], view: [2, 3] },
    { name: "expunge and a new message", known: [1, 2], now: [[2, 1], [5, 8]], mayExpunge: true, expunged: [1], exists: 2, changed: [], view: [2, 5] },
    { name: "everything gone", known: [1, 2], now: [], mayExpunge: true, expunged: [2, 1], exists: null, changed: [], view: [] },
    { name: "withheld expunge", known: [1, 2, 3], now: [[2, 1], [3, 9]], mayExpunge: false, expunged: [], exists: null, changed: [3], view: [1, 2, 3] },
    { name: "withheld expunge and new messages after the old ones", known: [1, 2], now: [[2, 1], [5, 8], [6, 9]], mayExpunge: false, expunged: [], exists: 4, changed: [], view: [1, 2, 5, 6] },
    { name: "withheld expunge of the last", known: [1, 2], now: [[1, 7], [5, 8]], mayExpunge: false, expunged: [], exists: 3, changed: [1], view: [1, 2, 5] },
  ]
  test.each(cases)("$name", ({ known, now, mayExpunge, expunged, exists, changed, view }) => {
    const updates = pendingUpdates(viewOf(known), indexOf(now), 5, mayExpunge)
    expect({ ...updates, view: uidsOf(updates.view) }).toEqual({ expunged, exists, changed, view })
  })
})

test("while view and index are one array, a new message costs no copy", () => {
  const index = indexOf([[1, 1], [2, 2]])
  const view = { uids: index.uids, count: 1 }
  const updates = pendingUpdates(view, index, 5, false)
  expect(updates).toMatchObject({ exists: 2, expunged: [] })
  expect(updates.view.uids).toBe(index.uids)
})

test("one change that added messages leaves the others unread", () => {
  const index = indexOf([[1, 1], [2, 6]])
  index.modSeq = 6
  let read = 0
  const modSeqs = new Proxy(index.modSeqs, { get: (target, key) => (read++, Reflect.get(target, key)) })
  expect(pendingUpdates(viewOf([1]), { uids: index.uids, count: index.count, modSeq: 6, modSeqs }, 5, true)).toMatchObject({ exists: 2, changed: [] })
  // the new message's own
  expect(read).toBe(1)
})

test("messages that are read ahead of the log do not hide the change of flags before them", () => {
  // MODSEQ 6 changed the first message; the second, of MODSEQ 7, is in the index before the rest of the log is
  const index = indexOf([[1, 6], [4, 7]])
  index.modSeq = 6
  expect(pendingUpdates(viewOf([1]), index, 5, true)).toMatchObject({ exists: 2, changed: [1] })
})

test("whatever happens, a client that follows the numbers ends with the mailbox as it is", () => {
  const step = fc.record({ add: fc.nat(3), expunge: fc.array(fc.nat(20), { maxLength: 3 }), touch: fc.array(fc.nat(20), { maxLength: 2 }), mayExpunge: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const index = indexOf([[1, 1], [2, 1], [3, 1]])
      let view: View = { uids: index.uids, count: index.count }
      const client = [1, 2, 3]
      let modSeq = 1
      let told = 1
      for (const { add, expunge, touch, mayExpunge } of [...steps, { add: 0, expunge: [], touch: [], mayExpunge: true }]) {
        modSeq++
        index.remove([...new Set(expunge)].flatMap((at) => index.uids.subarray(0, index.count)[at] ?? []).sort((a, b) => a - b))
        const touched = touch.filter((at) => at < index.count).map((at) => index.uids[at] ?? 0)
        for (const at of touch) if (at < index.count) index.modSeqs[at] = modSeq
        for (let added = 0; added < add; added++) index.push({ uid: index.uidNext, flags: 0, modSeq, size: 1, internalDate: 0 })
        const updates = pendingUpdates(view, index, told, mayExpunge)
        if (!mayExpunge) expect(updates.expunged).toEqual([])
        for (const seq of updates.expunged) client.splice(seq - 1, 1)
        // what EXISTS promises is what the server's view maps the new numbers to
        if (updates.exists !== null) for (let seq = client.length + 1; seq <= updates.exists; seq++) client.push(updates.view.uids[seq - 1] ?? 0)
        view = updates.view
        told = modSeq
        expect(uidsOf(view)).toEqual(client)
        const heard = updates.changed.map((seq) => client[seq - 1])
        for (const uid of touched) expect(heard).toContain(uid)
      }
      expect(client).toEqual([...index.uids.subarray(0, index.count)])
    }),
  )
})
