import { execFileSync } from "node:child_process"
import { hash, randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import type { CertificateStatuses } from "../../src/pki/certificate-status.ts"
import { der, derTag } from "../../src/pki/der.ts"
import type { SmimeRequest } from "../../src/pki/development-smime-ca.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { timeStamping } from "../../src/pki/path-rules.ts"
import { verifyTimestamp } from "../../src/pki/timestamp.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { extendedKeyUsage, extension } from "../../src/pki/write-extensions.ts"
import type { RevocationStore } from "../../src/pki/revocation/revocation-store.ts"
import { certificateOf, createStoredWorld, hours, minutes, signing, type SmimeWorld } from "../support/smime-world.ts"
import { stampToken, type TestStamp } from "../support/timestamp-authority.ts"
import { installed } from "../imap/clients/client-machine.ts"

/** Skipped where it is not installed: what it makes or judges. */
const withOpenssl = test.skipIf(!installed("openssl"))

let world: SmimeWorld
let store: RevocationStore
let statuses: CertificateStatuses
let dir: string
let close: () => Promise<void>
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-tsa-"))
  ;({ world, store, close } = await createStoredWorld())
})
afterAll(async () => {
  await close()
  await rm(dir, { recursive: true })
})
beforeEach(() => {
  world.server.behave()
  world.clock.time += hours(100)
  statuses = world.statuses(timeStamping, world.checker(store))
})

const signature = randomBytes(256)
const signatureDigests = Object.fromEntries(["sha256", "sha384", "sha512"].map((name) => [name, hash(name, signature, "base64")]))

const authority = (request: Partial<SmimeRequest> = {}): TestStamp["signer"] => {
  const { certificateDer, privateKey } = world.ca.issue({
    subject: { commonName: "TSA" }, keyUsage: ["digitalSignature"], extendedKeyUsage: [], crlUrls: [world.server.urls.crl], extensions: [extendedKeyUsage([keyPurpose.timeStamping], true)], ...request,
  })
  return { certificate: certificateOf(certificateDer), privateKey }
}

const stamp = (how: Partial<TestStamp> = {}): Buffer => stampToken({ signer: authority(), at: world.clock.time - hours(1), imprint: Buffer.from(signatureDigests["sha256"] ?? "", "base64"), ...how })

async function outcome(token: Uint8Array): Promise<string> {
  const result = await verifyTimestamp({ token, signatureDigests, now: world.clock.time }, statuses)
  if (result.ok) return `proven ${world.clock.time - result.value.time}`
  return `${result.failure.kind}: ${result.failure.detail}`
}

const hour = String(hours(1))
const strange = extension("1.3.6.1.4.1.99999.1", true, der(derTag.null))
const table: readonly (readonly [string, () => Partial<TestStamp>, string])[] = [
  ["a good stamp", () => ({}), `proven ${hour}`],
  ["to the millisecond", () => ({ fraction: ".25" }), `proven ${hours(1) - 250}`],
  ["of another signature", () => ({ imprint: randomBytes(32) }), "invalid: is of another signature"],
  ["from the future", () => ({ at: world.clock.time + minutes(10) }), "invalid: is from the future"],
  ["by another key", () => ({ signer: { ...authority(), privateKey: authority().privateKey } }), "invalid: has a broken signature"],
  ["without its certificate", () => ({ certificates: [] }), "invalid: does not bring its signer's certificate"],
  ["with another certificate named (RFC 5816)", () => ({ named: authority().certificate }), "invalid: names another certificate than the one it brings"],
  ["with no certificate named", () => ({ named: null }), "invalid: names another certificate than the one it brings"],
  ["over something else", () => ({ infoType: "1.2.840.113549.1.7.1" }), "invalid: is over something else than a time"],
  ["with a critical extension", () => ({ extensions: [strange] }), "invalid: has a critical extension that is not understood"],
  ["by a mail certificate", () => ({ signer: authority({ extensions: [extendedKeyUsage([keyPurpose.emailProtection], true)] }) }), "invalid: is signed by a certificate that is not for time stamping alone"],
  ["by one for more than stamping", () => ({ signer: authority({ extensions: [extendedKeyUsage([keyPurpose.timeStamping, keyPurpose.emailProtection], true)] }) }), "invalid: is signed by a certificate that is not for time stamping alone"],
  ["by one that does not say so critically", () => ({ signer: authority({ extensions: [extendedKeyUsage([keyPurpose.timeStamping])] }) }), "invalid: is signed by a certificate that is not for time stamping alone"],
  ["by one that was not valid then", () => ({ signer: authority({ notBefore: world.clock.time }) }), "unproven: is of an authority that is notYetValid"],
]

