import fc from "fast-check"
import { expect, test } from "vitest"
import { basicCredentials } from "../../src/console/basic-auth.ts"

const header = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`

test.each([
  ["nothing", undefined], ["an empty one", ""], ["another scheme", "Bearer YTpi"], ["no base64", "Basic a b"], ["no colon", header("an")], ["no name", header(":secret")], ["a control character", header("an:a\u0000b")],
  ["a line feed in the name", header("an\n:b")], ["two values", `${header("a:b")}, ${header("c:d")}`], ["base64 that goes on", `Basic ${"=".repeat(4)}YTpi`],
])("%s is no credentials", (_name, given) => expect(basicCredentials(given)).toBeUndefined())

test.each([["Basic YTpi", "a", "b"], ["basic  YTpi", "a", "b"], [header("an@tinh.example:"), "an@tinh.example", ""], [header("hộp.thư@tinh.example:Mật: khẩu"), "hộp.thư@tinh.example", "Mật: khẩu"]])(
  "%s is %s and its password", (given, username, password) => expect(basicCredentials(given)).toEqual({ username, password }))

test("any name without a colon and any password come through", () => {
  // oxlint-disable-next-line no-control-regex -- RFC 7617 §2 has none in either
  const text = fc.string({ unit: "grapheme" }).filter((some) => !/[\u0000-\u001f\u007f]/.test(some) && some.isWellFormed())
  fc.assert(fc.property(text.filter((name) => name !== "" && !name.includes(":")), text, (username, password) => {
    expect(basicCredentials(header(`${username}:${password}`))).toEqual({ username, password })
  }))
})

test("any header is an answer, never an exception", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (given) => void basicCredentials(given)))
  fc.assert(fc.property(fc.base64String(), (given) => void basicCredentials(`Basic ${given}`)))
})
