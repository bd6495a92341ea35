import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { Certificate } from "../../src/pki/certificate.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import type { CertificateRegistry, NewCertificate } from "../../src/store/certificate-registry.ts"
import { createCertificateRegistry } from "../../src/store/sql/certificates.ts"
import { createDirectorySource } from "../../src/store/sql/directory.ts"
import { createProvince } from "../support/province.ts"
import { acceptance, createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const change = { by: "test", source: "command" }
let dir: string
let ca: DevelopmentSmimeCa
let store: TestStore
let registry: CertificateRegistry
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-smime-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => now } })
})
afterAll(() => rm(dir, { recursive: true }))
beforeEach(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  registry = createCertificateRegistry(store.database)
})
afterEach(() => store.close())

function certificate(commonName: string, more: { readonly serialNumber?: string; readonly notAfter?: number } = {}): Certificate {
  const parsed = parseCertificate(ca.issue({ subject: { commonName }, ...more }).certificateDer)
  if (!parsed.ok) throw new Error(parsed.failure.detail)
  return parsed.value
}

const entry = (of: Certificate, more: Partial<NewCertificate> = {}): NewCertificate => ({ certificate: of, principalId: "an", use: "personal", accounts: [], from: null, until: null, ...more })

describe("adding", () => {
  test("what is added can be found, by the beginning of its fingerprint too", async () => {
    const of = certificate("An")
    expect(unwrap(await registry.add([entry(of, { accounts: ["an@tinh.example", "closed@tinh.example"], until: "2027-01-01" })], change))).toBe(2)
    for (const prefix of [of.fingerprint, of.fingerprint.slice(0, 8)]) {
      expect(await registry.find(prefix)).toMatchObject([
        {
          fingerprint: of.fingerprint, subject: "CN=An", serialNumber: of.serialNumber, principalId: "an", holderName: "Nguyễn Văn An", use: "personal", state: "active", notBefore: of.notBefore, notAfter: of.notAfter,
          accounts: ["an@tinh.example", "closed@tinh.example"], from: null, until: "2027-01-01", source: "command", stateBy: "test",
        },
      ])
    }
    expect((await registry.find(of.fingerprint))[0]?.der).toEqual(Buffer.from(of.der))
    // LIKE's wildcards are no fingerprints
    expect(await registry.find("%")).toEqual([])
  })

  test.each<[name: string, added: () => readonly NewCertificate[], kind: string]>([
    ["the same again", () => [entry(certificate("B")), entry(twins[0])], "alreadyExists"],
    ["the same twice at once", () => [entry(twins[1]), entry(twins[1])], "alreadyExists"],
    ["another with the same issuer and serial number", () => [entry(certificate("B")), entry(twins[1])], "alreadyExists"],
    ["one for nobody", () => [entry(certificate("B")), entry(certificate("C"), { principalId: "nobody" })], "notFound"],
    ["one for no account", () => [entry(certificate("B")), entry(certificate("C"), { accounts: ["none@tinh.example"] })], "notFound"],
  ])("%s adds nothing", async (_name, added, kind) => {
    unwrap(await registry.add([entry(twins[0])], change))
    expect(await registry.add(added(), change)).toMatchObject({ ok: false, failure: { kind } })
    expect(await registry.list()).toHaveLength(1)
    expect(await store.database.query({ text: "SELECT version FROM directory_version" })).toEqual([{ version: 2 }])
    expect(await store.database.query({ text: "SELECT count(*) FROM audit WHERE kind = 'certificate.added'" })).toEqual([{ count: 1 }])
  })

  let twins: readonly [Certificate, Certificate]
  beforeEach(() => void (twins = [certificate("A", { serialNumber: "77" }), certificate("A2", { serialNumber: "77" })]))
})

test("a list is in the order of ends, and of what was asked for", async () => {
  const day = 86_400_000
  const [soon, later, gone] = [certificate("soon", { notAfter: now + 5 * day }), certificate("later", { notAfter: now + 50 * day }), certificate("gone", { notAfter: now - day / 2 })]
  unwrap(await registry.add([entry(later), entry(soon), entry(gone, { principalId: "binh" })], change))
  unwrap(await registry.setState(later.fingerprint, "suspended", { ...change, reason: "" }))
  const subjects = async (filter?: Parameters<CertificateRegistry["list"]>[0]): Promise<string[]> => (await registry.list(filter)).map(({ subject }) => subject.slice(3))
  expect(await subjects()).toEqual(["gone", "soon", "later"])
  expect(await subjects({ principalId: "binh" })).toEqual(["gone"])
  expect(await subjects({ state: "suspended" })).toEqual(["later"])
  expect(await subjects({ endsAfter: now, endsBefore: now + 5 * day })).toEqual(["soon"])
})

test("a state leads to any other, but a revocation is for good", async () => {
  const { fingerprint } = certificate("An")
  expect(await registry.setState("00", "revoked", { ...change, reason: "" })).toMatchObject({ failure: { kind: "notFound" } })
  unwrap(await registry.add([entry(certificate("other")), entry(certificate("more"))], change))
  const of = certificate("An")
  unwrap(await registry.add([entry(of)], change))
  expect(of.fingerprint).not.toBe(fingerprint)
  const steps = ["active", "suspended", "suspended", "active", "suspended", "revoked", "active", "suspended", "revoked"] as const
  const kinds: string[] = []
  for (const state of steps) {
    const result = await registry.setState(of.fingerprint, state, { ...change, reason: state })
    kinds.push(result.ok ? "ok" : result.failure.kind)
  }
  expect(kinds).toEqual(["alreadyExists", "ok", "alreadyExists", "ok", "ok", "ok", "policy", "policy", "alreadyExists"])
})

describe("takes effect on the next message", () => {
  test.each<[name: string, work: (of: Certificate) => Promise<unknown>]>([
    ["a revocation", async ({ fingerprint }) => unwrap(await registry.setState(fingerprint, "revoked", { ...change, reason: "" }))],
    ["a suspension", async ({ fingerprint }) => unwrap(await registry.setState(fingerprint, "suspended", { ...change, reason: "" }))],
    ["a registration", async () => unwrap(await registry.add([entry(certificate("B"))], change))],
  ])("%s: what was decided before it is not committed", async (_name, work) => {
    const of = certificate("An")
    unwrap(await registry.add([entry(of)], change))
    const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
    const decidedOn = directory.current()
    expect(decidedOn.certificate(of.fingerprint)?.state).toBe("active")
    await work(of)
    const offer = async (directoryVersion: number) => store.acceptances.commit(acceptance({ content: await store.prepare("Subject: x\r\n\r\nx\r\n"), accountIds: [1], directoryVersion }))
    expect(await offer(decidedOn.version)).toMatchObject({ ok: false, failure: { kind: "inUse" } })
    expect(await offer((await directory.refresh()).version)).toMatchObject({ ok: true })
    directory.close()
  })
})
