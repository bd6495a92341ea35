import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { Certificate } from "../../../src/pki/certificate.ts"
import type { RevocationChecker, RevocationRequest } from "../../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../../src/pki/revocation/revocation-store.ts"
import type { StapledRevocation } from "../../../src/pki/signature-facts.ts"
import { writeDevelopmentLists } from "../../../src/pki/development-lists.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { createRevocationStore } from "../../../src/store/sql/revocations.ts"
import type { TestDatabase } from "../../support/database.ts"
import { ocspReply, readOcspRequest } from "../../support/ocsp-responder.ts"
import { certificateOf, createSmimeWorld, createStoredWorld, hours, minutes, type SmimeWorld } from "../../support/smime-world.ts"
import { writeOcspRequest } from "../../../src/pki/revocation/ocsp.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"

let world: SmimeWorld
let database: TestDatabase
let store: RevocationStore
let close: () => Promise<void>
beforeAll(async () => {
  ;({ world, database, store, close } = await createStoredWorld())
})
afterAll(() => close())
beforeEach(async () => {
  world.server.behave()
  world.server.comeUp()
  // far beyond every limit: what earlier tests asked counts no more
  world.clock.time += hours(100)
})

const chainOf = (certificate: Certificate): readonly Certificate[] => [certificate, world.ca.intermediate.certificate, world.ca.root.certificate]

/** `status source` of the end certificate; the authority's own is asked along. */
async function ask(checker: RevocationChecker, certificate: Certificate, request: Partial<RevocationRequest> = {}): Promise<string> {
  const { evidence, problems } = await checker.check({ chain: chainOf(certificate), at: world.clock.time, ...request })
  const [own] = evidence
  if (!own || evidence.length !== 2) throw new Error("not one answer for each certificate")
  expect(problems.includes("revoked")).toBe(own.status === "revoked")
  if (own.status === "unknown") expect(problems).toContain("revocationUnknown")
  return `${own.status} ${own.source}${own.reason && own.status === "revoked" ? ` ${own.reason}` : ""}`
}

const asked = (path: string): number => world.server.requests.filter((one) => one === path).length

test.each([
  { prefer: "ocsp", expected: "good ocsp" },
  { prefer: "crl", expected: "good crl" },
] as const)("$prefer is asked first where configuration says so", async ({ prefer, expected }) => {
  expect(await ask(world.checker(store, { prefer }), world.holder())).toBe(expected)
})

test("a revoked certificate is revoked, by either source, with its reason", async () => {
  const certificate = world.holder()
  world.server.revoke(certificate.serialNumber, "keyCompromise")
  expect(await ask(world.checker(store, { prefer: "ocsp" }), certificate)).toBe("revoked ocsp keyCompromise")
  expect(await ask(world.checker(store, { prefer: "crl" }), certificate)).toBe("revoked crl keyCompromise")
})

test("the evidence is kept under its SHA-256", async () => {
  const { evidence } = await world.checker(store, { prefer: "crl" }).check({ chain: chainOf(world.holder()), at: world.clock.time })
  for (const { evidence: sha256 } of evidence) expect((await store.read(sha256 ?? ""))?.length).toBeGreaterThan(100)
})

test("the source that is asked first is away: the other answers", async () => {
  const checker = world.checker(store)
  const certificate = certificateOf(world.ca.issue({ subject: { commonName: "x" }, ocspUrls: ["http://127.0.0.1:1/ocsp"], crlUrls: [world.server.urls.crl] }).certificateDer)
  expect(await ask(checker, certificate)).toBe("good crl")
})

test("unreachable: the last answer stands within its age limit, then nobody knows, and it is asked again", async () => {
  const checker = world.checker(store)
  const certificate = world.holder({ crl: false })
  expect(await ask(checker, certificate)).toBe("good ocsp")
  const first = asked("/ocsp")
  world.clock.time += minutes(10)
  expect(await ask(checker, certificate)).toBe("good ocsp")
  expect(asked("/ocsp")).toBe(first)
  world.server.goDown()
  world.clock.time += minutes(10)
  expect(await ask(checker, certificate)).toBe("good ocsp")
  expect(asked("/ocsp")).toBe(first + 1)
  expect(await ask(checker, certificate)).toBe("good ocsp")
  expect(asked("/ocsp")).toBe(first + 1)
  world.clock.time += hours(5)
  expect(await ask(checker, certificate)).toBe("good ocsp")
  world.clock.time += hours(1)
  expect(await ask(checker, certificate)).toBe("unknown none")
  world.server.comeUp()
  expect(await ask(checker, certificate)).toBe("unknown none")
  world.clock.time += 31_000
  expect(await ask(checker, certificate)).toBe("good ocsp")
})

