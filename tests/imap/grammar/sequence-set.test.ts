import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { exceedsView, formatNumbers, parseSequenceSet, positionCount, positionRanges } from "../../../src/imap/grammar/sequence-set.ts"
import { ImapSyntaxError } from "../../../src/imap/grammar/syntax-error.ts"

const view = (...uids: number[]) => ({ uids: Uint32Array.from([...uids, 0, 0]), count: uids.length })
const five = view(3, 5, 8, 13, 21)

describe("positions of", () => {
  test.each([
    ["1", "plain", [0, 1]],
    ["2:4", "plain", [1, 4]],
    ["4:2", "plain", [1, 4]],
    ["1:*", "plain", [0, 5]],
    ["*", "plain", [4, 5]],
    ["*:3", "plain", [2, 5]],
    ["9:*", "plain", [4, 5]],
    ["1,3,5", "plain", [0, 1, 2, 3, 4, 5]],
    ["5,1,2,3,4,*", "plain", [0, 5]],
    ["1:2,2:3,7:9", "plain", [0, 3]],
    ["5", "uid", [1, 2]],
    ["4", "uid", []],
    ["4:8", "uid", [1, 3]],
    ["1:*", "uid", [0, 5]],
    ["100:*", "uid", [4, 5]],
    ["*", "uid", [4, 5]],
    ["3:4,6:7,9:21", "uid", [0, 1, 3, 5]],
    ["22:4294967295", "uid", []],
  ] as const)("%s as %s", (text, form, expected) => {
    expect(positionRanges(parseSequenceSet(text), five, form)).toEqual(expected)
  })

  test("an empty mailbox has none, whatever is asked", () => {
    for (const text of ["1:*", "*", "7", "1:5"]) expect(positionRanges(parseSequenceSet(text), view(), "plain")).toEqual([])
    expect(exceedsView(parseSequenceSet("1:5"), view())).toBe(false)
  })

  test("a number beyond the mailbox is seen, an open range is not", () => {
    expect(exceedsView(parseSequenceSet("1,6"), five)).toBe(true)
    expect(exceedsView(parseSequenceSet("6:*"), five)).toBe(false)
  })
})

test.each(["", "0", "1,", ",1", "1:", ":1", "1:2:3", "**", "*1", "01", "4294967296", "1;2", "-1"])("refused: %s", (text) => {
  expect(() => parseSequenceSet(text)).toThrow(ImapSyntaxError)
})

test("ten thousand ranges are merged into one", () => {
  const text = Array.from({ length: 10_000 }, (_, at) => `${20_000 - 2 * at}:${20_001 - 2 * at}`).join(",")
  expect(parseSequenceSet(`1:*,${text}`).ranges).toEqual([1, 0xffffffff])
  expect(parseSequenceSet(text).ranges).toEqual([2, 20_001])
})

test("agrees with the plain reading of the grammar", () => {
  const number = fc.integer({ min: 1, max: 40 })
  const star = fc.constant("*" as const)
  const side = fc.oneof({ weight: 5, arbitrary: number }, { weight: 1, arbitrary: star })
  const element = fc.oneof(side.map((one) => [one, one] as const), fc.tuple(side, side))
  fc.assert(fc.property(fc.array(element, { minLength: 1, maxLength: 12 }), fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 20 }), (elements, unsorted) => {
    const uids = unsorted.sort((a, b) => a - b)
    const text = elements.map(([first, last]) => (first === last ? String(first) : `${first}:${last}`)).join(",")
    const max = uids.at(-1) ?? 0
    const bound = (side: number | "*"): number => (side === "*" ? max : side)
    const expected = uids.flatMap((uid, at) => (elements.some(([a, b]) => uid >= Math.min(bound(a), bound(b)) && uid <= Math.max(bound(a), bound(b))) ? [at] : []))
    const ranges = positionRanges(parseSequenceSet(text), view(...uids), "uid")
    const found: number[] = []
    for (let at = 0; at < ranges.length; at += 2) for (let position = ranges[at] ?? 0; position < (ranges[at + 1] ?? 0); position++) found.push(position)
    expect(found).toEqual(expected)
    expect(positionCount(ranges)).toBe(expected.length)
  }))
})

test("numbers are written as ranges in the order given", () => {
  expect(formatNumbers([1, 2, 3, 7, 9, 10])).toBe("1:3,7,9:10")
  expect(formatNumbers([5])).toBe("5")
  expect(formatNumbers([3, 2, 1])).toBe("3,2,1")
  expect(formatNumbers([])).toBe("")
})
