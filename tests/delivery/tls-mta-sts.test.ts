import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { AttemptReport } from "../../src/delivery/attempt-report.ts"
import { openPartners, type PartnerSetting } from "../../src/delivery/partners.ts"
import { attemptText } from "../../src/delivery/trace-text.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { brief, createSender, Foreigners, type PolicyServer, type Sender, type SenderOptions, startPolicyServer, words } from "../support/tls-world.ts"

/** An unsigned domain and what it says by MTA-STS (RFC 8461), what an administrator says of it, and what happens when nobody says anything. */
const root = tlsAuthority("Root")
const stranger = tlsAuthority("Stranger")
const good = tlsIdentity({ names: ["mx1.xa.example"], by: root })
const misnamed = tlsIdentity({ names: ["mx9.xa.example"], by: root })
const untrusted = tlsIdentity({ names: ["mx1.xa.example"], by: stranger })
const stale = tlsIdentity({ names: ["mx1.xa.example"], by: root, expired: true })
const policies = tlsIdentity({ names: ["mta-sts.xa.example"], by: root })
const forged = tlsIdentity({ names: ["mta-sts.khac.example"], by: root })
const host = "127.0.2.1"
const second = "127.0.2.2"

const zone = (txt = '_mta-sts TXT "v=STSv1; id=1"', policyAddress = "127.0.2.200"): string =>
  ["@ MX 10 mx1", "@ MX 20 mx2.khac.example.", `mx1 A ${host}`, `mta-sts A ${policyAddress}`, txt].join("\n")
const policy = (mode: string, maxAge = 86_400, mx = "*.xa.example"): string => `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: ${maxAge}\r\n`
const day = 86_400_000

