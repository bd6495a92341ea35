import fc from "fast-check"
import { expect, test } from "vitest"
import { parseDateTime } from "../../../src/imap/grammar/date-time.ts"
import { FetchRows, type IndexItem } from "../../../src/imap/response/fetch-rows.ts"
import { writeIndexRows } from "../../../src/imap/response/index-rows.ts"
import { ResponseWriter } from "../../../src/imap/response/writer.ts"
import type { SelectedMailbox } from "../../../src/imap/selected.ts"
import { MailboxIndex } from "../../../src/store/mailbox-index.ts"
import { memorySink } from "./memory-sink.ts"

const indexOf = (messages: readonly { uid: number; flags?: number; modSeq?: number; size?: number; internalDate?: number }[], keywords: readonly string[] = []): MailboxIndex => {
  const index = new MailboxIndex({ modSeq: 1, uidNext: 1, keywords })
  for (const message of messages) index.push({ flags: 0, modSeq: 1, size: 0, internalDate: 0, ...message })
  return index
}

const viewOf = (index: MailboxIndex, recentFrom = Number.POSITIVE_INFINITY): SelectedMailbox => ({
  mailbox: { index } as SelectedMailbox["mailbox"], readOnly: false, uids: index.uids, count: index.count, recentFrom,
  seqOf: () => 0, uidAt: () => 0, silence: () => undefined,
})

const rows = async (view: SelectedMailbox, ranges: readonly number[], items: readonly IndexItem[]): Promise<{ text: string; gone: number }> => {
  const sink = memorySink()
  const out = new ResponseWriter(sink)
  const gone = await writeIndexRows(out, view, { ranges, items })
  out.flush()
  return { text: sink.text(), gone }
}

test("every index item is written", async () => {
  const index = indexOf([
    { uid: 7, flags: 0, modSeq: 5, size: 0, internalDate: 0 },
    { uid: 4294967295, flags: 1 | 8 | 32, modSeq: 9007199254740991, size: 4294967295, internalDate: Date.UTC(2026, 10, 5, 23, 59, 59) },
  ], ["$Forwarded"])
  const { text } = await rows(viewOf(index, 8), [0, 2], ["uid", "flags", "modSeq", "size", "internalDate"])
  expect(text).toBe(
    "* 1 FETCH (UID 7 FLAGS () MODSEQ (5) RFC822.SIZE 0 INTERNALDATE \" 1-Jan-1970 07:00:00 +0700\")\r\n" +
    "* 2 FETCH (UID 4294967295 FLAGS (\\Answered \\Seen $Forwarded \\Recent) MODSEQ (9007199254740991) RFC822.SIZE 4294967295 INTERNALDATE \" 6-Nov-2026 06:59:59 +0700\")\r\n",
  )
})

test("expunged messages that the client still counts are passed over and counted", async () => {
  const index = indexOf([{ uid: 1 }, { uid: 2 }, { uid: 3 }, { uid: 4 }])
  const view = viewOf(index)
  index.remove([2, 4])
  expect(await rows(view, [0, 4], ["uid"])).toEqual({ text: "* 1 FETCH (UID 1)\r\n* 3 FETCH (UID 3)\r\n", gone: 2 })
})

test("fifty thousand rows are all there, in order", async () => {
  const index = indexOf(Array.from({ length: 50_000 }, (_, at) => ({ uid: at * 2 + 1, flags: at % 32 })))
  const { text } = await rows(viewOf(index), [0, 50_000], ["uid", "flags"])
  const lines = text.split("\r\n")
  expect(lines).toHaveLength(50_001)
  for (const at of [0, 1, 999, 4095, 4096, 31_234, 49_999]) expect(lines[at]).toBe(`* ${at + 1} FETCH (UID ${at * 2 + 1} FLAGS (${index.flagNames(at % 32).join(" ")}))`)
})

test("rows of the longest flags fit", async () => {
  const keywords = Array.from({ length: 27 }, (_, at) => `${at}`.padEnd(64, "k"))
  const index = indexOf(Array.from({ length: 200 }, (_, at) => ({ uid: at + 1, flags: 0xffffffff })), keywords)
  const { text } = await rows(viewOf(index, 1), [0, 200], ["uid", "flags", "modSeq", "size", "internalDate"])
  expect(text.split("\r\n")).toHaveLength(201)
  expect(text.split("\r\n")[199]).toContain(`${keywords[26]} \\Recent)`)
})

test("numbers and dates are written as JavaScript would", () => {
  fc.assert(fc.property(fc.array(fc.record({ uid: fc.integer({ min: 1, max: 0xffffffff }), size: fc.nat(), modSeq: fc.maxSafeNat(), seconds: fc.integer({ min: 0, max: 0xffffffff }) }), { minLength: 1, maxLength: 5 }), (messages) => {
    const index = indexOf(messages.map(({ seconds, ...message }) => ({ ...message, internalDate: seconds * 1000 })))
    const rows = new FetchRows({ index, recentFrom: Number.POSITIVE_INFINITY })
    messages.forEach((message, at) => {
      rows.begin(at + 1)
      for (const item of ["uid", "size", "modSeq", "internalDate"] as const) rows.item(item, at)
      rows.end()
      const text = rows.take()
      const date = /INTERNALDATE "([^"]+)"/.exec(text)?.[1] ?? ""
      expect(parseDateTime(date)).toBe(message.seconds * 1000)
      expect(text).toBe(`* ${at + 1} FETCH (UID ${message.uid} RFC822.SIZE ${message.size} MODSEQ (${message.modSeq}) INTERNALDATE "${date}")\r\n`)
    })
  }))
})
