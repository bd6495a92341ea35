import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { checkMail, checkRcpt } from "../../src/smtp/parameters.ts"

const mail = (rest: string): string => checkMail(Buffer.from(`MAIL FROM:<a@b.example>${rest}`))?.status ?? "ok"
const rcpt = (rest: string, smtpUtf8 = false): string => checkRcpt(Buffer.from(`RCPT TO:<a@b.example>${rest}`), smtpUtf8)?.status ?? "ok"

describe("parameters of MAIL", () => {
  test.each([
    ["", "ok"], [" ", "ok"], [" SIZE=0", "ok"], [" size=12345678901234567890", "ok"], [" SIZE=123456789012345678901", "5.5.4"], [" SIZE=-1", "5.5.4"], [" SIZE=", "5.5.4"],
    [" BODY=7bit", "ok"], [" BODY=8BITMIME SMTPUTF8", "ok"], [" BODY=BINARYMIME", "5.5.4"],
    [" RET=FULL", "ok"], [" RET=hdrs", "ok"], [" RET=", "5.5.4"],
    [" ENVID=QQ314159", "ok"], [" ENVID=a+2Bb", "ok"], [" ENVID=a+b", "5.5.4"], [" ENVID=a+2b", "5.5.4"], [" ENVID=a+0A", "5.5.4"], [" ENVID=a+7F", "5.5.4"], [" ENVID=a+80", "5.5.4"],
    [` ENVID=${"x".repeat(100)}`, "ok"], [` ENVID=${"x".repeat(101)}`, "5.5.4"],
    [" AUTH=<>", "ok"], [" AUTH=e+3Dmc2@example.com", "ok"], [" AUTH", "5.5.4"],
    [" REQUIRETLS", "ok"], [" REQUIRETLS=1", "5.5.4"], [" SMTPUTF8=1", "5.5.4"],
    [" __proto__=1", "5.5.4"], [" constructor=1", "5.5.4"], [" X", "5.5.4"], [" =1", "5.5.4"], ["SIZE=1", "5.5.4"],
    [" ENVID=é", "5.5.4"],
  ])("%j → %s", (rest, expected) => {
    expect(mail(rest)).toBe(expected)
  })

  test("unknown keywords are 555, bad values 501 (RFC 5321 §4.1.1.11)", () => {
    expect(checkMail(Buffer.from("MAIL FROM:<> FOO"))?.code).toBe(555)
    expect(checkMail(Buffer.from("MAIL FROM:<> SIZE=x"))?.code).toBe(501)
  })
})

describe("parameters of RCPT", () => {
  test.each([
    ["", "ok"], [" NOTIFY=NEVER", "ok"], [" NOTIFY=success,Failure,DELAY", "ok"], [" NOTIFY=NEVER,SUCCESS", "5.5.4"], [" NOTIFY=SUCCESS,", "5.5.4"], [" NOTIFY=", "5.5.4"],
    [" ORCPT=rfc822;a+2Bb@c.example", "ok"], [" ORCPT=rfc822;", "5.5.4"], [" ORCPT=;a@b", "5.5.4"], [" ORCPT=rfc822;a b", "5.5.4"],
    [` ORCPT=rfc822;${"x".repeat(500)}`, "ok"], [` ORCPT=rfc822;${"x".repeat(501)}`, "5.5.4"], [" SIZE=1", "5.5.4"],
  ])("%j → %s", (rest, expected) => {
    expect(rcpt(rest)).toBe(expected)
  })

  test("letters beyond ASCII only with SMTPUTF8", () => {
    expect(checkRcpt(Buffer.from("RCPT TO:<thư@b.example>"), false)?.status).toBe("5.6.7")
    expect(checkRcpt(Buffer.from("RCPT TO:<thư@b.example>"), true)).toBeUndefined()
    expect(rcpt(" ORCPT=utf-8;thư@b.example", true)).toBe("ok")
    expect(rcpt(" ORCPT=utf-8;thư@b.example", false)).toBe("5.6.7")
    expect(checkRcpt(Buffer.from([...Buffer.from("RCPT TO:<"), 0xc3, 0x28, 0x3e]), true)?.status).toBe("5.5.2")
  })
})

describe("any bytes", () => {
  test("never throw, and an accepted line holds only parameters of the table", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, utf8) => {
        checkMail(Buffer.concat([Buffer.from("MAIL FROM:<a@b> "), bytes]))
        checkRcpt(Buffer.from(bytes), utf8)
      }),
    )
    const word = fc.stringMatching(/^[!-~]{0,12}$/)
    fc.assert(
      fc.property(fc.array(word, { maxLength: 4 }), (words) => {
        const known = /^(?:SIZE=\d{1,20}|BODY=(?:7BIT|8BITMIME)|SMTPUTF8|RET=(?:FULL|HDRS)|ENVID=[!-~]{1,100}|REQUIRETLS|AUTH=[!-~]+)$/i
        if (mail(` ${words.join(" ")}`) === "ok") expect(words.filter((item) => item !== "" && !known.test(item))).toEqual([])
      }),
    )
  })

  test("every xtext that is made is accepted (RFC 3461 §4)", () => {
    const xtext = (text: string): string => text.replace(/[^!-*,-<>-~]/g, (char) => `+${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`)
    fc.assert(fc.property(fc.stringMatching(/^[ -~]{1,33}$/), (text) => mail(` ENVID=${xtext(text)}`) === "ok"))
  })
})