describe.skipIf(dnsUnavailable() !== undefined)("a domain without DNSSEC", () => {
  let dns: DnsWorld
  let database: TestDatabase
  let policyServer: PolicyServer
  let foreign: Foreigners
  let port: number
  const senders: Sender[] = []
  beforeAll(async () => {
    port = await freeLoopbackPort()
    database = await createTestDatabase(2)
    dns = await startDns({ unsigned: { "xa.example": zone(), "khac.example": `mx2 A ${second}` } })
    policyServer = await startPolicyServer("127.0.2.200", policies)
    foreign = new Foreigners(port)
  })
  beforeEach(async () => {
    policyServer.policies.clear()
    await database.query({ text: "DELETE FROM mta_sts_policy" })
  })
  afterEach(async () => {
    await Promise.all([foreign.close(), ...senders.splice(0).map((sender) => sender.close())])
    await dns.setZone("xa.example", zone())
  })
  afterAll(async () => void (await Promise.all([dns.stop(), policyServer.close(), database.drop()])))

  const newSender = (more: Partial<SenderOptions> = {}): Sender => {
    const sender = createSender({ dns, database, port, policyPort: policyServer.port, authorities: [pemOf(root)], ...more })
    senders.push(sender)
    return sender
  }
  const publish = (text: string): void => void policyServer.policies.set("mta-sts.xa.example", { text })

  describe("MTA-STS enforce", () => {
    test("the right certificate", async () => {
      publish(policy("enforce"))
      const server = await foreign.start(host, good)
      const sender = newSender()
      const report = await sender.send("xa.example")
      expect(brief(report)).toBe("relayed 2.0.0")
      expect(server.received[0]?.secure).toBe(true)
      expect(report.tlsDetails).toMatchObject({ policy: "verified", reason: "MTA-STS of xa.example says enforce", verified: "pkix" })
      expect(sender.sessions).toEqual([{ domain: "xa.example", policyType: "sts", policyString: ["version: STSv1", "mode: enforce", "mx: *.xa.example", "max_age: 86400"], mxPatterns: ["*.xa.example"], mxHost: "mx1.xa.example", receivingIp: host, sendingIp: expect.stringMatching(/^127\./), result: "success", reason: "" }])
    })

    test.each([
      ["for another name", misnamed, "certificate-host-mismatch"],
      ["of a stranger's authority", untrusted, "certificate-not-trusted"],
      ["that has expired", stale, "certificate-expired"],
    ])("a certificate %s gets nothing", async (_name, identity, fault) => {
      publish(policy("enforce"))
      const server = await foreign.start(host, identity)
      const sender = newSender()
      const report = await sender.send("xa.example")
      expect(brief(report)).toBe("deferred 4.7.5")
      expect(words(report)).toMatch(/^mx1\.xa\.example has a certificate .*; MTA-STS of xa\.example says enforce$/)
      expect(server.received).toEqual([])
      expect(sender.sessions.map(({ mxHost, result }) => `${mxHost} ${result}`)).toEqual([`mx1.xa.example ${fault}`, "mx2.khac.example validation-failure"])
    })

    test("STARTTLS taken out", async () => {
      publish(policy("enforce"))
      const server = await foreign.stripped(host, good)
      expect(brief(await newSender().send("xa.example"))).toBe("deferred 4.7.5")
      expect(server.received).toEqual([])
    })

    test("a host that the policy does not name is not even asked, one after it that it names is", async () => {
      publish(policy("enforce", 86_400, "mx2.khac.example"))
      const passedOver = await foreign.start(host, good)
      await foreign.start(second, tlsIdentity({ names: ["mx2.khac.example"], by: root }))
      const report = await newSender().send("xa.example")
      expect(brief(report)).toBe("relayed 2.0.0")
      expect(report.remoteMta).toBe(`mx2.khac.example [${second}]`)
      expect(passedOver.connections()).toBe(0)
    })

    test("TLS-Required: No goes past it; REQUIRETLS does not", async () => {
      publish(policy("enforce"))
      await foreign.start(host, untrusted, { hideREQUIRETLS: false })
      const sender = newSender()
      expect(brief(await sender.send("xa.example", { content: "tls-required:\r\n no \r\nSubject: a\r\n\r\n" }))).toBe("relayed 2.0.0")
      const report = await sender.send("xa.example", { requireTls: true, content: "TLS-Required: No\r\n\r\n" })
      // the second host may be fit, if only it could be asked
      expect(brief(report)).toBe("deferred 4.7.5")
    })
  })

  /** As `trace` and `queue show` say it. */
  const traced = ({ remoteMta, tls, tlsDetails, outcomes: [outcome] }: AttemptReport): string =>
    attemptText({ number: 1, startedAt: 0, endedAt: 5, outcome: outcome?.kind ?? "", status: outcome?.status ?? "", diagnostic: outcome?.diagnostic ?? "", remoteMta, tls, tlsDetails, bounceClass: null })

  test("testing: delivered, counted, and told in the trace", async () => {
    publish(policy("testing", 86_400, "mx1.xa.example"))
    await foreign.start(host, misnamed)
    const sender = newSender()
    const report = await sender.send("xa.example")
    expect(brief(report)).toBe("relayed 2.0.0")
    expect(report.tlsDetails).toMatchObject({ policy: "opportunistic", reason: "MTA-STS of xa.example says testing", fault: null, testFault: { type: "certificate-host-mismatch" } })
    expect(traced(report)).toMatch(/^relayed 2\.0\.0 by mx1\.xa\.example \[.*\], TLSv1\.3 .*; MTA-STS of xa\.example says testing, with enforce it would not have gone: certificate-host-mismatch: has a certificate .*, 5 ms: /)
    await foreign.close()
    await foreign.stripped(host, good)
    const stripped = await sender.send("xa.example")
    expect(brief(stripped)).toBe("relayed 2.0.0")
    expect(traced(stripped)).toContain(", without TLS; MTA-STS of xa.example says testing, with enforce it would not have gone: starttls-not-supported: does not offer TLS, 5 ms")
    await foreign.close()
    await foreign.start(host, good)
    const fine = await sender.send("xa.example")
    expect(brief(fine)).toBe("relayed 2.0.0")
    expect(traced(fine)).not.toContain("testing")
    expect(fine.tlsDetails).not.toHaveProperty("testFault")
    expect(sender.sessions.map(({ policyType, result }) => `${policyType} ${result}`)).toEqual(["sts certificate-host-mismatch", "sts starttls-not-supported", "sts success"])
  })

  describe("a policy that was fetched", () => {
    const withPolicy = async (maxAge = 7 * 86_400): Promise<Sender> => {
      publish(policy("enforce", maxAge))
      await foreign.start(host, untrusted)
      const sender = newSender()
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      return sender
    }

    test("stays when its announcement is taken away, when its server is gone, and for other processes", async () => {
      const sender = await withPolicy()
      policyServer.policies.clear()
      await dns.setZone("xa.example", zone('_mta-sts TXT "v=STSv1; id=2"'))
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      expect(sender.faults).toEqual([{ domain: "xa.example", type: "sts-policy-fetch-error", detail: "the policy server answered with HTTP status 404" }])
      await dns.setZone("xa.example", zone("x A 127.0.0.1"))
      sender.pass(2 * day)
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      expect(brief(await newSender().send("xa.example"))).toBe("deferred 4.7.5")
    })

    test("ends with its max_age, and not before", async () => {
      const sender = await withPolicy(600)
      await dns.setZone("xa.example", zone("x A 127.0.0.1"))
      sender.pass(590_000)
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      sender.pass(20_000)
      expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
    })

    test("is asked for again when another id is announced, and only then", async () => {
      const sender = await withPolicy()
      const asked = policyServer.asked.length
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      expect(policyServer.asked.length).toBe(asked)
      publish(policy("none"))
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      await dns.setZone("xa.example", zone('_mta-sts TXT "v=STSv1; id=2"'))
      expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
      expect(policyServer.asked.length).toBe(asked + 1)
    })

    test("is refreshed before it ends, and what cannot be refreshed stays", async () => {
      const sender = await withPolicy(3 * 86_400)
      expect(await sender.mtaSts.refresh()).toBe(0)
      sender.pass(2 * day)
      expect(await sender.mtaSts.refresh()).toBe(1)
      sender.pass(2 * day)
      // four days after it was first fetched
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
      policyServer.policies.clear()
      expect(await sender.mtaSts.refresh()).toBe(0)
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
    })
  })

  describe("a policy that cannot be had is none", () => {
    test.each<[name: string, served: Parameters<PolicyServer["policies"]["set"]>[1], fault: string]>([
      ["a redirect", { text: policy("enforce"), status: 302, location: "https://mta-sts.xa.example/elsewhere" }, "sts-policy-fetch-error"],
      ["another media type", { text: policy("enforce"), type: "text/html" }, "sts-policy-fetch-error"],
      ["no end of it", { text: policy("enforce") + "x: y\n".repeat(20_000) }, "sts-policy-fetch-error"],
      ["nonsense", { text: "version: STSv1\nmode: enforce\n" }, "sts-policy-invalid"],
    ])("%s", async (_name, served, fault) => {
      policyServer.policies.set("mta-sts.xa.example", served)
      await foreign.start(host, untrusted)
      const sender = newSender()
      const before = policyServer.asked.length
      expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
      expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
      expect(sender.faults.map(({ type }) => type)).toEqual([fault])
      // asked once, and not again for a while
      expect(policyServer.asked.length).toBe(before + 1)
      sender.pass(6 * 60_000)
      await sender.send("xa.example")
      expect(policyServer.asked.length).toBe(before + 2)
    })

    test("a server whose certificate is for another name, or of a stranger's authority", async () => {
      await foreign.start(host, good)
      for (const [identity, authorities] of [[forged, [pemOf(root)]], [policies, [pemOf(stranger)]]] as const) {
        const server = await startPolicyServer("127.0.2.201", identity)
        server.policies.set("mta-sts.xa.example", { text: policy("enforce") })
        await dns.setZone("xa.example", zone(undefined, "127.0.2.201"))
        const sender = newSender({ policyPort: server.port, authorities })
        expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
        expect(sender.faults.map(({ type }) => type)).toEqual(["sts-webpki-invalid"])
        await server.close()
      }
    })
  })

  describe("an administrator's rule", () => {
    let dir: string
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), "congthu-partners-"))
      await Promise.all([writeFile(join(dir, "root.pem"), pemOf(root)), writeFile(join(dir, "stranger.pem"), pemOf(stranger)), writeFile(join(dir, "none.pem"), "nothing")])
    })
    afterAll(() => rm(dir, { recursive: true }))
    const partner = (more: Partial<PartnerSetting>): PartnerSetting => ({ domains: ["xa.example"], require: "pinned", caFile: join(dir, "root.pem"), names: [], minVersion: "TLSv1.2", ...more })
    const senderTo = async (...settings: readonly PartnerSetting[]): Promise<Sender> => {
      const partners = await openPartners(settings)
      if (!partners.ok) throw new Error(partners.failure)
      await dns.setZone("xa.example", zone("x A 127.0.0.1"))
      return newSender({ partners: partners.value })
    }

    test.each<[name: string, setting: Partial<PartnerSetting>, identity: typeof good, outcome: string]>([
      ["its authority and its domain", {}, good, "relayed 2.0.0"],
      ["its authority, a name below its domain that is not the host's", {}, misnamed, "relayed 2.0.0"],
      ["another authority", { caFile: "stranger" }, good, "deferred 4.7.5"],
      ["a stranger's certificate", {}, untrusted, "deferred 4.7.5"],
      ["an expired certificate", {}, stale, "deferred 4.7.5"],
      ["the name that is written down", { names: ["mx9.xa.example"] }, misnamed, "relayed 2.0.0"],
      ["a name that is not written down, be it the host's own", { names: ["mx9.xa.example"] }, good, "deferred 4.7.5"],
      ["verified, by an authority beside those of Node", { require: "verified" }, good, "relayed 2.0.0"],
      ["verified, by nobody", { require: "verified", caFile: "" }, good, "deferred 4.7.5"],
      ["all domains above", { domains: ["*.example"] }, good, "relayed 2.0.0"],
    ])("%s", async (_name, setting, identity, outcome) => {
      await foreign.start(host, identity)
      const sender = await senderTo(partner({ ...setting, ...(setting.caFile === "stranger" && { caFile: join(dir, "stranger.pem") }) }))
      const report = await sender.send("xa.example")
      expect(brief(report)).toBe(outcome)
      expect(report.tlsDetails).toMatchObject({ policy: "verified", reason: `this server's rule for xa.example says ${setting.require ?? "pinned"}` })
    })

    test("a host somewhere else, with a certificate of its own: the DNS does not say whom mail is for", async () => {
      await foreign.start(second, tlsIdentity({ names: ["mx2.khac.example"], by: root }))
      const sender = await senderTo(partner({}))
      await dns.setZone("xa.example", "@ MX 10 mx2.khac.example.")
      expect(brief(await sender.send("xa.example"))).toBe("deferred 4.7.5")
    })

    test("nothing that a sender says lowers it", async () => {
      const server = await foreign.stripped(host, good)
      const sender = await senderTo(partner({}))
      expect(brief(await sender.send("xa.example", { content: "TLS-Required: No\r\n\r\n" }))).toBe("deferred 4.7.5")
      expect(server.received).toEqual([])
    })

    test("a version below the least", async () => {
      await foreign.start(host, good, { maxVersion: "TLSv1.2" })
      expect(brief(await (await senderTo(partner({ minVersion: "TLSv1.3" }))).send("xa.example"))).toBe("deferred 4.7.5")
      expect(brief(await (await senderTo(partner({}))).send("xa.example"))).toBe("relayed 2.0.0")
    })

    test("the nearest rule counts, others' domains are free", async () => {
      const partners = await openPartners([partner({ domains: ["*.example"], names: ["a.example"] }), partner({ domains: ["*.xa.example", "xa.example"], names: ["b.example"] })])
      const names = (domain: string): unknown => partners.ok && partners.value(domain)?.names
      expect([names("xa.example"), names("XA.example"), names("p.q.xa.example"), names("khac.example"), names("example"), names("xa.test")]).toEqual([["b.example"], ["b.example"], ["b.example"], ["a.example"], undefined, undefined])
    })

    test("a file without authorities stops the start", async () => {
      expect(await openPartners([partner({ caFile: join(dir, "none.pem") })])).toEqual({ ok: false, failure: `delivery.partners: ${join(dir, "none.pem")} has no certificate in PEM in it` })
      expect(await openPartners([partner({ caFile: join(dir, "gone.pem") })])).toMatchObject({ ok: false })
    })
  })

  describe("when nobody asks for anything", () => {
    test("TLS when it can be had, clear text when it cannot, and both are told", async () => {
      await dns.setZone("xa.example", zone("x A 127.0.0.1"))
      const sender = newSender()
      await foreign.start(host, untrusted)
      expect((await sender.send("xa.example")).tlsDetails).toMatchObject({ policy: "opportunistic", reason: "nobody asks for TLS", verified: "no", fingerprint: untrusted.issued.certificate.fingerprint })
      await foreign.close()
      const server = await foreign.stripped(host, good)
      const report = await sender.send("xa.example")
      expect(brief(report)).toBe("relayed 2.0.0")
      expect(report.tlsDetails).toMatchObject({ policy: "opportunistic", version: null, verified: "no" })
      expect(server.received[0]?.secure).toBe(false)
      expect(sender.sessions.map(({ policyType, result }) => `${policyType} ${result}`)).toEqual(["no-policy-found success", "no-policy-found starttls-not-supported"])
    })

    test("the session that carries a report of ours is not counted (RFC 8460 §3)", async () => {
      await dns.setZone("xa.example", zone("x A 127.0.0.1"))
      const sender = newSender()
      await foreign.start(host, untrusted)
      expect(brief(await sender.send("xa.example", { source: "report" }))).toBe("relayed 2.0.0")
      expect(sender.sessions).toEqual([])
      expect(brief(await sender.send("xa.example"))).toBe("relayed 2.0.0")
      expect(sender.sessions.length).toBe(1)
    })

    test("REQUIRETLS without a certificate that can be verified comes back (RFC 8689 §4.2.1)", async () => {
      await dns.setZone("xa.example", zone().replace(/^.*mx2.*\n/m, ""))
      publish(policy("testing"))
      await foreign.start(host, untrusted, { hideREQUIRETLS: false })
      const report = await newSender().send("xa.example", { requireTls: true })
      expect(brief(report)).toBe("failed 5.7.30")
      expect(words(report)).toMatch(/^mx1\.xa\.example has a certificate that no authority trusted here vouches for \(.*\); the message asks for REQUIRETLS$/)
      await foreign.close()
      await foreign.start(host, good, { hideREQUIRETLS: false })
      expect(brief(await newSender().send("xa.example", { requireTls: true }))).toBe("relayed 2.0.0")
    })

    test("REQUIRETLS and an MX record that anybody may have forged: nobody is asked, and the message comes back (RFC 8689 §4.2.1)", async () => {
      await dns.setZone("xa.example", `@ MX 10 mx1\nmx1 A ${host}`)
      const server = await foreign.start(host, good, { hideREQUIRETLS: false })
      const report = await newSender().send("xa.example", { requireTls: true })
      expect(brief(report)).toBe("failed 5.7.30")
      expect(words(report)).toBe("mx1.xa.example may not be the domain's server: neither DNSSEC nor MTA-STS vouches for its name; the message asks for REQUIRETLS")
      expect(server.connections()).toBe(0)
    })

    test("a smarthost is bound by its own policy, not by that of the recipient's domain (RFC 8461 §3.4)", async () => {
      publish(policy("enforce", 86_400, "mx9.xa.example"))
      await foreign.start(host, good)
      const toHost = newSender({ more: { smarthost: `mx1.xa.example:${port}` } })
      expect(brief(await toHost.send("xa.example"))).toBe("relayed 2.0.0")
      expect(brief(await newSender({ more: { smarthost: `${host}:${port}` } }).send("xa.example"))).toBe("relayed 2.0.0")
      const server = await startPolicyServer("127.0.2.202", tlsIdentity({ names: ["mta-sts.mx1.xa.example"], by: root }))
      server.policies.set("mta-sts.mx1.xa.example", { text: policy("enforce", 86_400, "mx9.xa.example") })
      await dns.setZone("xa.example", `${zone()}\n_mta-sts.mx1 TXT "v=STSv1; id=1"\nmta-sts.mx1 A 127.0.2.202`)
      const report = await newSender({ policyPort: server.port, more: { smarthost: `mx1.xa.example:${port}` } }).send("khac.example")
      expect(words(report)).toBe("mx1.xa.example is not among the hosts that the policy names; MTA-STS of mx1.xa.example says enforce")
      await server.close()
    })
  })
})
