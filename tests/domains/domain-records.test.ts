import { expect, test } from "vitest"
import { type DomainFacts, domainRecords } from "../../src/domains/domain-records.ts"
import type { DomainRecord } from "../../src/domains/domain-record.ts"
import { mtaStsId, mtaStsPolicy, policyDomain } from "../../src/domains/mta-sts-policy.ts"
import { textFits, textStart } from "../../src/domains/text-fits.ts"
import { zoneText } from "../../src/domains/zone-text.ts"

const key = { domain: "tinh.example", selector: "s", algorithm: "rsa-sha256" as const, publicKey: Buffer.alloc(294, 1) }
const facts: DomainFacts = {
  domain: "tinh.example", hostname: "mail.tinh.example", srsDomain: "mail.tinh.example", outboundAddresses: [], reportsTo: "postmaster@tinh.example", strict: false,
  dkimKeys: [{ ...key, state: "active" }, { ...key, selector: "old", state: "retired" }],
  mtaSts: { mode: "testing", maxAgeSeconds: 604_800 }, publicKeyHash: Buffer.alloc(32, 2),
  clients: { host: "mail.tinh.example", ports: { submissions: 465, submission: 587, imaps: 993, imap: 143, autodiscover: 443 } },
}
const lines = (more: Partial<DomainFacts> = {}): readonly string[] => zoneText(domainRecords({ ...facts, ...more })).split("\n").filter((line) => line !== "" && !line.startsWith("; "))

test("all that a domain needs, each with a word in Vietnamese and in English", () => {
  const id = mtaStsId({ ...facts.mtaSts, hosts: ["mail.tinh.example"] })
  const p = Buffer.alloc(294, 1).toString("base64")
  expect(lines()).toEqual([
    "tinh.example. 3600 IN MX 10 mail.tinh.example.",
    'tinh.example. 3600 IN TXT "v=spf1 mx -all"',
    'mail.tinh.example. 3600 IN TXT "v=spf1 a -all"',
    `s._domainkey.tinh.example. 3600 IN TXT "v=DKIM1; k=rsa; p=${p.slice(0, 232)}" "${p.slice(232)}"`,
    '_dmarc.tinh.example. 3600 IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@tinh.example"',
    `_mta-sts.tinh.example. 3600 IN TXT "v=STSv1; id=${id};"`,
    "mta-sts.tinh.example. 3600 IN CNAME mail.tinh.example.",
    '_smtp._tls.tinh.example. 3600 IN TXT "v=TLSRPTv1; rua=mailto:postmaster@tinh.example"',
    `_25._tcp.mail.tinh.example. 3600 IN TLSA 3 1 1 ${"02".repeat(32)}`,
    "_submissions._tcp.tinh.example. 3600 IN SRV 0 1 465 mail.tinh.example.",
    "_submission._tcp.tinh.example. 3600 IN SRV 0 1 587 mail.tinh.example.",
    "_imaps._tcp.tinh.example. 3600 IN SRV 0 1 993 mail.tinh.example.",
    "_imap._tcp.tinh.example. 3600 IN SRV 0 1 143 mail.tinh.example.",
    "_autodiscover._tcp.tinh.example. 3600 IN SRV 0 1 443 mail.tinh.example.",
    "autoconfig.tinh.example. 3600 IN CNAME mail.tinh.example.",
    "autodiscover.tinh.example. 3600 IN CNAME mail.tinh.example.",
  ])
  const text = zoneText(domainRecords(facts)).split("\n")
  for (const [at, line] of text.entries()) if (line.startsWith("tinh.example.")) expect(text[at - 1]).toMatch(/^; .+ \/ .+/)
})

test("addresses that send, a return domain of its own, strictness, and reports told elsewhere", () => {
  const all = lines({ outboundAddresses: ["192.0.2.7", "2001:db8::7"], srsDomain: "tra.example", strict: true, reportsTo: "bao-cao@khac.example" })
  for (const line of [
    'tinh.example. 3600 IN TXT "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"',
    "tra.example. 3600 IN MX 10 mail.tinh.example.",
    'tra.example. 3600 IN TXT "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 -all"',
    '_dmarc.tinh.example. 3600 IN TXT "v=DMARC1; p=reject; rua=mailto:bao-cao@khac.example"',
    'tinh.example._report._dmarc.khac.example. 3600 IN TXT "v=DMARC1"',
  ]) expect(all).toContain(line)
})

