import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { CertificateStatuses, RecordedRevocation } from "../../src/pki/certificate-status.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import { newKeyPair } from "../../src/pki/development-smime-ca.ts"
import { writeName } from "../../src/pki/distinguished-name.ts"
import { crlDistributionPoints } from "../../src/pki/write-extensions.ts"
import { writeCertificate } from "../../src/pki/write-certificate.ts"
import type { RevocationChecker } from "../../src/pki/revocation/revocation-checker.ts"
import type { RevocationStore } from "../../src/pki/revocation/revocation-store.ts"
import type { PathRequest } from "../../src/pki/validate-path.ts"
import { certificateOf, createStoredWorld, hours, minutes, signing, type SmimeWorld } from "../support/smime-world.ts"

let world: SmimeWorld
let store: RevocationStore
let checker: RevocationChecker
let statuses: CertificateStatuses
const records = new Map<string, RecordedRevocation>()
let close: () => Promise<void>
beforeAll(async () => {
  ;({ world, store, close } = await createStoredWorld())
})
afterAll(() => close())
beforeEach(() => {
  world.server.behave()
  world.clock.time += hours(100)
  records.clear()
  checker = world.checker(store)
  statuses = world.statuses(signing, checker, { recorded: (fingerprint) => records.get(fingerprint) })
})

const problemsOf = async (certificate: Certificate, at = world.clock.time): Promise<string> => (await statuses.of({ certificate, pool: [], at })).problems.join(" ") || "none"

test("a good certificate: its path, its anchor, and an answer for each certificate but the anchor", async () => {
  const certificate = world.holder()
  const status = await statuses.of({ certificate, pool: [], at: world.clock.time })
  expect(status).toMatchObject({ fingerprint: certificate.fingerprint, problems: [], anchor: "development", at: world.clock.time, revocation: [{ status: "good", source: "ocsp" }, { status: "good", source: "crl" }] })
  expect(status.chain).toEqual([certificate, world.ca.intermediate.certificate, world.ca.root.certificate].map(({ der }) => Buffer.from(der).toString("base64")))
})

test("it is remembered for minutes, then looked at again", async () => {
  const certificate = world.holder()
  await problemsOf(certificate)
  const before = world.server.requests.length
  world.server.revoke(certificate.serialNumber)
  world.clock.time += minutes(4)
  expect(await problemsOf(certificate)).toBe("none")
  expect(world.server.requests.length).toBe(before)
  world.clock.time += minutes(12)
  expect(await problemsOf(certificate)).toBe("revoked")
})

test("an answer that changes is not hidden by what is remembered", async () => {
  const certificate = world.holder()
  await problemsOf(certificate)
  world.server.revoke(certificate.serialNumber)
  const other = { certificate, pool: [world.holder()], at: world.clock.time }
  await statuses.of(other)
  world.clock.time += minutes(16)
  // asked in other company, the same certificate is found revoked
  expect((await statuses.of({ ...other, at: world.clock.time })).problems).toEqual(["revoked"])
  world.clock.time += 1
  expect(await problemsOf(certificate)).toBe("revoked")
})

test("a revocation on record takes effect on the next message, also when nobody can be asked", async () => {
  const certificate = world.holder()
  expect(await problemsOf(certificate)).toBe("none")
  records.set(certificate.fingerprint, { revokedAt: world.clock.time, reason: "keyCompromise" })
  world.server.goDown()
  const status = await statuses.of({ certificate, pool: [], at: world.clock.time })
  expect(status.problems).toEqual(["revoked"])
  expect(status.revocation[0]).toMatchObject({ fingerprint: certificate.fingerprint, status: "revoked", reason: "keyCompromise" })
  expect(status.revocation).toHaveLength(2)
  expect(await problemsOf(certificate, world.clock.time - 1)).toBe("none")
  records.clear()
  expect(await problemsOf(certificate)).toBe("none")
})

test("unknown is remembered briefly only", async () => {
  const certificate = world.holder()
  world.server.goDown()
  expect(await problemsOf(certificate)).toBe("revocationUnknown")
  world.server.comeUp()
  world.clock.time += 31_000
  expect(await problemsOf(certificate)).toBe("none")
})

test("a certificate that expires is expired, however lately it was good", async () => {
  const { certificateDer } = world.ca.issue({ subject: { commonName: "Sắp hết hạn" }, notAfter: world.clock.time + minutes(1), crlUrls: [world.server.urls.crl] })
  const certificate = certificateOf(certificateDer)
  expect(await problemsOf(certificate)).toBe("none")
  world.clock.time += minutes(2)
  expect(await problemsOf(certificate)).toContain("expired")
})

test("a stranger's certificate never makes us ask anybody", async () => {
  const { privateKey, publicKey } = newKeyPair("P-256")
  const name = writeName({ commonName: "Kẻ lạ" })
  const stranger = certificateOf(writeCertificate({
    subject: name, issuer: name, publicKey, notBefore: world.clock.time - hours(1), notAfter: world.clock.time + hours(1), serialNumber: "01", signer: { privateKey }, extensions: [crlDistributionPoints([world.server.urls.crl])],
  }))
  const status = await statuses.of({ certificate: stranger, pool: [stranger], at: world.clock.time })
  expect(status).toMatchObject({ problems: ["untrusted"], chain: [], revocation: [] })
  expect(world.server.requests).toEqual([])
})

test("forgetting makes it look again", async () => {
  const certificate = world.holder()
  await problemsOf(certificate)
  world.server.revoke(certificate.serialNumber)
  world.clock.time += minutes(4)
  statuses.forget([world.ca.intermediate.certificate.fingerprint])
  expect(await problemsOf(certificate)).toBe("none")
  await world.checker(store, { refresh: minutes(1) }).check({ chain: [certificate, world.ca.intermediate.certificate], at: world.clock.time })
  checker.reload()
  statuses.forget()
  expect(await problemsOf(certificate)).toBe("revoked")
})

test("what is remembered is bounded by its size: a certificate that comes in ever new company pushes out the oldest, not everything", async () => {
  const certificate = world.holder()
  const company = Array.from({ length: 6 }, () => world.holder())
  let looks = 0
  const paths = { ...world.paths, validate: (request: PathRequest) => (looks++, world.paths.validate(request)) }
  const chars = [certificate, world.ca.intermediate.certificate, world.ca.root.certificate].reduce((sum, { der }) => sum + Math.ceil(der.length / 3) * 4, 1_000)
  const small = world.statuses(signing, checker, { paths: () => paths, maxRememberedChars: chars * 3 })
  const looked = async (...numbers: readonly number[]): Promise<number> => {
    const before = looks
    for (const number of numbers) await small.of({ certificate, pool: company.slice(number, number + 1), at: world.clock.time })
    return looks - before
  }
  expect(await looked(0, 1, 2, 0, 1, 2)).toBe(3)
  expect(await looked(3, 4, 5)).toBe(3)
  expect(await looked(3, 4, 5)).toBe(0)
  expect(await looked(0)).toBe(1)
  // forgotten ones leave their room
  small.forget()
  expect(await looked(0, 1, 2, 0, 1, 2)).toBe(3)
})
