import { describe, expect, test } from "vitest"
import { routeTo, routeToHost, type RoutingParts } from "../../src/delivery/mx-lookup.ts"
import { fakeDns } from "../support/foreign-mail.ts"

const parts = (zone: Parameters<typeof fakeDns>[0], more: Partial<RoutingParts> = {}): RoutingParts => ({
  resolver: fakeDns(zone),
  hostname: "mail.tinh.example",
  isOwnAddress: (address) => address === "192.0.2.200",
  random: () => 0,
  ...more,
})

const names = async (domain: string, routing: RoutingParts): Promise<string[]> => {
  const route = await routeTo(domain, routing)
  return route.kind === "hosts" ? route.hosts.map(({ name, address }) => `${name} ${address}`) : [`${route.kind} ${route.status}`]
}

describe("routing", () => {
  test.each<{ readonly name: string; readonly zone: Parameters<typeof fakeDns>[0]; readonly domain: string; readonly hosts: readonly string[] }>([
    {
      name: "hosts in the order of preference",
      zone: { mx: { "xa.example": [["b.xa.example", 20], ["a.xa.example", 10]] }, a: { "a.xa.example": ["192.0.2.1"], "b.xa.example": ["192.0.2.2"] } },
      domain: "xa.example",
      hosts: ["a.xa.example 192.0.2.1", "b.xa.example 192.0.2.2"],
    },
    {
      name: "IPv6 and IPv4 in turn",
      zone: { mx: { "xa.example": [["a.xa.example", 10]] }, a: { "a.xa.example": ["192.0.2.1", "192.0.2.3"] }, aaaa: { "a.xa.example": ["2001:db8::1"] } },
      domain: "xa.example",
      hosts: ["a.xa.example 2001:db8::1", "a.xa.example 192.0.2.1", "a.xa.example 192.0.2.3"],
    },
    { name: "without MX the domain itself (RFC 5321 §5.1)", zone: { a: { "xa.example": ["192.0.2.1"] } }, domain: "xa.example", hosts: ["xa.example 192.0.2.1"] },
    { name: "null MX (RFC 7505)", zone: { mx: { "xa.example": [["", 0]] }, a: { "xa.example": ["192.0.2.1"] } }, domain: "xa.example", hosts: ["failed 5.1.10"] },
    { name: "a name that does not exist", zone: {}, domain: "xa.example", hosts: ["failed 5.4.4"] },
    { name: "MX hosts that do not exist", zone: { mx: { "xa.example": [["a.xa.example", 10]] } }, domain: "xa.example", hosts: ["failed 5.4.4"] },
    { name: "a DNS that does not answer", zone: { broken: ["xa.example"] }, domain: "xa.example", hosts: ["deferred 4.4.3"] },
    { name: "a DNS that does not answer for the host", zone: { mx: { "xa.example": [["a.xa.example", 10]] }, broken: ["a.xa.example"] }, domain: "xa.example", hosts: ["deferred 4.4.3"] },
    {
      name: "only hosts better than ourselves",
      zone: { mx: { "xa.example": [["a.xa.example", 10], ["mail.tinh.example", 20], ["c.xa.example", 20], ["d.xa.example", 30]] }, a: { "a.xa.example": ["192.0.2.1"], "mail.tinh.example": ["192.0.2.9"], "c.xa.example": ["192.0.2.3"], "d.xa.example": ["192.0.2.4"] } },
      domain: "xa.example",
      hosts: ["a.xa.example 192.0.2.1"],
    },
    { name: "ourselves by address alone", zone: { mx: { "xa.example": [["thu.xa.example", 10]] }, a: { "thu.xa.example": ["192.0.2.200"] } }, domain: "xa.example", hosts: ["failed 5.4.6"] },
    { name: "an address literal", zone: {}, domain: "[192.0.2.7]", hosts: ["192.0.2.7 192.0.2.7"] },
    { name: "an IPv6 literal", zone: {}, domain: "[IPv6:2001:db8::7]", hosts: ["2001:db8::7 2001:db8::7"] },
    { name: "our own literal", zone: {}, domain: "[192.0.2.200]", hosts: ["failed 5.4.6"] },
  ])("$name", async ({ zone, domain, hosts }) => expect(await names(domain, parts(zone))).toEqual(hosts))

  test("hosts of equal preference are shuffled", async () => {
    const zone = { mx: { "xa.example": [["a.xa.example", 10], ["b.xa.example", 10]] as const }, a: { "a.xa.example": ["192.0.2.1"], "b.xa.example": ["192.0.2.2"] } }
    const dice = [0.9, 0.1]
    expect(await names("xa.example", parts(zone, { random: () => dice.shift() ?? 0 }))).toEqual(["b.xa.example 192.0.2.2", "a.xa.example 192.0.2.1"])
  })

  test("a smarthost's own MX records do not matter", async () => {
    const zone = { mx: { "ra.example": [["khac.example", 10]] as const }, a: { "ra.example": ["192.0.2.1"], "khac.example": ["192.0.2.2"] } }
    expect(await routeToHost("ra.example", parts(zone))).toEqual({ kind: "hosts", hosts: [{ name: "ra.example", address: "192.0.2.1", tlsaBases: [], certain: true }], domainNames: ["ra.example"] })
    expect(await routeToHost("127.0.0.1", parts(zone))).toEqual({ kind: "hosts", hosts: [{ name: "127.0.0.1", address: "127.0.0.1", tlsaBases: [], certain: true }], domainNames: ["127.0.0.1"] })
  })

  test("only a name that nobody can have forged is certain", async () => {
    const certain = async (resolver: RoutingParts["resolver"]): Promise<readonly boolean[]> => {
      const route = await routeTo("xa.example", parts({}, { resolver }))
      return route.kind === "hosts" ? route.hosts.map((host) => host.certain) : []
    }
    const unsigned = fakeDns({ mx: { "xa.example": [["a.xa.example", 10], ["xa.example", 20]] }, a: { "a.xa.example": ["192.0.2.1"], "xa.example": ["192.0.2.2"] } })
    expect(await certain(unsigned)).toEqual([false, true])
    const signed: typeof unsigned = { resolve: async (name, type) => ({ ...(await unsigned.resolve(name, type)), secure: type === "MX" }) }
    expect(await certain(signed)).toEqual([true, true])
    expect(await certain(fakeDns({ a: { "xa.example": ["192.0.2.2"] } }))).toEqual([true])
  })
})