test.each(["ocsp", "crl"] as const)("unreachable: revoked stays revoked, however long nobody answers (%s)", async (prefer) => {
  const checker = world.checker(store, { prefer })
  const certificate = world.holder({ crl: prefer === "crl", ocsp: prefer === "ocsp" })
  world.server.revoke(certificate.serialNumber, "certificateHold")
  expect(await ask(checker, certificate)).toBe(`revoked ${prefer} certificateHold`)
  world.server.goDown()
  world.clock.time += hours(200)
  expect(await ask(checker, certificate)).toBe(`revoked ${prefer} certificateHold`)
  expect(await ask(world.checker(store, { prefer }), certificate)).toBe(`revoked ${prefer} certificateHold`)
  world.server.comeUp()
  world.server.reinstate(certificate.serialNumber)
  world.clock.time += minutes(1)
  expect(await ask(checker, certificate)).toBe(`good ${prefer}`)
})

test("an old revocation by one source gives way to what another says now", async () => {
  const checker = world.checker(store)
  const certificate = world.holder()
  world.server.revoke(certificate.serialNumber, "certificateHold")
  expect(await ask(checker, certificate)).toBe("revoked ocsp certificateHold")
  world.server.reinstate(certificate.serialNumber)
  world.server.failOnly("/ocsp")
  world.clock.time += hours(7)
  expect(await ask(checker, certificate)).toBe("good crl")
})

test("an authority whose clock is ahead revokes at once", async () => {
  const certificate = world.holder()
  world.server.revoke(certificate.serialNumber)
  world.clock.time -= minutes(2)
  expect(await ask(world.checker(store), certificate)).toBe("revoked ocsp")
})

test("unreachable: a list stands no longer than its own nextUpdate", async () => {
  const short = await createSmimeWorld({ lastsMs: hours(1) })
  const checker = short.checker(store, { prefer: "crl" })
  const certificate = short.holder({ ocsp: false })
  const status = async (): Promise<string> => (await checker.check({ chain: [certificate, short.ca.intermediate.certificate], at: short.clock.time })).evidence[0]?.status ?? ""
  expect(await status()).toBe("good")
  short.server.goDown()
  short.clock.time += minutes(64)
  expect(await status()).toBe("good")
  short.clock.time += minutes(2)
  expect(await status()).toBe("unknown")
  await short.close()
})

test("a revocation is seen when the answer is due, and those who remember the old one are told", async () => {
  const checker = world.checker(store)
  const certificate = world.holder()
  const told: string[] = []
  checker.onChange((fingerprint) => told.push(fingerprint))
  expect(await ask(checker, certificate)).toBe("good ocsp")
  world.server.revoke(certificate.serialNumber, "superseded")
  world.clock.time += minutes(16)
  expect(await ask(checker, certificate)).toBe("revoked ocsp superseded")
  expect(told).toEqual([certificate.fingerprint])
  expect(await store.answers([certificate.fingerprint])).toMatchObject([{ status: "revoked", reason: "superseded", revokedAt: world.clock.time - minutes(16) }])
})

test("shortly before an answer is due it is asked for in the background", async () => {
  const checker = world.checker(store, { timeout: 200 })
  const certificate = world.holder({ crl: false })
  await ask(checker, certificate)
  world.clock.time += minutes(12)
  world.server.hang()
  const before = asked("/ocsp")
  expect(await ask(checker, certificate)).toBe("good ocsp")
  await checker.close()
  expect(asked("/ocsp")).toBe(before + 1)
})

test("a hundred who ask at once share one question", async () => {
  const checker = world.checker(store, { prefer: "crl" })
  const certificates = Array.from({ length: 100 }, () => world.holder({ ocsp: false }))
  const answers = await Promise.all(certificates.map((certificate) => ask(checker, certificate)))
  expect(new Set(answers)).toEqual(new Set(["good crl"]))
  expect(world.server.requests.toSorted()).toEqual(["/root.crl", "/signing.crl"])
})

