import { describe, expect, test } from "vitest"
import { mailParameters, rcptParameters, typedAddress, xtext } from "../../src/delivery/dsn-parameters.ts"
import { parseReply } from "../../src/delivery/smtp-reply.ts"

describe("replies", () => {
  test.each([
    ["250 2.1.5 Ok", "accepted", "2.1.5", "250 2.1.5 Ok"],
    ["250 Ok", "accepted", "2.0.0", "250 Ok"],
    ["450 4.2.0 Greylisted", "deferred", "4.2.0", "450 4.2.0 Greylisted"],
    ["451 try later", "deferred", "4.0.0", "451 try later"],
    ["550 5.1.1 No such user", "failed", "5.1.1", "550 5.1.1 No such user"],
    ["550 4.1.1 Confused", "failed", "5.0.0", "550 4.1.1 Confused"],
    ["550-5.7.1 Line one\n550-5.7.1 line two\n550 5.7.1 end", "failed", "5.7.1", "550 5.7.1 Line one line two end"],
    ["354 go on", "deferred", "4.0.0", "354 go on"],
    ["550 a\tb\u0007c", "failed", "5.0.0", "550 a b c"],
    ["", "deferred", "4.0.0", ""],
  ])("%j", (reply, kind, status, diagnostic) => expect(parseReply(reply)).toEqual({ kind, status, diagnostic }))

  test("a peer's endless words are cut", () => expect(parseReply(`550 ${"x".repeat(100_000)}`).diagnostic).toHaveLength(1_000))
})

describe("DSN parameters", () => {
  test.each([
    ["an@xa.example", "an@xa.example"],
    ["a+b=c d@xa.example", "a+2Bb+3Dc+20d@xa.example"],
    ["thư", "th+C6+B0"],
  ])("xtext of %j", (text, encoded) => expect(xtext(text)).toBe(encoded))

  test("an original recipient keeps the type it came with", () => {
    expect(typedAddress("x400;c=vn;o=tinh")).toEqual({ type: "x400", address: "c=vn;o=tinh" })
    expect(typedAddress("an@tinh.example")).toEqual({ type: "rfc822", address: "an@tinh.example" })
    expect(typedAddress("ân@tinh.example")).toEqual({ type: "utf-8", address: "ân@tinh.example" })
  })

  test("what is passed on", () => {
    expect(mailParameters({ ret: "headers", envid: "số 1+" })).toBe(" RET=HDRS ENVID=s+E1+BB+91+201+2B")
    expect(mailParameters({ ret: null, envid: null })).toBe("")
    expect(rcptParameters({ notify: ["success", "failure"], originalRecipient: "an@tinh.example" })).toBe(" NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;an@tinh.example")
    expect(rcptParameters({ notify: [], originalRecipient: "hộp@tinh.example" })).toBe(" ORCPT=utf-8;h\\x{1ED9}p@tinh.example")
  })
})
