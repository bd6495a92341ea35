import { describe, expect, test } from "vitest"
import { maxPartDepth, maxParts } from "../../src/mail/content-scanner.ts"
import type { PartOffsets } from "../../src/mail/content-structure.ts"
import { maxKeptHeaderBytes } from "../../src/mail/header-collector.ts"
import { bodyOf, disagreements, headerOf, lines, readImapValue, scan } from "./scan.ts"

const check = (message: string, chunkSizes?: readonly number[]): ReturnType<typeof scan> => {
  const scanned = scan(message, chunkSizes)
  const { structure } = scanned
  expect(disagreements(message, readImapValue(structure.body), structure.root)).toEqual([])
  expect(disagreements(message, readImapValue(structure.bodyStructure), structure.root)).toEqual([])
  readImapValue(structure.envelope)
  return scanned
}

const mixed = (boundary: string, ...rest: readonly string[]): string => lines(`Content-Type: multipart/mixed; boundary="${boundary}"`, "", ...rest)

describe("offsets", () => {
  test("a plain message", () => {
    const message = lines("Subject: x", "", "one", "two", "")
    const { structure } = check(message)
    expect(structure.headerBytes).toBe(14)
    expect(bodyOf(message, structure.root)).toBe("one\r\ntwo\r\n")
    expect(structure.bodyStructure).toBe('("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 10 2 NIL NIL NIL NIL)')
    expect(Buffer.from(structure.header).toString("latin1")).toBe("Subject: x\r\n\r\n")
  })

  test("the line end before a delimiter belongs to no part (RFC 2046 §5.1.1)", () => {
    const message = mixed("b", "preamble", "--b", "X-A: 1", "", "first", "", "--b", "", "second", "--b--", "epilogue", "")
    const { root } = check(message).structure
    expect(root.children.map((part) => bodyOf(message, part))).toEqual(["first\r\n", "second"])
    expect(root.children.map((part) => headerOf(message, part))).toEqual(["X-A: 1\r\n\r\n", "\r\n"])
    expect(bodyOf(message, root).endsWith("--b--\r\nepilogue\r\n")).toBe(true)
  })

  test("a nested message is a tree of its own inside the part", () => {
    const inner = mixed("i", "--i", "", "deep", "--i--", "")
    const message = mixed("o", "--o", "Content-Type: message/rfc822", "", inner, "--o", "", "after", "--o--", "")
    const { root } = check(message).structure
    expect(root.children).toHaveLength(2)
    expect(bodyOf(message, root.children[0])).toBe(inner)
    expect(bodyOf(message, root.children[0]?.message?.children[0])).toBe("deep")
    expect(bodyOf(message, root.children[1])).toBe("after")
  })
})