test("another process asks nobody: it finds the answer in the store, and so does one after a restart", async () => {
  const certificate = world.holder()
  world.server.revoke(certificate.serialNumber, "cessationOfOperation")
  await ask(world.checker(store), certificate)
  const before = world.server.requests.length
  world.clock.time += minutes(5)
  expect(await ask(world.checker(createRevocationStore({ database })), certificate)).toBe("revoked ocsp cessationOfOperation")
  expect(world.server.requests.length).toBe(before)
})

test("a process that is told to looks into the store before its own answer is due", async () => {
  const [one, other] = [world.checker(store), world.checker(store)]
  const certificate = world.holder()
  await ask(one, certificate)
  world.clock.time += minutes(10)
  world.server.revoke(certificate.serialNumber)
  await ask(other, certificate)
  world.clock.time += minutes(6)
  expect(await ask(other, certificate)).toBe("revoked ocsp")
  one.reload()
  const before = world.server.requests.length
  expect(await ask(one, certificate)).toBe("revoked ocsp")
  expect(world.server.requests.length).toBe(before)
})

test.each(["ocsp", "crl"] as const)("what is not an answer is no answer (%s)", async (prefer) => {
  world.server.corrupt()
  expect(await ask(world.checker(store, { prefer }), world.holder())).toBe("unknown none")
})

test("a source that repeats what is older than before is not believed", async () => {
  const checker = world.checker(store, { prefer: "crl", refresh: minutes(10) })
  const certificate = world.holder({ ocsp: false })
  await ask(checker, certificate)
  world.server.revoke(certificate.serialNumber)
  world.clock.time += minutes(11)
  expect(await ask(checker, certificate)).toBe("revoked crl")
  // the list from before the revocation, still within its nextUpdate
  world.server.replay()
  world.clock.time += minutes(11)
  expect(await ask(checker, certificate)).toBe("revoked crl")
})

test("no answer within patience: unknown, and the message goes on", async () => {
  world.server.hang()
  expect(await ask(world.checker(store, { timeout: 100 }), world.holder())).toBe("unknown none")
})

test.each([false, true])("no answer within patience: what is known stands (revoked: %s)", async (isRevoked) => {
  const checker = world.checker(store, { timeout: 100 })
  const { ocsp, crl } = world.server.urls
  const certificate = certificateOf(world.ca.issue({ subject: { commonName: "x" }, ocspUrls: [ocsp, `${ocsp}?second`], crlUrls: [crl, `${crl}?second`] }).certificateDer)
  if (isRevoked) world.server.revoke(certificate.serialNumber)
  const first = await ask(checker, certificate)
  expect(first).toBe(isRevoked ? "revoked ocsp" : "good ocsp")
  world.server.hang()
  world.clock.time += minutes(30)
  expect(await ask(checker, certificate)).toBe(first)
})

test("a certificate that names no source is unknown, unless a configured list is its issuer's", async () => {
  const nameless = world.holder({ crl: false, ocsp: false })
  expect(await ask(world.checker(store), nameless)).toBe("unknown none")
  expect(await ask(world.checker(store, { lists: [world.server.urls.rootCrl, world.server.urls.crl] }), nameless)).toBe("good crl")
})

test.each(["DER", "PEM"])("without a way to the internet: lists carried in as files (%s)", async (format) => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-lists-"))
  const certificate = world.holder()
  const nobody = { fetch: async () => ({ ok: false as const, failure: "may not be asked" }), close: () => undefined }
  const files = await writeDevelopmentLists({ ca: world.ca, dir, revoked: [{ serialNumber: certificate.serialNumber, revokedAt: world.clock.time }], now: world.clock.time })
  if (format === "PEM") await writeFile(files.signingFile, pem("X509 CRL", await readFile(files.signingFile)))
  const checker = world.checker(store, { lists: [files.rootFile, files.signingFile] }, nobody)
  expect(await ask(checker, certificate)).toBe("revoked crl")
  expect(await ask(checker, world.holder())).toBe("good crl")
  await writeFile(files.signingFile, "not a list")
  world.clock.time += minutes(20)
  expect(await ask(checker, certificate)).toBe("revoked crl")
  await rm(files.signingFile)
  world.clock.time += hours(7)
  expect(await ask(checker, certificate)).toBe("revoked crl")
  expect(await ask(checker, world.holder())).toBe("unknown none")
  await rm(dir, { recursive: true })
})

