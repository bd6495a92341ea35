import { expect, test } from "vitest"
import { authorOf } from "../../../src/pki/smime/author.ts"

const from = (...values: readonly string[]) => authorOf(values.map((value) => ({ name: "from", value: Buffer.from(value).toString("latin1") })))

test.each([
  ["a@x.example", "a@x.example"],
  ["<A@X.example>", "a@x.example"],
  ["Nguyễn Văn A <a@x.example>", "a@x.example"],
  ['"Nguyễn, A. (Sở Y tế)" <a@x.example>', "a@x.example"],
  ["=?utf-8?B?U+G7nyBZIHThur8=?= <soyte@tinh.example>", "soyte@tinh.example"],
  ["a@x.example (Sở Y tế)", "a@x.example"],
  ['"a@x.example" <a@x.example>', "a@x.example"],
  ["văn.thư@tỉnh.example", "văn.thư@tỉnh.example"],
  ["A <a@xn--tnh-rma.example>", "a@tính.example"],
  ["a.b+c@x.example", "a.b+c@x.example"],
  ["Phòng 5 @ Sở Y tế <p5@x.example>", "p5@x.example"],
])("%s is %s", (value, address) => {
  expect(from(value)).toEqual({ from: [address.normalize("NFC")], sender: [], problems: [] })
})

test.each([
  ["x".repeat(3_000) + "@x.example", "ambiguousFrom"],
  [`"${"x".repeat(300)} b@y.example" <a@x.example>`, "misleadingDisplayName"],
  [`${"\"\\".repeat(1_000)} <a@x.example>`, "ambiguousFrom"],
  ["undisclosed-recipients:;", "ambiguousFrom"],
  ["Ẩn danh", "ambiguousFrom"],
  ['"a" "b" <a@x.example>, <>', "ambiguousFrom"],
  ["Tổng cục b@y.example\t<a@x.example>", "misleadingDisplayName"],
  ["=?utf-8?q?=3D=3Futf-8=3Fq=3Fb=3D40y.example=3F=3D?= <a@x.example>", "misleadingDisplayName"],
  ["b@y.example. <a@x.example>", "misleadingDisplayName"],
])("%s: %s", (value, problem) => {
  expect(from(value).problems).toContain(problem)
})

test("thousands of authors are not all looked at", () => {
  const many = from(...Array.from({ length: 500 }, (_, at) => `é${at}@é.example, `.repeat(300)))
  expect(many.problems).toContain("ambiguousFrom")
  expect(many.from.length).toBeLessThan(1_000)
})
