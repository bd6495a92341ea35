import iconv from "iconv-lite"
import { describe, expect, test } from "vitest"
import { foldForSearch } from "../../src/mail/search-text.ts"
import { lines, scan } from "./scan.ts"

const utf8 = (text: string): string => Buffer.from(text).toString("latin1")
const bodyOf = (type: string, encoding: string, body: string): string =>
  scan(lines(`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`, "", body)).searchText.body

const vietnamese = "Kính gửi Ủy ban nhân dân tỉnh Đắk Lắk"

describe("folding (in the spirit of RFC 5051)", () => {
  test.each([["ABC", "abc"], ["ĐẮK", "đắk".normalize("NFKD")], ["ﬁ", "fi"], ["Ａ", "a"], ["a  \r\n b", "a  \r\n b"], ["\ud800", "\ufffd"]])("%j", (text, folded) => {
    expect(foldForSearch(text)).toBe(folded)
  })

  test("composed and decomposed text meet, diacritics still tell words apart", () => {
    expect(foldForSearch(vietnamese.normalize("NFD"))).toBe(foldForSearch(vietnamese.normalize("NFC")))
    expect(foldForSearch("hòa").includes(foldForSearch("hóa"))).toBe(false)
    expect(foldForSearch("đ")).not.toBe(foldForSearch("d"))
  })

  test("folding twice is folding once", () => {
    for (let code = 0; code < 0x3000; code++) {
      const once = foldForSearch(String.fromCharCode(code))
      expect(foldForSearch(once), code.toString(16)).toBe(once)
    }
  })
})

describe("bodies", () => {
  test.each([
    ["UTF-8", bodyOf("text/plain; charset=utf-8", "8bit", utf8(vietnamese))],
    ["base64", bodyOf("text/plain; charset=UTF-8", "base64", Buffer.from(vietnamese).toString("base64").replace(/.{10}/g, "$&\r\n"))],
    ["quoted-printable", bodyOf("text/plain; charset=utf-8", "quoted-printable", utf8(vietnamese).replace(/[\x80-\xff]/g, (char) => `=${char.charCodeAt(0).toString(16)}=\r\n`))],
    ["UTF-16", bodyOf("text/plain; charset=utf-16le", "base64", Buffer.from(vietnamese, "utf16le").toString("base64"))],
    ["no charset", bodyOf("text/plain", "8bit", utf8(vietnamese))],
    ["an unknown charset", bodyOf("text/plain; charset=none", "8bit", utf8(vietnamese))],
    ["HTML", bodyOf("text/html; charset=utf-8", "8bit", utf8(`<p class="x>">K&iacute;nh <b>g</b>ửi</p> Ủy ban<!-- <b> --> <script>if (a<b) x()</script><style>p{}</style>nhân dân t&#7881;nh &#x110;ắk Lắk`)).replace(/[^\S\n]+/g, " ").replace('">', "")],
  ])("%s", (_, body) => {
    expect(body.trim()).toBe(foldForSearch(vietnamese))
  })

  test.each(["windows-1258", "viscii", "tcvn"])("%s", (charset) => {
    // These charsets write some letters with combining marks, which folding makes equal.
    const encoded = iconv.encode(charset === "windows-1258" ? "Đà Nẵng".normalize("NFD").replace(/D\u0335/g, "Đ") : "Đà", charset).toString("latin1")
    expect(bodyOf(`text/plain; charset=${charset}`, "8bit", encoded).trim().startsWith(foldForSearch("Đ"))).toBe(true)
  })

  test("a long body is decoded in pieces without a seam", () => {
    const text = `${vietnamese} &aacute; 12345\r\n`.repeat(3_000)
    const expected = foldForSearch(text)
    expect(bodyOf("text/plain; charset=utf-8", "8bit", utf8(text))).toBe(`${expected}\n`)
    expect(bodyOf("text/plain; charset=utf-8", "base64", Buffer.from(text).toString("base64").replace(/.{76}/g, "$&\r\n"))).toBe(`${expected}\n`)
    const quoted = utf8(text).replace(/[=\x80-\xff]/g, (char) => `=${char.charCodeAt(0).toString(16).toUpperCase()}`).replace(/[^\r\n]{70}(?![0-9A-F])/g, "$&=\r\n")
    expect(bodyOf("text/plain; charset=utf-8", "quoted-printable", quoted)).toBe(`${expected}\n`)
    expect(bodyOf("text/html; charset=utf-8", "8bit", utf8(text)).replaceAll("á".normalize("NFD"), "&aacute;")).toContain("đ")
    const html = bodyOf("text/html; charset=utf-8", "8bit", utf8(text))
    expect(html).toBe(`${foldForSearch(text.replaceAll("&aacute;", "á"))}\n`)
  })

  test("what is searched of one message is bounded", () => {
    expect(bodyOf("text/plain", "7bit", "word ".repeat(1_000_000)).length).toBeLessThanOrEqual(1024 * 1024 + 1)
    expect(bodyOf("text/plain; charset=utf-8", "8bit", utf8("\ufdfa").repeat(400_000)).length).toBeLessThanOrEqual(2 * 1024 * 1024 + 1)
  })
})

test("headers are one line each, decoded; file names and nested messages are in the body", () => {
  const { searchText } = scan(lines(
    "Subject: =?utf-8?B?QsOhbyBjw6Fv?=", "X-Two: a", " b", "Content-Type: multipart/mixed; boundary=b", "",
    "--b", "Content-Type: application/pdf", "Content-Disposition: attachment; filename*=UTF-8''t%E1%BB%9D%20tr%C3%ACnh.pdf", "", "x",
    "--b", "Content-Type: message/rfc822", "", "Subject: Inner", "", "Nested text", "--b--",
  ))
  expect(searchText.header).toBe(foldForSearch("subject: Báo cáo\nx-two: a b\ncontent-type: multipart/mixed; boundary=b"))
  expect(searchText.body).toContain(foldForSearch("tờ trình.pdf"))
  expect(searchText.body).toContain("subject: inner\n")
  expect(searchText.body).toContain("nested text")
})
