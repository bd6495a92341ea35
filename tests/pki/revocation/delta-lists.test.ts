import { randomBytes } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { Certificate } from "../../../src/pki/certificate.ts"
import { context, contextPrimitive, octetString, positiveInteger, sequence } from "../../../src/pki/der.ts"
import { newKeyPair } from "../../../src/pki/development-smime-ca.ts"
import type { RevocationConfig } from "../../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../../src/pki/revocation/revocation-store.ts"
import type { StapledRevocation } from "../../../src/pki/signature-facts.ts"
import { writeCertificate } from "../../../src/pki/write-certificate.ts"
import { crlDistributionPoints, directoryName, extension, uriName } from "../../../src/pki/write-extensions.ts"
import { certificateOf, createStoredWorld, hours, minutes, type SmimeWorld } from "../../support/smime-world.ts"
import { crlReason, type TestCrl, testCrl } from "../../support/test-crl.ts"

let world: SmimeWorld
let store: RevocationStore
let close: () => Promise<void>
beforeAll(async () => {
  ;({ world, store, close } = await createStoredWorld())
})
afterAll(() => close())
beforeEach(() => {
  // far beyond every limit: what earlier tests asked counts no more
  world.clock.time += hours(100)
})

const serial = "0a1b2c"
const url = { complete: "http://crl.ca.example/complete.crl", delta: "http://crl.ca.example/delta.crl", other: "http://crl.ca.example/other.crl" }
const points = (...urls: readonly string[]): Buffer => sequence(...urls.map((one) => sequence(context(0, context(0, uriName(one))))))
const freshest = (...urls: readonly string[]): Buffer => extension("2.5.29.46", false, points(...urls))
const number = (value: number): Buffer => extension("2.5.29.20", false, positiveInteger(Buffer.from([value])))
const base = (value: number): Buffer => extension("2.5.29.27", true, positiveInteger(Buffer.from([value])))
const usersOnly = extension("2.5.29.28", true, sequence(contextPrimitive(1, Buffer.from([0xff]))))
const named = (reason: number) => ({ entries: [{ serialNumber: serial, extensions: [crlReason(reason)] }] })

const list = (crl: Partial<TestCrl>): Buffer => testCrl({ issuer: world.ca.intermediate, thisUpdate: world.clock.time, ...crl })
const complete = (crl: Partial<TestCrl> = {}): Buffer => list({ extensions: [number(7), freshest(url.delta)], ...crl })
const delta = (crl: Partial<TestCrl> = {}): Buffer => list({ extensions: [number(9), base(7)], ...crl })

function holder(extensions: readonly Buffer[] = []): Certificate {
  const { certificate, privateKey } = world.ca.intermediate
  return certificateOf(writeCertificate({
    subject: sequence(), issuer: certificate.subject.der, publicKey: newKeyPair("P-256").publicKey, serialNumber: serial, signer: { privateKey }, notBefore: world.clock.time - hours(1),
    notAfter: world.clock.time + hours(1_000), extensions: [extensions.length > 0 ? extensions : [crlDistributionPoints([url.complete])]].flat(),
  }))
}

interface Asked {
  readonly served: Readonly<Record<string, Buffer>>
  readonly certificate?: Certificate
  readonly stapled?: readonly Buffer[]
  readonly config?: Partial<RevocationConfig>
}

/** `status source reason` of the certificate, by a process that has asked nobody before. */
async function ask({ served, certificate = holder(), stapled = [], config = {} }: Asked): Promise<string> {
  const fetch = {
    fetch: async (request: { readonly url: string }) => {
      const value = served[request.url]
      return value ? { ok: true as const, value } : { ok: false as const, failure: "cannot be reached" }
    },
    close: () => undefined,
  }
  const checker = world.checker(store, { prefer: "crl", lists: [], ...config }, fetch)
  const came = stapled.map((der): StapledRevocation => ({ kind: "crl", der: der.toString("base64") }))
  const { evidence } = await checker.check({ chain: [certificate, world.ca.intermediate.certificate], at: world.clock.time, stapled: came })
  await checker.close()
  const [own] = evidence
  if (own?.evidence) expect((await store.read(own.evidence))?.length).toBeGreaterThan(100)
  return own ? `${own.status} ${own.source} ${own.status === "revoked" ? own.reason : ""}`.trim() : ""
}

