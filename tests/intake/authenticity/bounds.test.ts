import { describe, expect, test } from "vitest"
import type { DnsResolver } from "../../../src/dns/resolver.ts"
import { createMailResolver } from "../../../src/intake/authenticity/mail-resolver.ts"
import { verifiableHeader } from "../../../src/intake/authenticity/verifiable-header.ts"

const signature = "DKIM-Signature: v=1; a=rsa-sha256; d=gui.example; s=r; h=from; bh=AA==; b=AA==\r\n"
const headerOf = (...fields: readonly string[]): Buffer => Buffer.from(`${fields.join("")}From: a@gui.example\r\n\r\n`)

describe("a header in which signatures are verified", () => {
  test("is one that costs no more than any honest one", () => {
    expect(verifiableHeader(headerOf(signature)).unread).toEqual({ dkim: false, arc: false })
    expect(verifiableHeader(headerOf(signature, `To: b@xa.example\r\n${" x\r\n".repeat(3_000)}`)).unread).toEqual({ dkim: false, arc: false })
    expect(verifiableHeader(headerOf(signature, `X: y\r\n${" z\r\n".repeat(5_000)}`)).unread).toEqual({ dkim: true, arc: false })
  })

  test("has nothing unread where there is nothing to read, however long it is", () => {
    expect(verifiableHeader(headerOf(`X: ${"y".repeat(70_000)}\r\n`)).unread).toEqual({ dkim: false, arc: false })
  })
})

describe("a text record", () => {
  const resolver = (...records: readonly [string, ...string[]]) => {
    const dns: DnsResolver = { resolve: async (name) => ({ kind: "records", records, secure: false, canonicalName: name }) as never }
    return createMailResolver({ dns, isLate: () => false })
  }

  test("that is longer than any that means something is not read", async () => {
    const long = `v=spf1 ${"ip4:198.51.100.0/24 ".repeat(3_000)}-all`
    expect(await resolver(long, "v=spf1 -all").resolve("gui.example", "TXT")).toEqual([["v=spf1 -all"]])
    await expect(resolver(long).resolve("gui.example", "TXT")).rejects.toMatchObject({ code: "ENODATA" })
  })

  test("that is remembered is not read before others had their turn", async () => {
    let turns = 0
    setImmediate(() => turns++)
    await resolver("x").resolve("gui.example", "TXT")
    expect(turns).toBe(1)
  })
})