test("a certificate does not make us read a file", async () => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-lists-"))
  const files = await writeDevelopmentLists({ ca: world.ca, dir, revoked: [], now: world.clock.time })
  const certificate = certificateOf(world.ca.issue({ subject: { commonName: "x" }, crlUrls: [files.signingFile, `file://${files.signingFile}`] }).certificateDer)
  expect(await ask(world.checker(store), certificate)).toBe("unknown none")
  await rm(dir, { recursive: true })
})

test("revoked later than the moment asked about was good then", async () => {
  const checker = world.checker(store)
  const certificate = world.holder()
  const before = world.clock.time - hours(1)
  world.server.revoke(certificate.serialNumber)
  expect(await ask(checker, certificate)).toBe("revoked ocsp")
  const { evidence, problems } = await checker.check({ chain: chainOf(certificate), at: before })
  expect(problems).toEqual([])
  expect(evidence[0]).toMatchObject({ status: "good", revokedAt: world.clock.time })
})

const stapledCrl = (revoked: readonly Certificate[], thisUpdate: number): StapledRevocation => ({
  kind: "crl", der: Buffer.from(world.ca.crl({ revoked: revoked.map(({ serialNumber }) => ({ serialNumber, revokedAt: thisUpdate })), thisUpdate, nextUpdate: thisUpdate + hours(24) })).toString("base64"),
})

test("fresh evidence that came along spares the question", async () => {
  const certificate = world.holder()
  const stapled = [stapledCrl([], world.clock.time - minutes(5))]
  expect(await ask(world.checker(store), certificate, { stapled })).toBe("good stapled")
  expect(world.server.requests).toEqual(["/root.crl"])
})

test("evidence that came along and is not fresh counts only when nobody answers", async () => {
  const certificate = world.holder()
  const stapled = [stapledCrl([], world.clock.time - hours(1))]
  world.server.revoke(certificate.serialNumber)
  expect(await ask(world.checker(store), certificate, { stapled })).toBe("revoked ocsp")
  world.server.goDown()
  expect(await ask(world.checker(store), world.holder(), { stapled })).toBe("good stapled")
  expect(await ask(world.checker(store), world.holder(), { stapled: [stapledCrl([], world.clock.time - hours(7))] })).toBe("unknown none")
})

test("evidence that came along does not hide what is known to be newer", async () => {
  const checker = world.checker(store)
  const certificate = world.holder()
  const stapled = [stapledCrl([], world.clock.time - 1000)]
  world.server.revoke(certificate.serialNumber)
  expect(await ask(checker, certificate)).toBe("revoked ocsp")
  expect(await ask(checker, certificate, { stapled })).toBe("revoked ocsp")
})

test("evidence that came along and says revoked outweighs a good answer", async () => {
  const checker = world.checker(store)
  const certificate = world.holder()
  expect(await ask(checker, certificate)).toBe("good ocsp")
  expect(await ask(checker, certificate, { stapled: [stapledCrl([certificate], world.clock.time)] })).toBe("revoked stapled")
})

test("a responder that has itself been revoked says nothing", async () => {
  const certificate = world.holder({ crl: false })
  const made = world.ca.issue({ subject: { commonName: "OCSP" }, keyUsage: ["digitalSignature"], extendedKeyUsage: [keyPurpose.ocspSigning], crlUrls: [world.server.urls.crl] })
  const responder = { certificate: certificateOf(made.certificateDer), privateKey: made.privateKey }
  const { certId } = readOcspRequest(writeOcspRequest({ certificate, issuer: world.ca.intermediate.certificate, nonce: null }))
  const answer = ocspReply({ certId, status: "good", thisUpdate: world.clock.time, nextUpdate: world.clock.time + hours(1), signer: responder })
  const fetch = (revoked: readonly string[]) => ({
    fetch: async ({ url }: { readonly url: string }) => ({
      ok: true as const,
      value: url.endsWith("/ocsp") ? answer : world.ca.crl({ issuer: url.endsWith("/root.crl") ? "root" : "intermediate", revoked: revoked.map((serialNumber) => ({ serialNumber, revokedAt: world.clock.time })), thisUpdate: world.clock.time, nextUpdate: world.clock.time + hours(1) }),
    }),
    close: () => undefined,
  })
  expect(await ask(world.checker(store, {}, fetch([])), certificate)).toBe("good ocsp")
  world.clock.time += hours(1)
  expect(await ask(world.checker(store, {}, fetch([responder.certificate.serialNumber])), certificate)).toBe("unknown none")
})
