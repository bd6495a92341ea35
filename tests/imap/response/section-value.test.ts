import { expect, test } from "vitest"
import { fetchArgs, type SectionItem } from "../../../src/imap/grammar/fetch-items.ts"
import { lookAhead } from "../../../src/imap/response/look-ahead.ts"
import { Pace } from "../../../src/base/pace.ts"
import { openSection, writeSection } from "../../../src/imap/response/section-value.ts"
import { ResponseWriter } from "../../../src/imap/response/writer.ts"
import type { MessageDetails } from "../../../src/store/mail-store.ts"
import { reading } from "../grammar/read.ts"
import { memorySink } from "./memory-sink.ts"

const content = "Subject: x\r\nTo: y\r\n\r\n0123456789"
const details = (kept = true): MessageDetails => ({
  uid: 1, content: new Uint8Array(32), tracePrefix: Buffer.from("Received: z\r\n"), size: 13 + content.length, internalDate: 0,
  structure: {
    header: Buffer.from(kept ? content.slice(0, 21) : ""), headerBytes: 21, envelope: "", body: "", bodyStructure: "", messageId: "", sentAt: null,
    root: { headerStart: 0, bodyStart: 21, bodyEnd: content.length, encoding: "7bit", children: [], multipart: false },
  },
})

const reads: { start: number; end: number }[] = []
const mailbox = (chunks: (range: { start: number; end: number }) => readonly string[]) => ({
  async *read(_uid: number, range?: { readonly start: number; readonly end: number }) {
    if (!range) throw new Error("ranges only")
    reads.push(range)
    for (const chunk of chunks(range)) yield Buffer.from(chunk)
  },
})
const whole = (range: { start: number; end: number }) => `Received: z\r\n${content}`.slice(range.start, range.end).match(/.{1,4}/gs) ?? []

const item = (text: string): SectionItem => fetchArgs(reading(` 1 ${text}`), "plain").items[0] as SectionItem

const written = async (text: string, store: ReturnType<typeof mailbox>, message = details()) => {
  reads.length = 0
  const value = await openSection(item(text), message, { mailbox: store, pace: new Pace() })
  if (!value) return null
  const sink = memorySink()
  const out = new ResponseWriter(sink)
  await writeSection(out, value)
  out.flush()
  return { text: sink.text(), broken: sink.closed }
}

test.each([
  ["BODY[]", true, [{ start: 0, end: 44 }], "{44}\r\nReceived: z\r\nSubject: x\r\nTo: y\r\n\r\n0123456789"],
  ["BODY[TEXT]<2.3>", true, [{ start: 36, end: 39 }], "{3}\r\n234"],
  ["BODY[TEXT]<99.3>", true, [], "{0}\r\n"],
  ["BODY[HEADER]", true, [], "{34}\r\nReceived: z\r\nSubject: x\r\nTo: y\r\n\r\n"],
  ["BODY[HEADER]<10.5>", true, [], "{5}\r\nz\r\nSu"],
  ["BODY[HEADER]", false, [{ start: 0, end: 34 }], "{34}\r\nReceived: z\r\nSubject: x\r\nTo: y\r\n\r\n"],
  ["BODY[HEADER.FIELDS (to)]", true, [], "{9}\r\nTo: y\r\n\r\n"],
  ["BODY[HEADER.FIELDS (to)]", false, [{ start: 0, end: 34 }], "{9}\r\nTo: y\r\n\r\n"],
  ["BODY[7]", true, [], "NIL"],
])("%s (header kept: %s) reads %j", async (text, kept, expected, response) => {
  expect(await written(text, mailbox(whole), details(kept))).toEqual({ text: response, broken: false })
  expect(reads).toEqual(expected)
})

test("a section whose turn comes later holds nothing until then, and is NIL when the message has gone meanwhile", async () => {
  for (const [chunks, expected] of [[["0123"], "{4}\r\n0123"], [[], "NIL"]] as const) {
    reads.length = 0
    const value = await openSection(item("BODY[TEXT]<0.4>"), details(), { mailbox: mailbox(() => chunks), pace: new Pace(), later: true })
    expect(reads).toEqual([])
    const sink = memorySink()
    const out = new ResponseWriter(sink)
    if (value) await writeSection(out, value)
    out.flush()
    expect(sink.text()).toBe(expected)
  }
})

test("fields are picked alike from a header of any size", async () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `X-${at % 100}: ${"v".repeat(at % 60)}${at % 3 === 0 ? "\r\n\tfolded" : ""}\r\n`)
  const header = `${lines.join("")}\r\n`
  const large = { ...details(false), tracePrefix: new Uint8Array(0), size: header.length }
  const structure = { ...large.structure, headerBytes: header.length, root: { ...large.structure.root, bodyStart: header.length, bodyEnd: header.length } }
  const response = await written("BODY[HEADER.FIELDS (x-7 X-99)]", mailbox(() => [header.slice(0, 1000), header.slice(1000)]), { ...large, structure })
  const expected = `${lines.filter((line) => /^X-(7|99):/.test(line)).join("")}\r\n`
  expect(response?.text).toBe(`{${expected.length}}\r\n${expected}`)
})

test("a message that is gone is known before anything is written", async () => {
  expect(await written("BODY[]", mailbox(() => []))).toBeNull()
  expect(await written("BODY[HEADER.FIELDS (to)]", mailbox(() => []), details(false))).toBeNull()
})

test.each([["too few", ["Received"]], ["too many", ["Received: z\r\n", content, "more"]], ["one too large", [`Received: z\r\n${content}more`]]])("%s bytes for a literal break the connection or are cut", async (kind, chunks) => {
  const value = await openSection(item("BODY[]"), details(), { mailbox: mailbox(() => chunks), pace: new Pace() })
  if (!value) throw new Error("not opened")
  const sink = memorySink()
  const writing = writeSection(new ResponseWriter(sink), value)
  if (kind === "too many") await writing
  else await expect(writing).rejects.toThrow("do not match")
  expect(sink.closed).toBe(kind !== "too many")
})

test("a client that leaves in the middle of a literal ends the reading", async () => {
  let closed = false
  const endless = {
    async *read() {
      try {
        for (;;) yield Buffer.alloc(10)
      } finally {
        closed = true
      }
    },
  }
  const value = await openSection(item("BODY[]"), details(), { mailbox: endless, pace: new Pace() })
  const sink = memorySink()
  sink.closed = true
  if (value) await writeSection(new ResponseWriter(sink), value)
  await expect.poll(() => closed).toBe(true)
})

test("look-ahead keeps order, begins no more than it may, and discards what nobody wants", async () => {
  let running = 0
  let most = 0
  const discarded: number[] = []
  const results = lookAhead([1, 2, 3, 4, 5, 6, 7, 8], {
    ahead: 3,
    work: async (each) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return each
    },
    discard: (each) => discarded.push(each),
  })
  const seen: number[] = []
  for await (const each of results) {
    seen.push(each)
    if (each === 4) break
  }
  expect(seen).toEqual([1, 2, 3, 4])
  expect(most).toBeLessThanOrEqual(4)
  await expect.poll(() => discarded).toEqual([5, 6, 7])
})

test("a failure is met in its turn", async () => {
  const results = lookAhead([1, 2, 3], { ahead: 2, work: (each) => (each === 2 ? Promise.reject(new Error("two")) : Promise.resolve(each)), discard: () => undefined })
  expect((await results.next()).value).toBe(1)
  await expect(results.next()).rejects.toThrow("two")
})
