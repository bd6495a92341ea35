import { createSocket, type Socket } from "node:dgram"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { createStubResolver } from "../../src/dns/stub-resolver.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"

const tlsa = "ab".repeat(32)
/** Does not fit into a datagram of 1,232 octets. */
const longText = Array.from({ length: 8 }, (_, index) => `big TXT "${String(index).repeat(240)}"`).join("\n")

describe.skipIf(dnsUnavailable() !== undefined)("a real DNS", () => {
  let dns: DnsWorld
  beforeAll(async () => {
    dns = await startDns({
      signed: { "ky.example": `@ MX 10 mx1\n@ MX 20 MX2.Ngoai.Test.\nmx1 A 192.0.2.1\nmx1 AAAA 2001:db8::1\n_25._tcp.mx1 TLSA 3 1 1 ${tlsa}\nalias CNAME mx1\n@ TXT "v=spf1 " "-all"\n_imaps._tcp SRV 0 1 993 imap\n${longText}` },
      unsigned: { "ngoai.test": "mx2 A 192.0.2.2\n@ MX 0 ." },
      bogus: { "hong.example": "@ MX 10 mx\nmx A 192.0.2.3" },
    })
  })
  afterAll(() => dns.stop())

  test("records of each type, and whether DNSSEC vouches for them", async () => {
    const resolver = dns.resolver()
    const records = async (...asked: Parameters<typeof resolver.resolve>): Promise<unknown> => {
      const answer = await resolver.resolve(...asked)
      return answer.kind === "records" ? { records: [...answer.records], secure: answer.secure } : answer
    }
    expect(await records("mx1.ky.example", "A")).toEqual({ records: ["192.0.2.1"], secure: true })
    expect(await records("MX1.KY.example.", "AAAA")).toEqual({ records: ["2001:db8::1"], secure: true })
    expect(await records("ky.example", "TXT")).toEqual({ records: ["v=spf1 -all"], secure: true })
    expect(await records("_imaps._tcp.ky.example", "SRV")).toEqual({ records: [{ priority: 0, weight: 1, port: 993, target: "imap.ky.example" }], secure: true })
    expect(await records("_25._tcp.mx1.ky.example", "TLSA")).toEqual({ records: [{ usage: 3, selector: 1, matching: 1, association: Buffer.from(tlsa, "hex") }], secure: true })
    expect(await records("mx2.ngoai.test", "A")).toEqual({ records: ["192.0.2.2"], secure: false })
    expect(await records("ngoai.test", "MX")).toEqual({ records: [{ exchange: "", preference: 0 }], secure: false })
    const mx = await resolver.resolve("ky.example", "MX")
    expect(mx.kind === "records" && [...mx.records].sort((a, b) => a.preference - b.preference)).toEqual([{ exchange: "mx1.ky.example", preference: 10 }, { exchange: "mx2.ngoai.test", preference: 20 }])
  })

  test("an alias is followed, and its end is named", async () => {
    expect(await dns.resolver().resolve("alias.ky.example", "A")).toEqual({ kind: "records", records: ["192.0.2.1"], secure: true, canonicalName: "mx1.ky.example" })
    expect(await dns.resolver().resolve("alias.ky.example", "CNAME")).toEqual({ kind: "records", records: ["mx1.ky.example"], secure: true, canonicalName: "alias.ky.example" })
  })

  test("what there is not is told apart, and proven where it is signed", async () => {
    const resolver = dns.resolver()
    expect(await resolver.resolve("mx1.ky.example", "MX")).toEqual({ kind: "noData", secure: true })
    expect(await resolver.resolve("nirgends.ky.example", "A")).toEqual({ kind: "noName", secure: true })
    expect(await resolver.resolve("nirgends.ngoai.test", "A")).toEqual({ kind: "noName", secure: false })
  })

  test("wrong signatures are a failure, never an answer", async () => {
    expect(await dns.resolver().resolve("hong.example", "MX")).toEqual({ kind: "failed", detail: "the DNS answered SERVFAIL for hong.example MX" })
  })

  test("what does not fit into a datagram comes by TCP", async () => {
    const answer = await dns.resolver().resolve("big.ky.example", "TXT")
    expect(answer.kind === "records" && answer.records.length).toBe(8)
  })

  test("the AD bit of a resolver that is not trusted counts for nothing", async () => {
    const resolver = createStubResolver({ servers: [{ address: "127.0.0.1", port: dns.port }], trustAuthenticData: false, clock: systemClock })
    expect(await resolver.resolve("mx1.ky.example", "A")).toMatchObject({ kind: "records", secure: false })
  })

  test("a server that cannot be reached is passed over", async () => {
    const resolver = createStubResolver({ servers: [{ address: "127.0.0.1", port: 9 }, { address: "127.0.0.1", port: dns.port }], trustAuthenticData: true, clock: systemClock, timeoutMs: 500 })
    expect(await resolver.resolve("mx1.ky.example", "A")).toMatchObject({ kind: "records" })
  })

  test("a zone that changes is seen", async () => {
    const resolver = dns.resolver()
    await dns.setZone("ngoai.test", "@ A 192.0.2.9")
    expect(await resolver.resolve("ngoai.test", "A")).toMatchObject({ records: ["192.0.2.9"] })
    await dns.setZone("ngoai.test", "@ A 192.0.2.10")
    expect(await resolver.resolve("ngoai.test", "A")).toMatchObject({ records: ["192.0.2.10"] })
  })
})

