import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { ContentScanner } from "../../src/mail/content-scanner.ts"
import { decodeSearchText, decodeStructure, encodeSearchText, encodeStructure } from "../../src/mail/content-record.ts"
import type { PartOffsets } from "../../src/mail/content-structure.ts"
import { bodyOf, disagreements, readImapValue, scan } from "./scan.ts"

const contentTypes = [
  "multipart/mixed; boundary=a", 'multipart/alternative; boundary="b"', "multipart/digest; boundary=a-1", "multipart/mixed", "text/plain; charset=utf-8",
  "text/html", "message/rfc822", "message/global", "application/pdf; name=\"x.pdf\"", "nonsense",
]
const line = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("--a", "--b", "--a-1", "--a--", "--b--", "--a-1--", "--", "-", "--a ", "") },
  { weight: 3, arbitrary: fc.constantFrom(...contentTypes).map((type) => `Content-Type: ${type}`) },
  { weight: 1, arbitrary: fc.constantFrom("Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable", "Subject: x", " folded", "no colon", "text", "a=\t=", "\r") },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text).toString("latin1").replaceAll("\n", "")) },
)
/** Anything that could confuse a scanner, one char per byte. */
const soup = fc.array(fc.tuple(line, fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "")), { maxLength: 40 }).map((all) => all.map(([text, end]) => text + end).join(""))
const multipartSoup = soup.map((text) => `Content-Type: multipart/mixed; boundary=a\r\n\r\n${text}`)
const anyMessage = fc.oneof(soup, multipartSoup)

interface Tree {
  readonly kind: "leaf" | "multipart" | "message"
  readonly text: string
  readonly parts: readonly Tree[]
}
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.array(fc.constantFrom("text", "--x", "", "-- ", "báo cáo"), { maxLength: 4 }).map((all): Tree => ({ kind: "leaf", text: Buffer.from(all.join("\r\n")).toString("latin1"), parts: [] })),
    fc.array(tie("tree"), { minLength: 1, maxLength: 3 }).map((parts): Tree => ({ kind: "multipart", text: "", parts })),
    tie("tree").map((part): Tree => ({ kind: "message", text: "", parts: [part] })),
  ),
}))

/** Writes a well-formed message; boundaries are numbered. */
const write = (node: Tree, next: { number: number }): string => {
  if (node.kind === "leaf") return `Content-Type: text/plain\r\n\r\n${node.text}`
  if (node.kind === "message") return `Content-Type: message/rfc822\r\n\r\n${write(node.parts[0] ?? node, next)}`
  const boundary = `B${next.number++}_`
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${node.parts.map((part) => `--${boundary}\r\n${write(part, next)}\r\n`).join("")}--${boundary}--`
}

/** The same tree as read back from offsets. */
const read = (message: string, part: PartOffsets): Tree => {
  if (part.message) return { kind: "message", text: "", parts: [read(message, part.message)] }
  if (part.multipart) return { kind: "multipart", text: "", parts: part.children.map((child) => read(message, child)) }
  return { kind: "leaf", text: bodyOf(message, part), parts: [] }
}

const shift = (part: PartOffsets, by: number): PartOffsets => ({
  ...part, headerStart: part.headerStart + by, bodyStart: part.bodyStart + by, bodyEnd: part.bodyEnd + by,
  children: part.children.map((child) => shift(child, by)), ...(part.message ? { message: shift(part.message, by) } : {}),
})

const eachPart = (part: PartOffsets, visit: (part: PartOffsets) => void): void => {
  visit(part)
  part.children.forEach((child) => eachPart(child, visit))
  if (part.message) eachPart(part.message, visit)
}

const runs = { numRuns: 1_500 }

describe("whatever the bytes are", () => {
  test("BODY, BODYSTRUCTURE and offsets agree", () => {
    fc.assert(fc.property(anyMessage, (message) => {
      const { structure } = scan(message)
      readImapValue(structure.envelope)
      expect(disagreements(message, readImapValue(structure.body), structure.root)).toEqual([])
      expect(disagreements(message, readImapValue(structure.bodyStructure), structure.root)).toEqual([])
    }), runs)
  })

  test("chunking changes nothing", () => {
    fc.assert(fc.property(anyMessage, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 }), (message, sizes) => {
      expect(scan(message, sizes)).toEqual(scan(message))
    }), runs)
  })

  test("without search text the structure is the same", () => {
    fc.assert(fc.property(anyMessage, (message) => {
      const scanner = new ContentScanner({ searchText: false })
      scanner.push(Buffer.from(message, "latin1"))
      const { searchText, ...rest } = scanner.finish()
      const { searchText: _, ...whole } = scan(message)
      expect(rest).toEqual(whole)
      expect(searchText).toEqual({ header: "", body: "" })
    }), runs)
  })

  test("a nested message scanned by itself has the same structure", () => {
    fc.assert(fc.property(anyMessage, (message) => {
      eachPart(scan(message).structure.root, ({ message: nested }) => {
        if (nested) expect(shift(scan(message.slice(nested.headerStart, nested.bodyEnd)).structure.root, nested.headerStart)).toEqual(nested)
      })
    }), runs)
  })

  test("records read back as they were written", () => {
    fc.assert(fc.property(anyMessage, (message) => {
      const { structure, searchText } = scan(message)
      const read = decodeStructure(encodeStructure(structure))
      expect({ ...read, header: Uint8Array.from(read.header) }).toEqual(structure)
      expect(decodeSearchText(encodeSearchText(searchText))).toEqual(searchText)
    }), runs)
  })
})

test("a well-formed message is read as it was written", () => {
  fc.assert(fc.property(tree, (node) => {
    const message = write(node, { number: 0 })
    expect(read(message, scan(message).structure.root)).toEqual(node)
  }), { numRuns: 500 })
})
