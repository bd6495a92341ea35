import { createSecureContext } from "node:tls"
import { expect, test } from "vitest"
import type { MtaStsPolicies } from "../../src/delivery/mta-sts.ts"
import { createTlsPolicy, type TlsPolicy } from "../../src/delivery/tls-policy.ts"
import type { DnsAnswer, DnsResolver, RecordData } from "../../src/dns/resolver.ts"

/** Every combination of what the administrator, the domain and the sender may say, and what comes of it. */
type Tlsa = "none" | "usable" | "unusable" | "unknown" | "unsigned"
type Sts = "none" | "testing" | "enforce" | "otherHost"
type Sender = "plain" | "requireTls" | "notRequired"

const record = (usage: number) => ({ usage, selector: 1, matching: 1, association: Buffer.alloc(32, 1) })
const records = (usage: number, secure: boolean): DnsAnswer<RecordData["TLSA"]> => ({ kind: "records", records: [record(usage)], secure, canonicalName: "_25._tcp.mx.xa.example" })
const answers: Readonly<Record<Tlsa, DnsAnswer<RecordData["TLSA"]>>> = {
  none: { kind: "noName", secure: true }, usable: records(3, true), unusable: records(1, true), unknown: { kind: "failed", detail: "SERVFAIL" }, unsigned: records(3, false),
}
const stsOf = (sts: Sts): Pick<MtaStsPolicies, "of"> => ({
  of: async (domain) => (sts === "none" ? undefined : { domain, id: "1", mode: sts === "testing" ? "testing" : "enforce", mx: [sts === "otherHost" ? "mx2.xa.example" : "*.xa.example"], maxAgeSeconds: 60, fetchedAt: 0 }),
})
const rule = { require: "pinned" as const, names: ["xa.example"], context: createSecureContext() }

const decide = ({ partner = false, certain = true, tlsa, sts, sender }: { readonly partner?: boolean; readonly certain?: boolean; readonly tlsa: Tlsa; readonly sts: Sts; readonly sender: Sender }): Promise<TlsPolicy> => {
  const resolver: Pick<DnsResolver, "resolve"> = { resolve: async () => answers[tlsa] as never }
  const policyFor = createTlsPolicy({ resolver, mtaSts: stsOf(sts), partners: () => (partner ? rule : undefined), clock: { now: () => 0 } })
  return policyFor(
    { domain: "xa.example", domainNames: ["xa.example"], requireTls: sender === "requireTls", tlsNotRequired: async () => sender === "notRequired" },
    { name: "mx.xa.example", address: "192.0.2.1", tlsaBases: ["mx.xa.example"], certain },
    25,
  )
}
const short = (policy: TlsPolicy): string => `${policy.kind}${policy.kind === "verified" ? ` ${policy.check.kind}` : ""}${policy.kind === "opportunistic" && policy.watched ? " watched" : ""}`

test.each<[tlsa: Tlsa, sts: Sts, plain: string, requireTls: string, notRequired: string]>([
  ["none", "none", "opportunistic", "verified pkix", "opportunistic"],
  ["none", "testing", "opportunistic watched", "verified pkix", "opportunistic watched"],
  ["none", "enforce", "verified pkix", "verified pkix", "opportunistic"],
  ["none", "otherHost", "unusable", "unusable", "opportunistic"],
  ["unsigned", "none", "opportunistic", "verified pkix", "opportunistic"],
  ["unsigned", "enforce", "verified pkix", "verified pkix", "opportunistic"],
  ["usable", "none", "verified dane", "verified dane", "opportunistic"],
  ["usable", "testing", "verified dane", "verified dane", "opportunistic"],
  ["usable", "enforce", "verified dane", "verified dane", "opportunistic"],
  ["usable", "otherHost", "verified dane", "verified dane", "opportunistic"],
  ["unusable", "none", "encrypted", "verified pkix", "opportunistic"],
  ["unusable", "testing", "encrypted", "verified pkix", "opportunistic"],
  ["unusable", "enforce", "verified pkix", "verified pkix", "opportunistic"],
  ["unusable", "otherHost", "unusable", "unusable", "opportunistic"],
  ["unknown", "none", "unusable", "unusable", "opportunistic"],
  ["unknown", "enforce", "unusable", "unusable", "opportunistic"],
])("TLSA %s, MTA-STS %s", async (tlsa, sts, ...expected) => {
  const senders = ["plain", "requireTls", "notRequired"] as const
  expect((await Promise.all(senders.map((sender) => decide({ tlsa, sts, sender })))).map(short)).toEqual(expected)
  // an administrator's rule is the same whatever the others say
  for (const sender of senders) expect(await decide({ partner: true, tlsa, sts, sender })).toMatchObject({ kind: "verified", check: { kind: "pkix", names: ["xa.example"] }, reason: "this server's rule for xa.example says pinned" })
})

test.each<[sts: Sts, expected: string]>([
  ["none", "unusable"],
  ["testing", "verified pkix"],
  ["enforce", "verified pkix"],
  ["otherHost", "unusable"],
])("REQUIRETLS and a host that an MX record without DNSSEC names, MTA-STS %s (RFC 8689 §4.2.1)", async (sts, expected) => {
  // whoever forges the record names a host of his own, for which he has a certificate that everybody trusts
  expect(short(await decide({ certain: false, tlsa: "none", sts, sender: "requireTls" }))).toBe(expected)
})