describe("whoever answers", () => {
  /** A resolver that answers each datagram with what `reply` makes of it. */
  const answering = async (reply: (asked: Buffer) => readonly Buffer[]): Promise<{ readonly port: number; readonly socket: Socket }> => {
    const socket = createSocket("udp4")
    socket.on("message", (asked, from) => reply(asked).forEach((bytes) => socket.send(bytes, from.port, from.address)))
    await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve))
    return { port: socket.address().port, socket }
  }
  /** The question as a response with one A record. */
  const response = (asked: Buffer, address: readonly number[]): Buffer => {
    const end = asked.indexOf(0, 12) + 5
    const header = Buffer.from(asked.subarray(0, 12))
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(1, 6)
    header.writeUInt16BE(0, 10)
    return Buffer.concat([header, asked.subarray(12, end), Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address])])
  }
  const resolve = async (reply: (asked: Buffer) => readonly Buffer[], name = "a.test") => {
    const { port, socket } = await answering(reply)
    try {
      return await createStubResolver({ servers: [{ address: "127.0.0.1", port }], trustAuthenticData: true, clock: systemClock, timeoutMs: 300, rounds: 1 }).resolve(name, "A")
    } finally {
      socket.close()
    }
  }

  test("with another id or to another question is not listened to; the true answer is", async () => {
    const forged = (asked: Buffer): Buffer => {
      const wrong = response(asked, [10, 6, 6, 6])
      wrong.writeUInt16BE((asked.readUInt16BE(0) + 1) & 0xffff, 0)
      return wrong
    }
    const otherName = (asked: Buffer): Buffer => {
      const wrong = response(asked, [10, 6, 6, 6])
      wrong[13] = "b".charCodeAt(0)
      return wrong
    }
    expect(await resolve((asked) => [forged(asked), otherName(asked), Buffer.from("garbage"), Buffer.alloc(0), response(asked, [192, 0, 2, 1])])).toMatchObject({ kind: "records", records: ["192.0.2.1"] })
  })

  test("is passed over when the system does not even let us ask, and the process lives on", async () => {
    const { port, socket } = await answering((asked) => [response(asked, [192, 0, 2, 1])])
    try {
      // a socket may not be connected to the broadcast address; a network that is down fails at the same place
      const resolver = createStubResolver({ servers: [{ address: "255.255.255.255", port: 53 }, { address: "127.0.0.1", port }], trustAuthenticData: true, clock: systemClock, rounds: 1 })
      expect(await resolver.resolve("a.test", "A")).toMatchObject({ records: ["192.0.2.1"] })
    } finally {
      socket.close()
    }
  })

  test("cannot put into a name what a terminal, a database or a header would take for more than a name", async () => {
    const label = (bytes: string): Buffer => Buffer.concat([Buffer.of(Buffer.byteLength(bytes)), Buffer.from(bytes)])
    const mx = (asked: Buffer): Buffer => {
      const [header, data] = [response(asked, []).subarray(0, asked.indexOf(0, 12) + 5), Buffer.concat([Buffer.of(0, 10), label("A\0\x1b[2J\r\nx: y"), label("đ\\"), label("test"), Buffer.of(0)])]
      return Buffer.concat([header, Buffer.of(0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, data.length), data])
    }
    const { port, socket } = await answering((asked) => [mx(asked)])
    try {
      const answer = await createStubResolver({ servers: [{ address: "127.0.0.1", port }], trustAuthenticData: true, clock: systemClock, rounds: 1 }).resolve("a.test", "MX")
      expect(answer).toMatchObject({ records: [{ exchange: "a\\000\\027[2j\\013\\010x:\\032y.\\196\\145\\092.test", preference: 10 }] })
    } finally {
      socket.close()
    }
  })

  test("with garbage alone is nobody", async () => {
    expect(await resolve(() => [Buffer.alloc(600, 0xc0)])).toEqual({ kind: "failed", detail: "the DNS did not answer for a.test A" })
  })

  test("names that cannot exist are not asked for", async () => {
    for (const name of ["", "a..test", `${"x".repeat(64)}.test`, `${"x.".repeat(130)}test`]) {
      expect(await resolve(() => expect.fail("asked"), name)).toEqual({ kind: "noName", secure: false })
    }
  })

  test("equal questions at one time are one question", async () => {
    let asked = 0
    const { port, socket } = await answering((bytes) => {
      asked++
      return [response(bytes, [192, 0, 2, 1])]
    })
    const resolver = createStubResolver({ servers: [{ address: "127.0.0.1", port }], trustAuthenticData: true, clock: systemClock })
    await Promise.all(Array.from({ length: 50 }, () => resolver.resolve("A.test", "A")))
    socket.close()
    expect(asked).toBe(1)
  })

  test("is believed for as long as it says, and not asked again meanwhile", async () => {
    let asked = 0
    let now = 1_000_000
    const { port, socket } = await answering((bytes) => [response(bytes, [192, 0, 2, ++asked])])
    const resolver = createStubResolver({ servers: [{ address: "127.0.0.1", port }], trustAuthenticData: true, clock: { now: () => now } })
    const addresses: unknown[] = []
    for (const passed of [0, 59_000, 1_000, 0]) {
      now += passed
      const answer = await resolver.resolve("a.test", "A")
      addresses.push(answer.kind === "records" ? answer.records[0] : answer)
    }
    socket.close()
    expect(addresses).toEqual(["192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"])
  })
})
