import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { sealMessage } from "mailauth"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../../src/base/clock.ts"
import { createMessageAuthenticator } from "../../../src/intake/authenticity/authenticate-message.ts"
import { parseHeader } from "../../../src/mail/header.ts"
import type { AuthenticityFacts } from "../../../src/policy/authenticity-facts.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../../support/dns-world.ts"
import { ed25519MailKey, rsaMailKey, signedByDkimpy, signedByMailauth } from "../../support/mail-keys.ts"

const rsa = rsaMailKey()
const short = rsaMailKey(768)
const ed = ed25519MailKey()
const dkimpy = spawnSync("dkimsign", ["--help"], { env: { PATH: "/usr/bin:/bin" } }).error === undefined
if (!dkimpy) console.warn("no dkimsign on PATH: signatures of another maker are not tried (apt-get install python3-dkim)")

const keys = `r._domainkey ${rsa.record}\ne._domainkey ${ed.record}\nshort._domainkey ${short.record}\nrevoked._domainkey TXT "v=DKIM1; p="`
/** Eleven names that ask the DNS: one more than RFC 7208 §4.6.4 lets anybody ask. */
const manyTerms = Array.from({ length: 11 }, (_, at) => `a:mx${at}.gui.example`).join(" ")

const message = (from: string, body = "Kinh gui,\r\n\r\nNoi dung  cong van.\r\n"): string => `From: ${from}\r\nTo: an@tinh.example\r\nSubject: Bao cao\r\nDate: Thu, 26 Nov 2026 09:00:00 +0700\r\nMessage-ID: <1@gui.example>\r\n\r\n${body}`

