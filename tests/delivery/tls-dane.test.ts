import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { brief, createSender, Foreigners, type PolicyServer, type Sender, startPolicyServer, tlsaOf, words } from "../support/tls-world.ts"

/** One host for each case, on a DNS that is signed, with TLSA records right and wrong (RFC 7672). */
const root = tlsAuthority("Root")
const middle = tlsAuthority("Middle", root)
const stranger = tlsAuthority("Stranger")
const self = tlsIdentity({ names: ["whatever.example"], by: stranger })
const another = tlsIdentity({ names: ["whatever.example"], by: stranger })
const stale = tlsIdentity({ names: ["whatever.example"], by: stranger, expired: true })
const named = tlsIdentity({ names: ["mx-ta.ky.example"], by: middle, chain: [middle] })
const misnamed = tlsIdentity({ names: ["mx.khac.example"], by: middle, chain: [middle] })
const both = tlsIdentity({ names: ["mx-cahai.ky.example"], by: root })
const policies = tlsIdentity({ names: ["mta-sts.cahai.ky.example"], by: root })

describe.skipIf(dnsUnavailable() !== undefined)("DANE", () => {
  let dns: DnsWorld
  let database: TestDatabase
  let policyServer: PolicyServer
  let foreign: Foreigners
  let sender: Sender
  beforeAll(async () => {
    const port = await freeLoopbackPort()
    const at = (host: string, record: string): string => `_${port}._tcp.${host} ${record}`
    dns = await startDns({
      signed: {
        "ky.example": [
          "ee MX 10 mx-ee", "mx-ee A 127.0.1.1", at("mx-ee", tlsaOf(3, 1, self.issued)),
          "cu MX 10 mx-cu", "mx-cu A 127.0.1.3", at("mx-cu", tlsaOf(3, 0, stale.issued)),
          "ta MX 10 mx-ta", "mx-ta A 127.0.1.4", at("mx-ta", tlsaOf(2, 0, middle)),
          "hong MX 10 mx.hong.example.", "hongdu MX 10 mx.hong.example.", "hongdu MX 20 mx-ee",
          "kin MX 10 mx-kin", "mx-kin A 127.0.1.1",
          "ho MX 10 mx-ho", "mx-ho A 127.0.1.1",
          "la MX 10 mx-la", "mx-la A 127.0.1.1", at("mx-la", tlsaOf(1, 1, self.issued)),
          "bidanh MX 10 alias", "alias CNAME mx-ee", "bidanh2 MX 10 alias2", "alias2 CNAME mx.thuong.example.", at("alias2", tlsaOf(3, 1, self.issued)),
          "chet MX 10 mx-chet", "chet MX 20 mx-ee", "mx-chet A 127.0.1.90",
          "sau MX 10 mx-sau", "mx-sau AAAA ::1", at("mx-sau", tlsaOf(3, 1, self.issued)),
          "mot A 127.0.1.1", at("mot", tlsaOf(3, 1, self.issued)),
          "cahai MX 10 mx-cahai", "mx-cahai A 127.0.1.6", at("mx-cahai", tlsaOf(3, 1, another.issued)), '_mta-sts.cahai TXT "v=STSv1; id=1"', "mta-sts.cahai A 127.0.1.200",
        ].join("\n"),
      },
      unsigned: { "thuong.example": `mx A 127.0.1.1\n${at("mx", tlsaOf(3, 1, another.issued))}\n@ MX 10 mx-ee.ky.example.`, "_tcp.mx-ho.ky.example": `_${port} ${tlsaOf(3, 1, another.issued)}` },
      bogus: { "hong.example": "mx A 127.0.1.1\n@ MX 10 mx", "_tcp.mx-kin.ky.example": `_${port} ${tlsaOf(3, 1, self.issued)}` },
    })
    database = await createTestDatabase()
    policyServer = await startPolicyServer("127.0.1.200", policies)
    policyServer.policies.set("mta-sts.cahai.ky.example", { text: "version: STSv1\nmode: enforce\nmx: mx-cahai.ky.example\nmax_age: 86400\n" })
    foreign = new Foreigners(port)
    sender = createSender({ dns, database, port, policyPort: policyServer.port, authorities: [pemOf(root)] })
  })
  afterEach(async () => {
    await foreign.close()
    sender.sessions.length = 0
  })
  afterAll(async () => {
    await sender.close()
    await Promise.all([dns.stop(), policyServer.close(), database.drop()])
  })

  test("DANE-EE: the certificate that the record names, whatever it says of itself", async () => {
    const server = await foreign.start("127.0.1.1", self)
    const report = await sender.send("ee.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(server.received[0]?.secure).toBe(true)
    expect(report.tlsDetails).toMatchObject({ policy: "verified", reason: "DANE of mx-ee.ky.example asks for it", version: "TLSv1.3", verified: "dane-ee", fingerprint: self.issued.certificate.fingerprint, fault: null })
    expect(report.tlsDetails?.subject).toContain("whatever.example")
    // RFC 7672 §8.1
    expect(foreign.serverNames).toEqual(["mx-ee.ky.example"])
    expect(sender.sessions).toEqual([expect.objectContaining({ domain: "ee.ky.example", policyType: "tlsa", policyString: [tlsaOf(3, 1, self.issued).slice(5)], mxHost: "mx-ee.ky.example", receivingIp: "127.0.1.1", result: "success" })])
  })

  test("DANE-EE: another certificate gets nothing, and the sender is told why", async () => {
    const server = await foreign.start("127.0.1.1", another)
    const report = await sender.send("ee.ky.example")
    expect(brief(report)).toBe("deferred 4.7.5")
    expect(words(report)).toBe("mx-ee.ky.example has a certificate that its TLSA records do not name; DANE of mx-ee.ky.example asks for it")
    expect(report.tlsDetails).toMatchObject({ verified: "no", fingerprint: another.issued.certificate.fingerprint, fault: { type: "validation-failure" } })
    expect(server.received).toEqual([])
    expect(server.connections()).toBe(1)
  })

  test("DANE-EE: an expired certificate that matches is good (RFC 7672 §3.1.1)", async () => {
    await foreign.start("127.0.1.3", stale)
    expect(brief(await sender.send("cu.ky.example"))).toBe("relayed 2.0.0")
  })

  test("DANE-TA: below the anchor, for the right name", async () => {
    await foreign.start("127.0.1.4", named)
    const report = await sender.send("ta.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.tlsDetails?.verified).toBe("dane-ta")
  })

  test("DANE-TA: below the anchor, for another name", async () => {
    await foreign.start("127.0.1.4", misnamed)
    const report = await sender.send("ta.ky.example")
    expect(brief(report)).toBe("deferred 4.7.5")
    expect(report.tlsDetails?.fault?.type).toBe("certificate-host-mismatch")
  })

  test("STARTTLS taken out: nothing goes in clear", async () => {
    const server = await foreign.stripped("127.0.1.1", self)
    const report = await sender.send("ee.ky.example")
    expect(brief(report)).toBe("deferred 4.7.5")
    expect(words(report)).toMatch(/^mx-ee\.ky\.example does not offer TLS \(5.*\); DANE of /)
    expect(server.received).toEqual([])
    expect(sender.sessions.map(({ result }) => result)).toEqual(["starttls-not-supported"])
  })

  test("a host in a zone whose signatures are wrong is not used, a good one after it is", async () => {
    const server = await foreign.start("127.0.1.1", self)
    expect(brief(await sender.send("hong.ky.example"))).toBe("deferred 4.4.3")
    expect(brief(await sender.send("hong.example"))).toBe("deferred 4.4.3")
    expect(server.connections()).toBe(0)
    expect(brief(await sender.send("hongdu.ky.example"))).toBe("relayed 2.0.0")
  })

  test("TLSA records that cannot be had: deferred, not less (RFC 7672 §2.1.2)", async () => {
    const server = await foreign.start("127.0.1.1", self)
    const report = await sender.send("kin.ky.example")
    expect(brief(report)).toBe("deferred 4.4.3")
    expect(words(report)).toMatch(/^mx-kin\.ky\.example cannot be judged: the DNS answered SERVFAIL/)
    expect(server.connections()).toBe(0)
    expect(sender.sessions.map(({ result }) => result)).toEqual(["dnssec-invalid"])
    // the sender may do without
    expect(brief(await sender.send("kin.ky.example", { content: "TLS-Required: No\r\nSubject: x\r\n\r\n" }))).toBe("relayed 2.0.0")
  })

  test("TLSA records in a zone that nobody signed say nothing", async () => {
    await foreign.start("127.0.1.1", self)
    const report = await sender.send("ho.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.tlsDetails?.policy).toBe("opportunistic")
  })

  test("hosts that an unsigned domain names are not bound by their records", async () => {
    await foreign.start("127.0.1.1", another)
    expect(brief(await sender.send("thuong.example"))).toBe("relayed 2.0.0")
  })

  test("records that nobody can use: encrypted, whoever it is (RFC 7672 §2.2)", async () => {
    await foreign.start("127.0.1.1", another)
    const report = await sender.send("la.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.tlsDetails).toMatchObject({ policy: "encrypted", verified: "no" })
    await foreign.close()
    await foreign.stripped("127.0.1.1", another)
    expect(brief(await sender.send("la.ky.example"))).toBe("deferred 4.7.5")
  })

  test("an alias: records at its end, or where its own zone is all that is signed, at itself (RFC 7672 §2.2.2)", async () => {
    await foreign.start("127.0.1.1", self)
    expect((await sender.send("bidanh.ky.example")).tlsDetails?.verified).toBe("dane-ee")
    expect((await sender.send("bidanh2.ky.example")).tlsDetails?.verified).toBe("dane-ee")
    expect(foreign.serverNames).toEqual(["mx-ee.ky.example", "alias2.ky.example"])
  })

  test("a domain without MX is its own host", async () => {
    await foreign.start("127.0.1.1", self)
    expect((await sender.send("mot.ky.example")).tlsDetails?.verified).toBe("dane-ee")
  })

  test("a dead host first", async () => {
    await foreign.start("127.0.1.1", self)
    const report = await sender.send("chet.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.remoteMta).toBe("mx-ee.ky.example [127.0.1.1]")
  })

  test("a host that has only IPv6", async () => {
    await foreign.start("::1", self)
    const report = await sender.send("sau.ky.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.remoteMta).toBe("mx-sau.ky.example [::1]")
  })

  test("MTA-STS that is content does not make up for DANE that is not (RFC 8461 §2)", async () => {
    await foreign.start("127.0.1.6", both)
    const report = await sender.send("cahai.ky.example")
    expect(brief(report)).toBe("deferred 4.7.5")
    expect(words(report)).toContain("DANE of mx-cahai.ky.example asks for it")
    expect(policyServer.asked).toEqual([])
  })

  test("REQUIRETLS is content with DANE, and with nothing less", async () => {
    const server = await foreign.start("127.0.1.1", self, { hideREQUIRETLS: false })
    expect(brief(await sender.send("ee.ky.example", { requireTls: true }))).toBe("relayed 2.0.0")
    expect(server.received[0]?.mailArgs).toMatchObject({ REQUIRETLS: true })
    expect(brief(await sender.send("la.ky.example", { requireTls: true }))).toBe("failed 5.7.30")
    expect(server.received).toHaveLength(1)
  })

  test("TLS-Required: No goes past a record that does not match (RFC 8689 §4.2.2)", async () => {
    const server = await foreign.start("127.0.1.1", another)
    const report = await sender.send("ee.ky.example", { content: "Subject: a\r\nTLS-Required: No\r\n\r\nTLS\r\n" })
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.tlsDetails).toMatchObject({ policy: "opportunistic", reason: "the message says TLS-Required: No" })
    // in the body, or with other words, it says nothing
    expect(brief(await sender.send("ee.ky.example", { content: "Subject: a\r\n\r\nTLS-Required: No\r\n" }))).toBe("deferred 4.7.5")
    expect(brief(await sender.send("ee.ky.example", { content: "Subject: a\r\nTLS-Required: Not yet\r\n\r\n" }))).toBe("deferred 4.7.5")
    expect(server.received).toHaveLength(1)
  })
})
