import { expect, test } from "vitest"
import { listLine, mailboxToken, statusLine } from "../../../src/imap/response/list-response.ts"
import { writeEsearch, writeSearch } from "../../../src/imap/response/search-response.ts"
import { taggedLine, untaggedLine } from "../../../src/imap/response/status-response.ts"
import { ResponseWriter } from "../../../src/imap/response/writer.ts"
import { memorySink } from "./memory-sink.ts"

test.each([
  ["INBOX", false, "INBOX"],
  ["A/B c", false, "\"A/B c\""],
  ["Thư", false, "Th&AbA-"],
  ["Thư đi", false, "\"Th&AbA- &ARE-i\""],
  ["Thư", true, "\"Th\xc6\xb0\""],
  ["a\"b\\c", false, "\"a\\\"b\\\\c\""],
  ["R&D", false, "R&-D"],
  ["R&D", true, "R&D"],
  ["NIL", false, "\"NIL\""],
  ["", false, "\"\""],
  ["100%", false, "\"100%\""],
])("the mailbox %s (UTF-8 names: %s) is written %s", (name, utf8, expected) => {
  expect(mailboxToken(name, utf8)).toBe(expected)
})

test("LIST and STATUS lines", () => {
  expect(listLine({ kind: "LIST", attributes: ["\\HasChildren", "\\Sent"], name: "Sent" }, false)).toBe("* LIST (\\HasChildren \\Sent) \"/\" Sent")
  expect(listLine({ kind: "LSUB", attributes: [], name: "a b" }, false)).toBe("* LSUB () \"/\" \"a b\"")
  expect(listLine({ kind: "LIST", attributes: [], name: "a", childInfo: ["SUBSCRIBED"] }, false)).toBe("* LIST () \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))")
  expect(statusLine("INBOX", [["MESSAGES", 3], ["UNSEEN", 1]], false)).toBe("* STATUS INBOX (MESSAGES 3 UNSEEN 1)")
})

test("a status response is one line whatever its text is made of", () => {
  expect(taggedLine("a1", { kind: "ok", code: "READ-ONLY", text: "Done" })).toBe("a1 OK [READ-ONLY] Done")
  expect(untaggedLine({ kind: "no", text: "two\r\nlines" })).toBe("* NO two lines")
  expect(untaggedLine({ kind: "bad", text: "" })).toBe("* BAD bad")
})

const written = (write: (out: ResponseWriter) => void): string => {
  const sink = memorySink()
  const out = new ResponseWriter(sink)
  write(out)
  out.flush()
  return sink.text()
}

test("SEARCH responses", () => {
  expect(written((out) => writeSearch(out, { numbers: Uint32Array.of(2, 84), modSeq: null }))).toBe("* SEARCH 2 84\r\n")
  expect(written((out) => writeSearch(out, { numbers: Uint32Array.of(2, 84), modSeq: 917162500 }))).toBe("* SEARCH 2 84 (MODSEQ 917162500)\r\n")
  expect(written((out) => writeSearch(out, { numbers: new Uint32Array(0), modSeq: 0 }))).toBe("* SEARCH\r\n")
  const many = Uint32Array.from({ length: 12_001 }, (_, at) => at + 1)
  expect(written((out) => writeSearch(out, { numbers: many, modSeq: null }))).toBe(`* SEARCH ${many.join(" ")}\r\n`)
})

test("ESEARCH responses (RFC 4731)", () => {
  const numbers = Uint32Array.of(2, 10, 11)
  expect(written((out) => writeEsearch(out, { numbers, modSeq: null }, { tag: "A1", form: "plain", returns: ["ALL"] }))).toBe("* ESEARCH (TAG \"A1\") ALL 2,10:11\r\n")
  expect(written((out) => writeEsearch(out, { numbers, modSeq: 7 }, { tag: "A1", form: "uid", returns: ["MIN", "MAX", "COUNT"] }))).toBe("* ESEARCH (TAG \"A1\") UID MIN 2 MAX 11 COUNT 3 MODSEQ 7\r\n")
  expect(written((out) => writeEsearch(out, { numbers: new Uint32Array(0), modSeq: 0 }, { tag: "A1", form: "uid", returns: ["MIN", "ALL", "COUNT"] }))).toBe("* ESEARCH (TAG \"A1\") UID COUNT 0\r\n")
})
