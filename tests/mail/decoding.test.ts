import { describe, expect, test } from "vitest"
import { decodeHeaderText } from "../../src/mail/encoded-word.ts"
import { parameterText, parseParameterized } from "../../src/mail/mime-parameter.ts"
import { decodeQuotedPrintable } from "../../src/mail/quoted-printable.ts"

const utf8 = (text: string): string => Buffer.from(text).toString("latin1")

describe("header text (RFC 2047)", () => {
  test.each([
    ["plain", "plain"],
    ["=?utf-8?B?QsOhbyBjw6Fv?=", "Báo cáo"],
    ["=?UTF-8?Q?B=C3=A1o_c=C3=A1o?=", "Báo cáo"],
    ["=?utf-8*vi?q?B=C3=A1o?=", "Báo"],
    ["a =?utf-8?q?b?= c", "a b c"],
    ["=?utf-8?q?a?= =?utf-8?q?b?=\t=?utf-8?q?c?=", "abc"],
    ["=?utf-8?b?QsM=?= =?utf-8?b?oW8=?=", "Báo"],
    ["=?iso-8859-1?q?=E1?= =?utf-8?q?=C3=A1?=", "áá"],
    ["=?windows-1258?q?=E1?=", "á"],
    ["=?koi8-r?B?89DJ08/L?=", "Список"],
    ["=?no-such-charset?q?=C3=A1?=", "á"],
    ["=?utf-8?x?no?=", "=?utf-8?x?no?="],
    ["=?utf-8?q?open", "=?utf-8?q?open"],
    [utf8("Sở Nội vụ à"), "Sở Nội vụ à"],
    ["caf\xe9", "café"],
  ])("%s", (value, text) => expect(decodeHeaderText(value)).toBe(text))
})

describe("parameters (RFC 2045 §5.1, RFC 2231)", () => {
  test.each<[string, string, [string, string][]]>([
    ["text/plain", "text/plain", []],
    ['a/b; x="1;2"; y=3', "a/b", [["x", "1;2"], ["y", "3"]]],
    ["a/b;;x=1;junk;y=2", "a/b", [["x", "1"], ["y", "2"]]],
    ['a/b; x="open', "a/b", [["x", "open"]]],
    ["a/b; name=Bao cao (1).pdf", "a/b", [["name", "Bao cao .pdf"]]],
    ['a/b; name="Bao cao (1).pdf" (comment; z=1); w=2', "a/b", [["name", "Bao cao (1).pdf"], ["w", "2"]]],
    ["a/b; x = 1 ; =2", "a/b", [["x", "1"]]],
    ["a/b; x", "a/b", []],
  ])("%s", (field, value, parameters) => {
    expect(parseParameterized(field)).toEqual({ value, parameters: parameters.map(([name, text]) => ({ name, value: text })) })
  })

  test.each([
    ["x; filename*=UTF-8''b%C3%A1o%20c%C3%A1o.pdf", "báo cáo.pdf"],
    ["x; filename*0*=UTF-8''b%C3%A1; filename*1=\"o c\"; filename*2*=%C3%A1o", "báo cáo"],
    ["x; filename*0=\"ab\"; filename*1=\"cd\"", "abcd"],
    ["x; filename=\"=?utf-8?B?QsOhbw==?=\"", "Báo"],
    [`x; filename="${utf8("báo")}"`, "báo"],
    ["x; filename*=iso-8859-1'vi'%E1", "á"],
    [`x; ${Array.from({ length: 30 }, (_, at) => `FileName*${at}=${at % 10}`).join("; ")}`, "0123456789".repeat(3)],
    ["x; y=1", undefined],
  ])("file name of %s", (field, name) => expect(parameterText(parseParameterized(field).parameters, "filename")).toBe(name))
})

test.each([
  ["a=20b", "a b"], ["a=\r\nb", "ab"], ["a= \t\r\nb", "ab"], ["a=\nb", "ab"], ["a=zz", "a=zz"], ["a=c3=a1", utf8("aá")], ["a=", "a"], ["=3D=3d", "=="], ["==20", "= "],
])("quoted-printable %j (RFC 2045 §6.7)", (encoded, decoded) => {
  expect(decodeQuotedPrintable(Buffer.from(encoded)).toString("latin1")).toBe(decoded)
})
