import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { CommandReceiver, type Received } from "../../src/imap/command-receiver.ts"

const receiver = (lineBytes = 40): CommandReceiver => new CommandReceiver({ lineBytes, discardBytes: 200 }, () => false)

/** Everything a receiver says of `text`, fed in chunks of `size`. */
const said = (text: string, size = Infinity, on = receiver()): string[] => {
  const all: string[] = []
  const bytes = Buffer.from(text, "latin1")
  for (let at = 0; at < bytes.length; at += size) {
    on.push(Buffer.from(bytes.subarray(at, at + size)))
    for (let received = on.next(); received.kind !== "waiting"; received = on.next()) {
      all.push(shown(received))
      if (received.kind === "tooMuch") return all
    }
  }
  return all
}
const shown = (received: Received): string => {
  if (received.kind === "command") return received.segments.map(({ kind, bytes }) => (kind === "text" ? Buffer.from(bytes).toString("latin1") : `<${Buffer.from(bytes).toString("latin1")}>`)).join("|")
  return received.kind === "refused" ? `${received.tag} ${received.reply.kind} ${received.reply.code}` : received.kind
}

const cases: [string, string, string[]][] = [
  ["a line", "a NOOP\r\n", ["a NOOP"]],
  ["a line ended by a lone LF", "a NOOP\n", ["a NOOP"]],
  ["pipelined lines", "a NOOP\r\nb NOOP\r\n", ["a NOOP", "b NOOP"]],
  ["an incomplete line", "a NOO", []],
  ["a synchronizing literal", "a X {3}\r\nabc y\r\n", ["continue", "a X |<abc>| y"]],
  ["a literal that does not wait", "a X {3+}\r\nabc\r\n", ["a X |<abc>|"]],
  ["an empty literal", "a X {0}\r\n\r\n", ["continue", "a X |<>|"]],
  ["a literal with CRLF and braces", "a X {7+}\r\n{9}\r\nab z\r\n", ["a X |<{9}\r\nab>| z"]],
  ["an over-long line", `a ${"x".repeat(50)}\r\nb NOOP\r\n`, ["a bad TOOBIG", "b NOOP"]],
  ["an over-long line without a tag", `${"(".repeat(50)}\r\nb NOOP\r\n`, ["* bad TOOBIG", "b NOOP"]],
  ["an over-long line that never ends", "a ".padEnd(400, "x"), ["a bad TOOBIG", "tooMuch"]],
  ["a literal over the limit, not asked for", "a X {41}\r\nb NOOP\r\n", ["a bad TOOBIG", "b NOOP"]],
  ["a literal over the limit that comes all the same", `a X {41+}\r\n${"y".repeat(41)} {2+}\r\nzz\r\nb NOOP\r\n`, ["a bad TOOBIG", "b NOOP"]],
  ["literals that are too much together", `a {20+}\r\n${"y".repeat(20)} {20}\r\nb NOOP\r\n`, ["a bad TOOBIG", "b NOOP"]],
  ["an over-long line beyond what may be dropped", `a ${"x".repeat(250)}\r\nb NOOP\r\n`, ["a bad TOOBIG", "tooMuch"]],
  ["a literal beyond what may be dropped", "a X {201+}\r\nyyy", ["a bad TOOBIG", "tooMuch"]],
  ["a literal of absurd size", "a X {99999999999999999999+}\r\nyyy", ["a bad TOOBIG", "tooMuch"]],
  ["an over-long line whose end announces a literal", `a ${"x".repeat(60)}{9+}\r\nb NOOP\r\nQ\r\nc NOOP\r\n`, ["a bad TOOBIG", "c NOOP"]],
]

describe("commands from bytes", () => {
  test.each(cases)("%s", (_, text, expected) => {
    expect(said(text)).toEqual(expected)
  })

  test.each(cases)("byte by byte: %s", (_, text, expected) => {
    expect(said(text, 1)).toEqual(expected)
  })
})

test("any bytes in any chunks: the same is understood, and memory stays bounded", () => {
  const piece = fc.oneof(fc.constantFrom("a NOOP\r\n", "\r\n", "\n", "{5}\r\n", "{5+}\r\n", "a X {3+}\r\n", "(", "{", "}", "\0", "x".repeat(30), "{4294967296+}"), fc.string({ maxLength: 20 }))
  fc.assert(fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 50 }), (pieces, size) => {
    const text = pieces.join("")
    // as everywhere, a line is longer than a tag may be
    const on = receiver(80)
    expect(said(text, size, on)).toEqual(said(text, 1, receiver(80)))
    expect(on.buffered).toBeLessThanOrEqual(80 + 200 + 64)
  }), { numRuns: 2_000 })
})

describe("a streaming command", () => {
  const streaming = (): CommandReceiver => new CommandReceiver({ lineBytes: 40, discardBytes: 200 }, () => true)

  test("takes its literal in whatever chunks come, then its next line", () => {
    const on = streaming()
    on.push(Buffer.from("a APPEND x {5+}\r\nab"))
    expect(on.next()).toMatchObject({ kind: "stream", literal: { size: 5 } })
    on.openLiteral()
    expect(on.literalBytes()?.toString()).toBe("ab")
    expect(on.literalBytes()).toBeUndefined()
    on.push(Buffer.from("cde\r\nb NOOP\r\n"))
    expect(on.literalBytes()?.toString()).toBe("cde")
    expect(on.literalBytes()).toBeNull()
    expect(on.streamLine()).toMatchObject({ literal: null })
    on.streamEnded()
    expect(shown(on.next())).toBe("b NOOP")
  })

  test.each([
    ["a literal that was never asked for", "a APPEND x {5}\r\nb NOOP\r\n"],
    ["the rest of a literal that comes all the same", "a APPEND x {5+}\r\nabcde {2+}\r\nzz\r\nb NOOP\r\n"],
  ])("%s is out of the way for the next command", (_, text) => {
    const on = streaming()
    on.push(Buffer.from(text))
    expect(on.next().kind).toBe("stream")
    on.streamEnded()
    expect(shown(on.next())).toBe("b NOOP")
  })
})