const record = (one: Record<string, unknown>): DomainRecord => ({ name: "x", ...one }) as DomainRecord
test.each([
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 mx -all", fits: true },
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 include:khac.example +MX ~all", fits: true },
  { kind: "spf", ours: { mechanisms: ["ip4:192.0.2.7"] }, text: "v=spf1 mx -all", fits: false },
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 mx +all", fits: false },
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 mx ?all", fits: false },
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 -mx -all", fits: false },
  { kind: "spf", ours: { mechanisms: ["mx"] }, text: "v=spf1 mx", fits: false },
  { kind: "dmarc", ours: { policy: "none" }, text: "v=DMARC1; p=quarantine", fits: true },
  { kind: "dmarc", ours: { policy: "reject" }, text: "v=DMARC1; p=quarantine", fits: false },
  { kind: "dmarc", ours: { policy: "none" }, text: "v=DMARC1; rua=mailto:a@b.example", fits: false },
  { kind: "mtaSts", ours: { id: "1" }, text: "v=STSv1; id=1;", fits: true },
  { kind: "mtaSts", ours: { id: "1" }, text: "v=STSv1; id=2;", fits: false },
  { kind: "tlsRpt", ours: {}, text: "v=TLSRPTv1; rua=mailto:a@b.example", fits: true },
  { kind: "tlsRpt", ours: {}, text: "v=TLSRPTv1; rua=", fits: false },
  { kind: "dkim", ours: { key }, text: `v=DKIM1; k=rsa; p=${key.publicKey.toString("base64")}`, fits: true },
  { kind: "dkim", ours: { key }, text: `k=rsa; h=sha1:sha256; s=email; p= ${key.publicKey.toString("base64").replace(/.{60}/g, "$& ")}`, fits: true },
  { kind: "dkim", ours: { key }, text: "v=DKIM1; k=rsa; p=", fits: false },
  { kind: "dkim", ours: { key }, text: `v=DKIM1; k=ed25519; p=${key.publicKey.toString("base64")}`, fits: false },
  { kind: "dkim", ours: { key }, text: `v=DKIM1; t=y; p=${key.publicKey.toString("base64")}`, fits: false },
  { kind: "dkim", ours: { key }, text: `v=DKIM1; h=sha1; p=${key.publicKey.toString("base64")}`, fits: false },
  { kind: "dkim", ours: { key }, text: "nothing of the kind", fits: false },
])("$kind: $text is fine: $fits", ({ kind, ours, text, fits }) => {
  expect(textStart(record({ kind })).test(text)).toBe(true)
  expect(textFits(record({ kind, ...ours }), text)).toBe(fits)
})

test("a policy's id changes exactly when it does, and is of the form that RFC 8461 asks for", () => {
  const policy = { mode: "enforce", maxAgeSeconds: 86_400, hosts: ["mail.tinh.example"] } as const
  expect(mtaStsPolicy(policy)).toBe("version: STSv1\r\nmode: enforce\r\nmx: mail.tinh.example\r\nmax_age: 86400\r\n")
  expect(mtaStsId(policy)).toMatch(/^[A-Za-z0-9]{1,32}$/)
  expect(mtaStsId({ ...policy })).toBe(mtaStsId(policy))
  expect(new Set([policy, { ...policy, mode: "testing" as const }, { ...policy, hosts: ["b.tinh.example"] }, { ...policy, maxAgeSeconds: 1 }].map(mtaStsId)).size).toBe(4)
  expect(mtaStsPolicy({ ...policy, maxAgeSeconds: 1e12 })).toContain("max_age: 31557600\r\n")
})

test.each([["mta-sts.tinh.example", "tinh.example"], ["MTA-STS.tinh.example:8443", "tinh.example"], ["tinh.example", undefined], ["mta-sts.", undefined], ["mta-sts.a/b", undefined]])("host %s → %s", (host, domain) => {
  expect(policyDomain(host)).toBe(domain)
})