describe("broken messages", () => {
  const leafBodies = (message: string): string[] => {
    const found: string[] = []
    const walk = (part: PartOffsets): void => {
      if (part.message) walk(part.message)
      else if (part.multipart) part.children.forEach(walk)
      else found.push(bodyOf(message, part))
    }
    walk(check(message).structure.root)
    return found
  }

  test.each([
    ["empty", "", [""]],
    ["only an empty line", "\r\n", [""]],
    ["no empty line", "Subject: x\r\nTo: a@b.example", [""]],
    ["no header", "\r\nbody", ["body"]],
    ["header lines without a colon", "what is this\r\nSubject: x\r\n\r\nbody", ["body"]],
    ["bare LF", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b--\n", ["one", "two"]],
    ["a body that ends without a line end", mixed("b", "--b", "", "one"), ["one"]],
    ["a delimiter that ends without a line end", mixed("b", "--b", "", "one", "--b--"), ["one"]],
    ["no end delimiter", mixed("b", "--b", "", "one", "--b", "", "two", ""), ["one", "two\r\n"]],
    ["multipart without a boundary is its text", lines("Content-Type: multipart/mixed", "", "--b", "text"), ["--b\r\ntext"]],
    ["a boundary that never comes", mixed("b", "text", ""), [""]],
    ["an empty part", mixed("b", "--b", "--b", "", "--b--"), ["", ""]],
    ["the parent's delimiter ends its children (RFC 2046 §5.1.2)", mixed("o", "--o", mixed("i", "--i", "", "one"), "--o", "", "two", "--o--"), ["one", "two"]],
    ["a delimiter inside a header ends the part", mixed("b", "--b", "Content-Type: text/plain", "--b", "", "two", "--b--"), ["", "two"]],
    ["boundaries that begin alike", mixed("x", "--x", mixed("x-1", "--x-1", "", "one", "--x-1--"), "--x", "", "two", "--x--"), ["one", "two"]],
    ["text that begins like a boundary", mixed("b", "--b", "", "--bc", "--b--x", "--b--"), ["--bc\r\n--b--x"]],
    ["white space and words after a boundary", mixed("b", "--b  \t", "", "one", "--b and more", "", "two", "--b-- end"), ["one", "two"]],
    ["what follows the end delimiter is epilogue", mixed("b", "--b", "", "one", "--b--", "--b", "", "two"), ["one"]],
    ["child and parent share a boundary", mixed("b", "--b", mixed("b", "--b", "", "one", "--b--"), "--b", "", "two", "--b--"), ["one", "two"]],
    ["a boundary with spaces at its end", lines('Content-Type: multipart/mixed; boundary="b  "', "", "--b  ", "", "one", "--b", "", "two"), ["one", "two"]],
    ["a boundary in pieces (RFC 2231 §3)", lines('Content-Type: multipart/mixed; boundary*0="b"; boundary*1=c', "", "--bc", "", "one", "--bc--"), ["one"]],
    ["an encoded message is opaque", lines("Content-Type: message/rfc822", "Content-Transfer-Encoding: base64", "", "U3ViamVjdDogeA=="), ["U3ViamVjdDogeA=="]],
    ["a digest's parts are messages", lines("Content-Type: multipart/digest; boundary=b", "", "--b", "", "Subject: 1", "", "one", "--b", "", "Subject: 2", "", "two", "--b--"), ["one", "two"]],
    ["a message part with nothing in it", mixed("b", "--b", "Content-Type: message/rfc822", "--b--"), [""]],
    ["unreadable Content-Type is text (RFC 2045 §5.2)", lines("Content-Type: ???", "", "one"), ["one"]],
    ["bare CR is no line end", "Subject: a\rb\r\n\r\nx\r--b\r", ["x\r--b\r"]],
  ])("%s", (_, message, bodies) => {
    expect(leafBodies(message)).toEqual(bodies)
  })

  test("a multipart without parts shows, and has, one empty part", () => {
    const { structure } = check(mixed("b", "text"))
    expect(structure.body).toBe('(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0) "mixed")')
    expect(structure.root.children).toHaveLength(1)
  })
})

describe("BODYSTRUCTURE", () => {
  const bodyStructure = (...header: readonly string[]): string => check(lines(...header, "", "x", "")).structure.bodyStructure

  test.each([
    [['Content-Type: TEXT/Html; charset="UTF-8"', "Content-Transfer-Encoding: Quoted-Printable"], '("text" "html" ("charset" "UTF-8") NIL NIL "quoted-printable" 3 1 NIL NIL NIL NIL)'],
    [["Content-Type: application/pdf; name=\"a\\\"b.pdf\"", "Content-Disposition: attachment; filename=\"a b.pdf\"; size=3"], '("application" "pdf" ("name" "a\\"b.pdf") NIL NIL "7bit" 3 NIL ("attachment" ("filename" "a b.pdf" "size" "3")) NIL NIL)'],
    [["Content-Type: image/png", "Content-ID: <a@b>", "Content-Description: A", "Content-MD5: Q2hlY2s=", "Content-Language: vi, en", "Content-Location: http://x.example/"], '("image" "png" NIL "<a@b>" "A" "7bit" 3 "Q2hlY2s=" NIL ("vi" "en") "http://x.example/")'],
    [["Content-Type: text/plain; charset=us-ascii (Plain text); format=flowed"], '("text" "plain" ("charset" "us-ascii" "format" "flowed") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)'],
    [["Content-Type: application/x; name*0*=UTF-8''b%C3%A1o; name*1=\".doc\""], `("application" "x" ("name*0*" "UTF-8''b%C3%A1o" "name*1" ".doc") NIL NIL "7bit" 3 NIL NIL NIL NIL)`],
    [["Content-Type: application/x; name=B\xc3\xa0"], '("application" "x" ("name" {3}\r\nB\xc3\xa0) NIL NIL "7bit" 3 NIL NIL NIL NIL)'],
    [["Content-Type: multipart/mixed", "Content-Disposition: inline"], '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 NIL ("inline" NIL) NIL NIL)'],
    [["Content-Type: message/delivery-status"], '("message" "delivery-status" NIL NIL NIL "7bit" 3 NIL NIL NIL NIL)'],
  ])("%j", (header, shown) => {
    expect(bodyStructure(...header)).toBe(shown)
  })

  test("NUL bytes are dropped, other 8-bit and control bytes travel in literals", () => {
    const { structure } = check("Subject: a\0b\xff\r\n\r\n")
    expect(structure.envelope).toContain("{3}\r\nab\xff")
  })
})

describe("hostile messages", () => {
  test("a header over the kept size: offsets, envelope and type are right, the bytes are left in the content", () => {
    const filler = "X-Filler: 0123456789\r\n".repeat(50_000)
    const message = `From: a@x.example\r\n${filler}To: ${"b@x.example,\r\n ".repeat(70_000)}c@x.example\r\nSubject: last\r\nContent-Type: text/html\r\n\r\nbody`
    const { structure } = check(message, [65_536])
    expect(structure.header).toHaveLength(0)
    expect(structure.headerBytes).toBe(message.length - 4)
    expect(structure.envelope).toContain('"last"')
    expect(structure.body).toContain('"html"')
    expect(structure.envelope.length).toBeLessThan(4 * maxKeptHeaderBytes)
    expect(check(message, [1_000]).structure).toEqual(structure)
  })

  test("one header line of a megabyte", () => {
    const { structure } = check(`Subject: ${"x".repeat(1_000_000)}\r\nFrom: a@x.example\r\n\r\nbody`, [10_000])
    expect(structure.envelope).toContain('"x.example"')
    expect(structure.root.bodyEnd - structure.root.bodyStart).toBe(4)
  })

  test("parts nested 200 deep are opaque below the limit", () => {
    let message = "Content-Type: multipart/mixed; boundary=b0\r\n\r\n"
    for (let depth = 0; depth < 200; depth++) message += `--b${depth}\r\nContent-Type: multipart/mixed; boundary=b${depth + 1}\r\n\r\n`
    const { structure } = check(`${message}--b200\r\n\r\ntext\r\n`)
    let depth = 0
    for (let part: PartOffsets | undefined = structure.root; part?.multipart; part = part.children[0]) depth++
    expect(depth).toBe(maxPartDepth - 1)
    expect(structure.bodyStructure).toContain('"application" "octet-stream"')
  })

  test("messages nested 200 deep", () => {
    const { structure } = check(`${"Content-Type: message/rfc822\r\n\r\n".repeat(200)}text`)
    let depth = 0
    for (let part: PartOffsets | undefined = structure.root; part?.message; part = part.message) depth++
    expect(depth).toBe(maxPartDepth - 1)
  })

  test("10,000 parts are told apart, the rest stays in the last one", () => {
    const message = mixed("b", "--b\r\nContent-Type: text/plain; name=a\r\n\r\nx\r\n".repeat(11_000), "--b--")
    expect(check(message).structure.root.children).toHaveLength(maxParts - 1)
  })

  test("10,000 nested messages", () => {
    check(mixed("b", "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n".repeat(10_000), "--b--"))
  })

  test("a boundary longer than any line is not looked for", () => {
    const boundary = "b".repeat(20_000)
    const { structure } = check(mixed(boundary, `--${boundary}`, "", "x"))
    expect(structure.root.multipart).toBe(false)
  })

  test("part headers past their budget count as none", () => {
    const header = `Content-Type: text/plain\r\nContent-Description: ${"x".repeat(60_000)}\r\n`
    const { structure } = check(mixed("b", `--b\r\n${header}\r\ny\r\n`.repeat(200), "--b--"))
    expect(structure.root.children).toHaveLength(200)
    expect(structure.bodyStructure.length).toBeLessThan(5 * 1024 * 1024)
  })
})

describe("facts", () => {
  test("Date and Message-ID", () => {
    const { structure } = check(lines("Date: Mon, 23 Nov 2026 21:38:27 +0700", "Message-ID: <1@tinh.example>", "", ""))
    expect(structure.sentAt).toBe(Date.UTC(2026, 10, 23, 14, 38, 27))
    expect(structure.messageId).toBe("1@tinh.example")
  })

  test.each([["<a@x> trailing", "a@x"], ["bare@x", "bare@x"], [`<${"i".repeat(60_000)}>`, "i".repeat(500)], ["<".repeat(60_000), "<".repeat(500)], ["<a\0b>", "ab"], ["<\xc4\x91@x>", "\u0111@x"]])("Message-ID %#", (value, messageId) => {
    expect(check(`Message-ID: ${value}\r\n\r\n`).structure.messageId).toBe(messageId)
  })

  test("header fields are handed out in order", () => {
    expect(check(lines("From: a@x.example", "X: y", " z", "", "")).headerFields).toEqual([{ name: "from", value: "a@x.example" }, { name: "x", value: "y z" }])
  })
})