test.each(table)("%s", async (_name, how, expected) => {
  expect(await outcome(stamp(how()))).toBe(expected)
})

test.each([
  { reason: "superseded", revokedFirst: false, expected: `proven ${hour}` },
  { reason: "superseded", revokedFirst: true, expected: "unproven: is of an authority that is revoked" },
  { reason: "keyCompromise", revokedFirst: false, expected: "unproven: is of an authority that is revoked" },
  { reason: undefined, revokedFirst: false, expected: "unproven: is of an authority that is revoked" },
] as const)("an authority revoked for $reason before the stamp ($revokedFirst): $expected (RFC 3161 §4)", async ({ reason, revokedFirst, expected }) => {
  const signer = authority()
  world.server.revoke(signer.certificate.serialNumber, reason)
  expect(await outcome(stamp({ signer, at: revokedFirst ? world.clock.time : world.clock.time - hours(1) }))).toBe(expected)
})

test("an authority about which nobody can say anything now", async () => {
  world.server.goDown()
  expect(await outcome(stamp())).toBe("unproven: is of an authority that is revocationUnknown")
  world.server.comeUp()
})

test("an anchor for mail alone does not vouch for times", async () => {
  const forMail = world.statuses(signing, world.checker(store))
  const result = await verifyTimestamp({ token: stamp(), signatureDigests, now: world.clock.time }, forMail)
  expect(result.ok || result.failure.problems).toEqual(["wrongPurpose"])
})

withOpenssl.each(["sha256", "sha512"])("a stamp that openssl makes (%s)", async (digest) => {
  const file = (name: string): string => join(dir, name)
  const signer = authority({ notBefore: Date.now() - hours(1) })
  await writeFile(file("tsa.pem"), pem("CERTIFICATE", signer.certificate.der))
  await writeFile(file("tsa.key"), signer.privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(file("tsa.cnf"), `[tsa]\ndefault_tsa=own\n[own]\nserial=${file("serial")}\nsigner_cert=${file("tsa.pem")}\nsigner_key=${file("tsa.key")}\ndefault_policy=1.2.3.4\ndigests=sha256,sha512\naccuracy=secs:1,millisecs:500\nclock_precision_digits=3\nsigner_digest=sha256\ness_cert_id_alg=sha256\n`)
  await writeFile(file("signature"), signature)
  execFileSync("openssl", ["ts", "-query", "-data", file("signature"), `-${digest}`, "-cert", "-out", file("query.tsq")], { stdio: "ignore" })
  execFileSync("openssl", ["ts", "-reply", "-config", file("tsa.cnf"), "-queryfile", file("query.tsq"), "-token_out", "-out", file("token.der")], { stdio: "ignore" })
  const result = await verifyTimestamp({ token: await readFile(file("token.der")), signatureDigests, now: Date.now() }, { of: (request) => statuses.of({ ...request, at: Math.max(request.at, signer.certificate.notBefore) }) })
  expect(result.ok ? result.value : result.failure).toMatchObject({ accuracyMs: 1_500, anchor: "development" })
})

withOpenssl("openssl verifies what our time-stamping authority answers over HTTP", async () => {
  const file = (name: string): string => join(dir, name)
  await writeFile(file("signature"), signature)
  execFileSync("openssl", ["ts", "-query", "-data", file("signature"), "-sha256", "-cert", "-out", file("query.tsq")], { stdio: "ignore" })
  const response = await fetch(world.server.urls.tsa, { method: "POST", headers: { "content-type": "application/timestamp-query" }, body: await readFile(file("query.tsq")) })
  await writeFile(file("reply.tsr"), Buffer.from(await response.arrayBuffer()))
  const said = execFileSync("openssl", ["ts", "-verify", "-queryfile", file("query.tsq"), "-in", file("reply.tsr"), "-CAfile", world.ca.root.certificateFile, "-untrusted", world.ca.intermediate.certificateFile, "-attime", String(Math.floor(world.clock.time / 1000))], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  expect(said).toContain("Verification: OK")
})

test("a damaged stamp proves nothing and never throws", async () => {
  const good = stamp()
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = Buffer.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      const result = await verifyTimestamp({ token: bytes, signatureDigests, now: world.clock.time }, statuses)
      // versions and the list of digests are not signed; whatever the change, no other time is proven
      if (result.ok) expect(result.value.time).toBe(world.clock.time - hours(1))
    }),
    { numRuns: 400 },
  )
})
