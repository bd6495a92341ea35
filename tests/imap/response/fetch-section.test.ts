import { expect, test } from "vitest"
import type { PartOffsets } from "../../../src/mail/content-structure.ts"
import { fetchArgs, type SectionItem } from "../../../src/imap/grammar/fetch-items.ts"
import { partialWithin, sectionRange } from "../../../src/imap/response/fetch-section.ts"
import { reading } from "../grammar/read.ts"

const leaf = (headerStart: number, bodyStart: number, bodyEnd: number): PartOffsets => ({ headerStart, bodyStart, bodyEnd, encoding: "7bit", children: [], multipart: false })
const multipart = (headerStart: number, bodyStart: number, bodyEnd: number, ...children: PartOffsets[]): PartOffsets => ({ headerStart, bodyStart, bodyEnd, encoding: "7bit", children, multipart: true })
const rfc822 = (headerStart: number, bodyStart: number, bodyEnd: number, message: PartOffsets): PartOffsets => ({ ...leaf(headerStart, bodyStart, bodyEnd), message })

const plain = leaf(0, 100, 150)
/** 1 text; 2 multipart of 2.1, 2.2; 3 message with a multipart of 3.1, 3.2; 4 message with plain text. */
const nested = multipart(0, 100, 1000,
  leaf(110, 120, 200),
  multipart(210, 220, 400, leaf(230, 240, 300), leaf(310, 320, 390)),
  rfc822(410, 420, 700, multipart(420, 500, 700, leaf(510, 520, 600), leaf(610, 620, 690))),
  rfc822(710, 720, 900, leaf(720, 800, 900)),
)

const range = (text: string, root: PartOffsets, prefixBytes = 10): readonly [number, number] | null => {
  const item = fetchArgs(reading(` 1 BODY[${text}]`), "plain").items[0] as SectionItem
  const found = sectionRange(item.section, { root, prefixBytes, size: prefixBytes + root.bodyEnd })
  return found && [found.start, found.end]
}

test.each([
  ["", plain, [0, 160]],
  ["HEADER", plain, [0, 110]],
  ["TEXT", plain, [110, 160]],
  ["HEADER.FIELDS (A)", plain, [0, 110]],
  ["1", plain, [110, 160]],
  ["1.MIME", plain, [0, 110]],
  ["1.HEADER", plain, null],
  ["2", plain, null],
  ["1.1", plain, null],
  ["", nested, [0, 1010]],
  ["TEXT", nested, [110, 1010]],
  ["1", nested, [130, 210]],
  ["1.MIME", nested, [120, 130]],
  ["2", nested, [230, 410]],
  ["2.MIME", nested, [220, 230]],
  ["2.1", nested, [250, 310]],
  ["2.2.MIME", nested, [320, 330]],
  ["2.3", nested, null],
  ["2.TEXT", nested, null],
  ["3", nested, [430, 710]],
  ["3.HEADER", nested, [430, 510]],
  ["3.TEXT", nested, [510, 710]],
  ["3.MIME", nested, [420, 430]],
  ["3.HEADER.FIELDS.NOT (B)", nested, [430, 510]],
  ["3.1", nested, [530, 610]],
  ["3.2.MIME", nested, [620, 630]],
  ["4.1", nested, [810, 910]],
  ["4.1.MIME", nested, [730, 810]],
  ["4.2", nested, null],
  ["4.HEADER", nested, [730, 810]],
  ["5", nested, null],
])("BODY[%s] of a message", (text, root, expected) => {
  expect(range(text, root)).toEqual(expected)
})

test("a message that is itself message/rfc822: part 1 is the message inside", () => {
  const root = rfc822(0, 50, 200, leaf(50, 80, 200))
  expect(range("1", root, 0)).toEqual([50, 200])
  expect(range("1.HEADER", root, 0)).toEqual([50, 80])
  expect(range("1.1", root, 0)).toEqual([80, 200])
})

test.each([
  [100, null, [0, 100]],
  [100, { start: 0, count: 10 }, [0, 10]],
  [100, { start: 90, count: 20 }, [90, 100]],
  [100, { start: 100, count: 1 }, [100, 100]],
  [100, { start: 2 ** 60, count: 2 ** 60 }, [100, 100]],
])("of %i bytes, partial %j is %j", (length, partial, [start, end]) => {
  expect(partialWithin(length, partial)).toEqual({ start, end })
})
