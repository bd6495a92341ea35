import fc from "fast-check"
import { expect, test } from "vitest"
import { mayHaveNul, parseJsonObject } from "../../src/api/large-json.ts"

const padding = "đệm \"\\\" [{,}] ".repeat(7_000)
/** The same as it stands in JSON. */
const long = JSON.stringify(padding)
const outcome = async (read: () => unknown): Promise<unknown> => {
  try {
    return { value: await read() }
  } catch (error) {
    if (error instanceof SyntaxError) return "refused"
    throw error
  }
}

test("a large object is read as JSON.parse reads it, whatever is in it", async () => {
  await fc.assert(fc.asyncProperty(fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }))), fc.array(fc.jsonValue({ maxDepth: 1 })), async (others, list) => {
    const text = JSON.stringify({ ...others, to: [...list, padding, ...list, padding, ...list], "\"[": [], after: [[padding], 1] })
    expect(await parseJsonObject(Buffer.from(text))).toEqual(JSON.parse(text))
  }), { numRuns: 60 })
})

test("what JSON.parse refuses is refused, wherever the mistake is", async () => {
  const text = JSON.stringify({ to: [1, { a: [padding] }, padding, [3], "x\\"], data: { b: [1, 2] }, more: [padding, 4, {}] })
  const marks = [...text.matchAll(/[[\]{},:"]/g)].map(({ index }) => index).filter((index) => index < 60 || index > text.length - 60 || index % 997 === 0)
  await fc.assert(fc.asyncProperty(fc.constantFrom(...marks), fc.constantFrom("", "[", "]", "{", "}", ",", "\"", "\\", ",,", "1"), fc.boolean(), async (at, put, replace) => {
    const broken = text.slice(0, at) + put + text.slice(replace ? at + 1 : at)
    expect(await outcome(() => parseJsonObject(Buffer.from(broken)))).toEqual(await outcome(() => JSON.parse(broken) as unknown))
  }), { numRuns: 150 })
})

test.each([`{"to": [1, ${long},]}`, `{"to": [1, ${long}, ${long}, ,2]}`, `{"to": [${long}], }`, `{"to": [${long}`, `{"to": [${long}}`, `{"to": [,${long}]}`, `[[${long}]]`])("refused: %.20s…", async (text) => {
  await expect(parseJsonObject(Buffer.from(text))).rejects.toThrow(SyntaxError)
})

test("a byte order mark is passed over, the last of two members counts, and no member reaches a prototype", async () => {
  const text = `\ufeff{"to": [${long}], "to": [2], "__proto__": [${long}, 1]}`
  const read = await parseJsonObject(Buffer.from(text))
  expect(read).toEqual(JSON.parse(text.slice(1)))
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
})

test("small ones that are no object are none", async () => {
  expect(await parseJsonObject(Buffer.from("[1]"))).toBeUndefined()
  expect(await parseJsonObject(Buffer.from("null"))).toBeUndefined()
})

test("a NUL is seen by its escape", () => {
  expect([mayHaveNul(Buffer.from(JSON.stringify("a\0b"))), mayHaveNul(Buffer.from("{}"))]).toEqual([true, false])
})