describe.skipIf(dnsUnavailable() !== undefined)("a message from outside, on a real DNS", () => {
  let dns: DnsWorld
  beforeAll(async () => {
    dns = await startDns({
      unsigned: {
        "gui.example": `@ TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"\n_dmarc TXT "v=DMARC1; p=reject"\n_dmarc.chat TXT "v=DMARC1; p=reject; adkim=s; aspf=s"\n${keys}
con TXT "v=spf1 ip4:192.0.2.0/24 -all"\nchat A 192.0.2.1\nmem TXT "v=spf1 ip4:198.51.100.0/24 ~all"\nnhieu TXT "v=spf1 ${manyTerms} -all"\nsai TXT "v=spf1 ip4:nothing -all"
vong TXT "v=spf1 include:vong.gui.example -all"\nhoi TXT "v=spf1 include:hong.example -all"\n_dmarc.hoi TXT "v=DMARC1; p=reject"\nrong TXT "v=spf1 a:r1.gui.example a:r2.gui.example a:r3.gui.example -all"\nmx0 A 198.51.100.9`,
        "cach.example": `_dmarc TXT "v=DMARC1; p=quarantine"\n${keys}`,
        "im.example": `@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\n${keys}`,
        "chuyen.example": keys,
      },
      bogus: { "hong.example": keys },
    })
  })
  afterAll(() => dns.stop())

  interface Sent {
    readonly bytes: string
    readonly from?: string
    readonly ip?: string
    readonly helo?: string
  }
  const authenticate = async ({ bytes, from = "", ip = "203.0.113.9", helo = "thu.gui.example" }: Sent): Promise<AuthenticityFacts> => {
    const all = Buffer.from(bytes, "latin1")
    const headerBytes = all.indexOf("\r\n\r\n") + 4
    const found = await createMessageAuthenticator({
      dns: dns.resolver(), clock: systemClock, hostname: "mail.tinh.example", timeoutMs: 20_000, isExempt: (address) => address === "127.0.0.1", trustedSealers: ["chuyen.example"],
    }).authenticate({
      session: { clientAddress: ip, helo }, reversePath: from, header: parseHeader(all.subarray(0, headerBytes)),
      content: {
        size: all.length, structure: { headerBytes },
        async *read({ start, end } = { start: 0, end: all.length }) {
          for (let at = start; at < end; at += 1_000) yield all.subarray(at, Math.min(end, at + 1_000))
        },
      },
    })
    if (!found) throw new Error("nobody was asked")
    return found
  }

  test.each([
    ["its network", "a@gui.example", "192.0.2.7", "pass", "gui.example"],
    ["its network over IPv6", "a@gui.example", "2001:db8::7", "pass", "gui.example"],
    ["its network, mapped into IPv6", "a@gui.example", "::ffff:192.0.2.7", "pass", "gui.example"],
    ["another network", "a@gui.example", "203.0.113.9", "fail", "gui.example"],
    ["another network, softly", "a@mem.gui.example", "203.0.113.9", "softfail", "mem.gui.example"],
    ["a domain that says nothing", "a@cach.example", "192.0.2.7", "none", "cach.example"],
    ["a domain that does not exist", "a@khong.example", "192.0.2.7", "none", "khong.example"],
    ["nobody, greeted as", "", "192.0.2.7", "none", "thu.gui.example"],
    ["more than ten questions", "a@nhieu.gui.example", "203.0.113.9", "permerror", "nhieu.gui.example"],
    ["more than two empty answers", "a@rong.gui.example", "203.0.113.9", "permerror", "rong.gui.example"],
    ["itself, again and again", "a@vong.gui.example", "203.0.113.9", "permerror", "vong.gui.example"],
    ["a record that is wrong", "a@sai.gui.example", "192.0.2.7", "permerror", "sai.gui.example"],
    ["a domain that cannot be asked now", "a@hong.example", "192.0.2.7", "temperror", "hong.example"],
    ["a domain that includes one that cannot be asked now", "a@hoi.gui.example", "192.0.2.7", "temperror", "hoi.gui.example"],
  ])("SPF of mail from %s", async (_, from, ip, result, domain) => {
    expect((await authenticate({ bytes: message("a@gui.example"), from, ip })).spf).toMatchObject({ result, domain })
  })

  const signedFor = (from: string, domain: string, selector = "r", key = rsa): Promise<string> => signedByMailauth(message(from), { domain, selector, key })

  test.each([
    ["RSA", () => signedFor("a@gui.example", "gui.example"), "pass"],
    ["Ed25519 (RFC 8463)", () => signedFor("a@gui.example", "gui.example", "e", ed), "pass"],
    ["a key that is too short (RFC 8301 §3.2)", () => signedFor("a@gui.example", "gui.example", "short"), "policy"],
    ["a key that was revoked", () => signedFor("a@gui.example", "gui.example", "revoked"), "neutral"],
    ["a key that is not there", () => signedFor("a@gui.example", "gui.example", "khong"), "neutral"],
    ["another key", () => signedFor("a@gui.example", "gui.example", "e"), "neutral"],
    ["a key that cannot be had now", () => signedFor("a@gui.example", "hong.example"), "temperror"],
    ["a body that was changed", async () => (await signedFor("a@gui.example", "gui.example")).replace("cong van", "cong vam"), "fail"],
    ["a subject that was changed", async () => (await signedFor("a@gui.example", "gui.example")).replace("Bao cao", "Bao cap"), "fail"],
    ["white space that was changed, which relaxed forgives", async () => (await signedFor("a@gui.example", "gui.example")).replace("Noi dung  cong", "Noi dung cong"), "pass"],
    ["a part of the body only (l=)", async () => `${await signedByMailauth(message("a@gui.example"), { domain: "gui.example", selector: "r", key: rsa, maxBodyLength: 10 })}added by a stranger\r\n`, "policy"],
  ])("DKIM by %s", async (_, make, result) => {
    const { dkim } = await authenticate({ bytes: await make() })
    expect(dkim.map((one) => one.result)).toEqual([result])
  })

  test.skipIf(!dkimpy)("a signature of another maker verifies, and does not when a word is changed", async () => {
    const signed = signedByDkimpy(message("a@gui.example"), { domain: "gui.example", selector: "r", key: rsa })
    expect((await authenticate({ bytes: signed })).dkim).toEqual([{ result: "pass", domain: "gui.example", selector: "r", aligned: true }])
    expect((await authenticate({ bytes: signed.replace("cong van", "cong vam") })).dkim).toMatchObject([{ result: "fail", aligned: false }])
  })

  test.each<[string, string, Omit<Sent, "bytes"> & { readonly signer?: string; readonly selector?: string }, Partial<AuthenticityFacts["dmarc"]>, boolean]>([
    ["SPF of the author's domain", "a@gui.example", { from: "x@gui.example", ip: "192.0.2.7" }, { result: "pass", policy: "reject", policyDomain: "gui.example" }, true],
    ["SPF of a subdomain, relaxed", "a@gui.example", { from: "x@con.gui.example", ip: "192.0.2.7" }, { result: "pass" }, true],
    ["SPF of a subdomain, strict", "a@chat.gui.example", { from: "x@gui.example", ip: "192.0.2.7" }, { result: "fail", policy: "reject" }, false],
    ["SPF of another domain", "a@gui.example", { from: "x@im.example", ip: "192.0.2.7" }, { result: "fail", policy: "reject" }, false],
    ["DKIM of the author's domain", "a@gui.example", { signer: "gui.example" }, { result: "pass" }, true],
    ["DKIM of the parent domain, relaxed", "a@con.gui.example", { signer: "gui.example" }, { result: "pass", domain: "con.gui.example", policyDomain: "gui.example" }, true],
    ["DKIM of the parent domain, strict", "a@chat.gui.example", { signer: "gui.example" }, { result: "fail" }, false],
    ["DKIM of another domain", "a@gui.example", { signer: "cach.example" }, { result: "fail" }, false],
    ["nothing, and the domain asks for quarantine", "a@cach.example", {}, { result: "fail", policy: "quarantine" }, false],
    ["nothing, and the domain asks for nothing", "a@im.example", {}, { result: "none", policy: null, policyDomain: null }, false],
    ["DKIM, and the domain asks for nothing", "a@im.example", { signer: "im.example" }, { result: "none" }, true],
    ["DKIM of another domain, and the domain asks for nothing", "a@im.example", { signer: "cach.example" }, { result: "none" }, false],
    ["the DNS of the author's domain fails", "a@hong.example", {}, { result: "temperror" }, false],
    ["SPF that might pass cannot be asked", "a@hoi.gui.example", { from: "x@hoi.gui.example", ip: "192.0.2.7" }, { result: "temperror", policy: "reject" }, false],
    ["SPF that could not help cannot be asked", "a@gui.example", { from: "x@hong.example", ip: "192.0.2.7" }, { result: "fail" }, false],
    ["SPF cannot be asked, but DKIM passes", "a@gui.example", { from: "x@hong.example", ip: "192.0.2.7", signer: "gui.example" }, { result: "pass" }, true],
    ["two authors of two domains", "a@gui.example, b@im.example", { from: "x@gui.example", ip: "192.0.2.7" }, { result: "permerror", policy: null }, false],
    ["two From: fields", "a@gui.example\r\nFrom: b@gui.example", { from: "x@gui.example", ip: "192.0.2.7" }, { result: "permerror" }, false],
    ["no address in From:", "Phong Mot Cua", {}, { result: "permerror" }, false],
    ["an author hidden behind a display name", '"a@gui.example" <a@cach.example>', { from: "x@gui.example", ip: "192.0.2.7" }, { result: "fail", domain: "cach.example" }, false],
  ])("DMARC where there is %s", async (_, author, { signer, ...sent }, dmarc, aligned) => {
    const bytes = signer === undefined ? message(author) : await signedByMailauth(message(author), { domain: signer, selector: "r", key: rsa })
    const found = await authenticate({ bytes, ...sent })
    expect({ dmarc: found.dmarc, aligned: found.aligned }).toMatchObject({ dmarc, aligned })
  })

  const sealed = async (bytes: string, domain: string, authResults: string, cv: "none" | "pass" = "none"): Promise<string> =>
    `${(await sealMessage(Buffer.from(bytes, "latin1"), { signingDomain: domain, selector: "r", privateKey: rsa.pem, authResults, cv })).toString("latin1")}${bytes}`

  test.each([
    ["a trusted sealer that saw DMARC pass", "chuyen.example", "dmarc=pass header.from=gui.example", { result: "pass", sealers: ["chuyen.example"], vouched: true }],
    ["a trusted sealer that saw DMARC fail", "chuyen.example", "dmarc=fail header.from=gui.example", { result: "pass", vouched: false }],
    ["a trusted sealer that saw another author", "chuyen.example", "dmarc=pass header.from=im.example", { result: "pass", vouched: false }],
    ["a sealer that nobody trusts", "im.example", "dmarc=pass header.from=gui.example", { result: "pass", sealers: ["im.example"], vouched: false }],
  ])("ARC of %s", async (_, sealer, seen, arc) => {
    const changed = message("a@gui.example", "Changed by a mailing list\r\n")
    const found = await authenticate({ bytes: await sealed(changed, sealer, `lists.${sealer}; ${seen}`) })
    expect(found).toMatchObject({ arc, dmarc: { result: "fail" } })
  })

  test("whoever handles a message after the trusted sealer, or before it with a word that is not his, vouches for nothing", async () => {
    const once = await sealed(message("a@gui.example"), "chuyen.example", "chuyen.example; dmarc=pass header.from=gui.example")
    expect((await authenticate({ bytes: await sealed(once, "im.example", "im.example; arc=pass", "pass") })).arc).toEqual({ result: "pass", sealers: ["im.example", "chuyen.example"], vouched: false })
    const forged = await sealed(message("a@gui.example"), "im.example", "im.example; dmarc=pass header.from=gui.example")
    expect((await authenticate({ bytes: await sealed(forged, "chuyen.example", "chuyen.example; dmarc=fail header.from=gui.example", "pass") })).arc).toMatchObject({ result: "pass", vouched: false })
  })

  test("a chain that was changed, or whose keys cannot be had, vouches for nothing", async () => {
    const good = await sealed(message("a@gui.example"), "chuyen.example", "chuyen.example; dmarc=pass header.from=gui.example")
    expect((await authenticate({ bytes: good.replace("cong van", "cong vam") })).arc).toMatchObject({ result: "fail", vouched: false })
    expect((await authenticate({ bytes: good.replace("dmarc=pass", "dmarc=Pass") })).arc).toMatchObject({ result: "fail", vouched: false })
    expect((await authenticate({ bytes: await sealed(message("a@gui.example"), "hong.example", "x; dmarc=pass") })).arc).toMatchObject({ result: "temperror", vouched: false })
  })

  test("more signatures than any honest route adds are left unread, and so are seals", async () => {
    const signed = await signedFor("a@gui.example", "gui.example")
    const [signature = ""] = /^DKIM-Signature:[^]*?\r\n(?![ \t])/.exec(signed) ?? []
    expect((await authenticate({ bytes: `${signature.repeat(50)}${signed}` })).dkim).toEqual([{ result: "policy", domain: "", selector: "", aligned: false }])
    expect((await authenticate({ bytes: `${"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.example; s=r; b=AAAA\r\n".repeat(50)}${signed}` })).arc).toMatchObject({ result: "fail" })
    const h = Array.from({ length: 1_500 }, () => "subject").join(":")
    const costly = `DKIM-Signature: v=1; a=rsa-sha256; d=gui.example; s=r; h=from:${h}; bh=${createHash("sha256").digest("base64")}; b=AAAA\r\n${"X: y\r\n".repeat(2_000)}`
    expect((await authenticate({ bytes: `${costly}${message("a@gui.example")}` })).dkim).toMatchObject([{ result: "policy", aligned: false }])
  })

  test("a line that would cost too much to verify leaves the signature unread, and so many authors are none", async () => {
    const long = await signedByMailauth(message("a@gui.example", `${"x".repeat(200_000)}\r\n`), { domain: "gui.example", selector: "r", key: rsa })
    expect((await authenticate({ bytes: long })).dkim).toEqual([{ result: "policy", domain: "", selector: "", aligned: false }])
    const authors = Array.from({ length: 30 }, () => "a@gui.example").join(", ")
    expect((await authenticate({ bytes: message(authors), from: "a@gui.example", ip: "192.0.2.7" })).dmarc).toMatchObject({ result: "permerror", domain: "" })
  })

  test("a client that is exempt is not asked about", async () => {
    await expect(authenticate({ bytes: message("a@gui.example"), ip: "127.0.0.1" })).rejects.toThrow("nobody was asked")
  })

  test("when the message has had its time, nothing more is asked, and that is temporary", async () => {
    let now = 0
    const all = Buffer.from(message("a@gui.example"))
    const found = await createMessageAuthenticator({
      dns: dns.resolver(), clock: { now: () => (now += 30_000) }, hostname: "mail.tinh.example", timeoutMs: 20_000, isExempt: () => false, trustedSealers: [],
    }).authenticate({
      session: { clientAddress: "192.0.2.7", helo: "x" }, reversePath: "a@gui.example", header: parseHeader(all),
      content: { size: all.length, structure: { headerBytes: all.length }, async *read() { yield all } },
    })
    expect(found).toMatchObject({ spf: { result: "temperror" }, dmarc: { result: "temperror" } })
  })
})