const table: readonly (readonly [string, () => Readonly<Record<string, Buffer>>, string])[] = [
  ["a delta that does not name it", () => ({ [url.complete]: complete(), [url.delta]: delta() }), "good crl"],
  ["a delta that names it", () => ({ [url.complete]: complete(), [url.delta]: delta(named(1)) }), "revoked crl keyCompromise"],
  ["off hold since", () => ({ [url.complete]: complete(named(6)), [url.delta]: delta(named(8)) }), "good crl"],
  ["on hold, and the delta does not name it", () => ({ [url.complete]: complete(named(6)), [url.delta]: delta() }), "revoked crl certificateHold"],
  ["the delta cannot be had", () => ({ [url.complete]: complete() }), "unknown none"],
  ["the delta cannot be had, revoked by the complete list", () => ({ [url.complete]: complete(named(1)) }), "revoked crl keyCompromise"],
  ["the delta is out of date", () => ({ [url.complete]: complete(), [url.delta]: delta({ thisUpdate: world.clock.time - hours(3), nextUpdate: world.clock.time - hours(1) }) }), "unknown none"],
  ["between the complete list and the base of the delta somebody may have been revoked", () => ({ [url.complete]: complete(), [url.delta]: delta({ extensions: [number(9), base(8)] }) }), "unknown none"],
  ["a delta to an earlier list of the same scope", () => ({ [url.complete]: complete(), [url.delta]: delta({ extensions: [number(9), base(3)] }) }), "good crl"],
  ["a complete list without a number", () => ({ [url.complete]: complete({ extensions: [freshest(url.delta)] }), [url.delta]: delta() }), "unknown none"],
  ["a delta of another scope", () => ({ [url.complete]: complete(), [url.delta]: delta({ extensions: [usersOnly, number(9), base(7)] }) }), "unknown none"],
  ["both for users", () => ({ [url.complete]: complete({ extensions: [usersOnly, number(7), freshest(url.delta)] }), [url.delta]: delta({ extensions: [usersOnly, number(9), base(7)] }) }), "good crl"],
  ["somebody else's delta", () => ({ [url.complete]: complete(), [url.delta]: delta({ issuer: { certificate: world.ca.intermediate.certificate, privateKey: newKeyPair("P-256").privateKey } }) }), "unknown none"],
  ["a complete list at the delta's place", () => ({ [url.complete]: complete(), [url.delta]: list({ extensions: [number(8), freshest(url.other)] }) }), "unknown none"],
  ["a complete list that has taken back what an earlier delta says", () => ({ [url.complete]: complete(), [url.delta]: delta({ ...named(6), thisUpdate: world.clock.time - minutes(10) }) }), "good crl"],
  ["one of two places has it", () => ({ [url.complete]: complete({ extensions: [number(7), freshest(url.other, url.delta)] }), [url.delta]: delta(named(1)) }), "revoked crl keyCompromise"],
  ["a delta in the place of the complete list", () => ({ [url.complete]: delta(), [url.delta]: delta() }), "unknown none"],
  ["a delta over LDAP only is none that could be asked for", () => ({ [url.complete]: complete({ extensions: [number(7), freshest("ldap://ca.example/cn=delta")] }) }), "good crl"],
]

test.each(table)("%s", async (_name, served, expected) => {
  expect(await ask({ served: served() })).toBe(expected)
})

test("the certificate names the delta, the list does not", async () => {
  const certificate = holder([crlDistributionPoints([url.complete]), freshest(url.delta)])
  const served = { [url.complete]: complete({ extensions: [number(7)] }) }
  expect(await ask({ served, certificate })).toBe("unknown none")
  world.clock.time += hours(100)
  expect(await ask({ served: { [url.complete]: complete({ extensions: [number(7)] }), [url.delta]: delta(named(1)) }, certificate })).toBe("revoked crl keyCompromise")
})

test("whoever signs cannot leave the delta out by sending the complete list along", async () => {
  expect(await ask({ served: {}, stapled: [complete()] })).toBe("unknown none")
  expect(await ask({ served: { [url.complete]: complete(), [url.delta]: delta() }, stapled: [complete(), delta(named(1))] })).toBe("revoked stapled keyCompromise")
})

test("what a delta revoked stays revoked while it cannot be had, and until a later list takes it back", async () => {
  const certificate = holder()
  const served: Record<string, Buffer> = { [url.complete]: complete(), [url.delta]: delta(named(6)) }
  expect(await ask({ served, certificate })).toBe("revoked crl certificateHold")
  world.clock.time += hours(20)
  expect(await ask({ served: { [url.complete]: complete({ thisUpdate: world.clock.time - hours(21) }) }, certificate })).toBe("revoked crl certificateHold")
  world.clock.time += hours(2)
  expect(await ask({ served: { [url.complete]: complete(), [url.delta]: delta() }, certificate })).toBe("good crl")
})

test("lists and their deltas carried in as files", async () => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-deltas-"))
  const file = { complete: join(dir, "complete.crl"), delta: join(dir, `${randomBytes(4).toString("hex")}.crl`) }
  const config = { lists: [file.complete, file.delta] }
  await writeFile(file.complete, complete())
  expect(await ask({ served: {}, config })).toBe("unknown none")
  world.clock.time += hours(1)
  await writeFile(file.complete, complete())
  await writeFile(file.delta, delta())
  expect(await ask({ served: {}, config })).toBe("good crl")
  world.clock.time += hours(1)
  await writeFile(file.delta, delta(named(1)))
  expect(await ask({ served: {}, config })).toBe("revoked crl keyCompromise")
  await rm(dir, { recursive: true })
})

test("a distribution point whose lists somebody else makes is not asked for the issuer's own", async () => {
  const point = (lister: Buffer): Buffer => extension("2.5.29.31", false, sequence(sequence(context(0, context(0, uriName(url.complete))), context(2, directoryName(lister)))))
  const served = { [url.complete]: list({}) }
  expect(await ask({ served, certificate: holder([point(Buffer.from(world.ca.root.certificate.subject.der))]) })).toBe("unknown none")
  expect(await ask({ served, certificate: holder([point(Buffer.from(world.ca.intermediate.certificate.subject.der))]) })).toBe("good crl")
})

test("a certificate whose extension for deltas is broken is not read", () => {
  expect(() => holder([extension("2.5.29.46", false, octetString(Buffer.from("x")))])).toThrow()
})
