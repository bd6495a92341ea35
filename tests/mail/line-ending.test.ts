import fc from "fast-check"
import { expect, test } from "vitest"
import { LineEndingCheck } from "../../src/mail/line-ending.ts"

const check = (chunks: readonly string[]): boolean => {
  const watch = new LineEndingCheck()
  for (const chunk of chunks) watch.push(Buffer.from(chunk, "latin1"))
  return watch.finish()
}

test.each([
  ["", true], ["abc", true], ["a\r\nb\r\n", true], ["\r\n\r\n", true],
  ["a\nb", false], ["\n", false], ["a\r\n\nb", false], ["a\rb", false], ["a\r", false], ["\r\r\n", false], ["a\n.\n", false], ["a\r\n.\r", false],
])("%j", (text, well) => {
  expect(check([text])).toBe(well)
  expect(check([...text])).toBe(well)
})

test("a bare LF is refused with the chunk it comes in (SMTP smuggling)", () => {
  const watch = new LineEndingCheck()
  expect(watch.push(Buffer.from("a\r"))).toBe(true)
  expect(watch.push(Buffer.from("\nb"))).toBe(true)
  expect(watch.push(Buffer.from("c\n.\r\n"))).toBe(false)
  expect(watch.push(Buffer.from("d\r\n"))).toBe(false)
})

test("a bare LF at the start of a chunk", () => {
  expect(check(["a", "\nb"])).toBe(false)
  expect(check(["a\r", "b"])).toBe(false)
})

test("NUL is told apart", () => {
  const watch = new LineEndingCheck()
  expect(watch.push(Buffer.from("a\0\r\n"))).toBe(true)
  expect(watch.nul).toBe(true)
})

test("agrees with the definition however the stream is cut", () => {
  const chunk = fc.array(fc.constantFrom("\r\n", "\r", "\n", "a", "\r\n"), { maxLength: 6 }).map((all) => all.join(""))
  fc.assert(fc.property(fc.array(chunk, { maxLength: 6 }), (chunks) => {
    expect(check(chunks)).toBe(!/(?<!\r)\n|\r(?!\n)/.test(chunks.join("")))
  }), { numRuns: 2_000 })
})
