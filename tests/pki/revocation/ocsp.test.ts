import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type DevelopmentSmimeCa, newKeyPair, openDevelopmentSmimeCa, type SmimeRequest } from "../../../src/pki/development-smime-ca.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"
import { type OcspQuestion, verifyOcspResponse, writeOcspRequest } from "../../../src/pki/revocation/ocsp.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { ocspRefusal, type OcspReply, ocspReply, readOcspRequest } from "../../support/ocsp-responder.ts"
import { installed } from "../../imap/clients/client-machine.ts"
import { certificateOf } from "../../support/smime-world.ts"

/** Skipped where it is not installed: what it makes or judges. */
const withOpenssl = test.skipIf(!installed("openssl"))

const now = Date.parse("2026-11-20T08:00:00Z")
const day = 86_400_000
let dir: string
let ca: DevelopmentSmimeCa
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-ocsp-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => now } })
})
afterAll(() => rm(dir, { recursive: true }))

const signerOf = ({ certificateDer, privateKey }: ReturnType<DevelopmentSmimeCa["issue"]>): OcspReply["signer"] => ({ certificate: certificateOf(certificateDer), privateKey })
const issued = (request: Partial<SmimeRequest> = {}): OcspReply["signer"] => signerOf(ca.issue({ subject: { commonName: "Trần Thị B" }, ...request }))
const responder = (request: Partial<SmimeRequest> = {}): OcspReply["signer"] => issued({ subject: { commonName: "OCSP" }, keyUsage: ["digitalSignature"], extendedKeyUsage: [keyPurpose.ocspSigning], ...request })

const question = (nonce: Uint8Array | null = null): OcspQuestion => ({ certificate: issued({ serialNumber: "0a1b2c" }).certificate, issuer: ca.intermediate.certificate, nonce })
const certIdOf = (asked: OcspQuestion): Uint8Array => readOcspRequest(writeOcspRequest(asked)).certId

async function outcome(bytes: Uint8Array, asked: OcspQuestion): Promise<string> {
  const verified = await verifyOcspResponse(bytes, asked)
  if (!verified.ok) return verified.failure
  const { status, reason, uncheckedResponder } = verified.value
  return `${status}${reason ? `: ${reason}` : ""}${uncheckedResponder ? ", if the responder is" : ""}`
}

const nonce = randomBytes(32)
const table: readonly (readonly [string, () => Partial<OcspReply>, string])[] = [
  ["good", () => ({}), "good"],
  ["unknown", () => ({ status: "unknown" }), "unknown"],
  ["revoked", () => ({ status: { revokedAt: now - day } }), "revoked"],
  ["revoked with a reason", () => ({ status: { revokedAt: now - day, reason: 1 } }), "revoked: keyCompromise"],
  ["responder by name", () => ({ byName: true }), "good"],
  ["the issuer itself", () => ({ signer: ca.intermediate, certificates: [] }), "good"],
  ["the nonce", () => ({ nonce }), "good"],
  ["another nonce", () => ({ nonce: randomBytes(32) }), "has another nonce than the request"],
  ["about another certificate", () => ({ certId: certIdOf({ ...question(), certificate: issued({ serialNumber: "0a1b2d" }).certificate }) }), "is about another certificate"],
  ["about another issuer's certificate", () => ({ certId: certIdOf({ ...question(), issuer: ca.root.certificate }) }), "is about another certificate"],
  ["a delegated responder that may have been revoked", () => ({ signer: responder() }), "good, if the responder is"],
  ["somebody whom the issuer did not make a responder", () => ({ signer: issued() }), "is signed by a certificate that may not sign responses"],
  ["a responder that had expired", () => ({ signer: responder({ notAfter: now - 1_000 }) }), "is signed by a certificate that was not valid then"],
  ["a responder that was not yet valid", () => ({ signer: responder({ notBefore: now + 1_000 }) }), "is signed by a certificate that was not valid then"],
  ["a responder that has expired since", () => ({ signer: responder({ notAfter: now + 1_000 }) }), "good, if the responder is"],
  ["a responder's key of another kind", () => ({ signer: { ...responder(), privateKey: newKeyPair("ed25519").privateKey } }), "names a signature algorithm that is not its key's"],
  ["a stranger's key", () => ({ signer: { ...responder(), privateKey: newKeyPair("P-256").privateKey } }), "has a broken signature"],
  ["a responder's certificate that is not in it", () => ({ certificates: [] }), "is signed by somebody whose certificate is not in it"],
  ["SHA-1", () => ({ digest: "sha1" }), "is signed with sha1 (1.2.840.10045.4.1)"],
]

test.each(table)("%s", async (_name, reply, expected) => {
  const asked = question(nonce)
  const signer = signerOf(ca.responderCertificate())
  expect(await outcome(ocspReply({ certId: certIdOf(asked), status: "good", thisUpdate: now, nextUpdate: now + day, signer, ...reply() }), asked)).toBe(expected)
})

test("a responder of another authority under the same root does not count", async () => {
  const otherDir = await mkdtemp(join(tmpdir(), "congthu-ocsp-"))
  const other = await openDevelopmentSmimeCa({ dir: otherDir, clock: { now: () => now } })
  await rm(otherDir, { recursive: true })
  const asked = question()
  const signer = signerOf(other.responderCertificate())
  expect(await outcome(ocspReply({ certId: certIdOf(asked), status: "good", thisUpdate: now, signer }), asked)).toBe("is signed by a responder of another issuer")
})

test.each([
  [1, "says that the request is malformed"],
  [3, "says to try later"],
  [6, "says that we may not ask"],
  [9, "has a status that is not known"],
])("status %i", async (code, expected) => {
  expect(await outcome(ocspRefusal(code), question())).toBe(expected)
})

withOpenssl("openssl reads our request", async () => {
  const asked = question(nonce)
  const file = join(dir, "request.der")
  await writeFile(file, writeOcspRequest(asked))
  const text = execFileSync("openssl", ["ocsp", "-reqin", file, "-req_text"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
  expect(text).toContain("Serial Number: 0A1B2C")
  expect(text).toContain(`0420${nonce.toString("hex").toUpperCase()}`)
})

withOpenssl.each(["sha1", "sha256"])("openssl's responder answers, also with CertIDs of %s, and we agree", async (digest) => {
  const file = (name: string): string => join(dir, name)
  const delegate = ca.responderCertificate()
  const good = ca.issue({ subject: { commonName: "Còn hiệu lực" }, serialNumber: "01" }).certificateDer
  const revoked = ca.issue({ subject: { commonName: "Bị thu hồi" }, serialNumber: "02" }).certificateDer
  await writeFile(file("responder.pem"), pem("CERTIFICATE", delegate.certificateDer))
  await writeFile(file("responder.key"), delegate.privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(file("index"), "V\t301231000000Z\t\t01\tunknown\t/CN=good\nR\t301231000000Z\t261101000000Z,superseded\t02\tunknown\t/CN=revoked\n")
  for (const [bytes, expected] of [[good, "good"], [revoked, "revoked: superseded"]] as const) {
    await writeFile(file("asked.pem"), pem("CERTIFICATE", bytes))
    execFileSync("openssl", ["ocsp", `-${digest}`, "-issuer", ca.intermediate.certificateFile, "-cert", file("asked.pem"), "-reqout", file("asked.der"), "-no_nonce"], { stdio: "ignore" })
    execFileSync("openssl", ["ocsp", "-index", file("index"), "-CA", ca.intermediate.certificateFile, "-rsigner", file("responder.pem"), "-rkey", file("responder.key"), "-reqin", file("asked.der"), "-respout", file("answer.der"), "-ndays", "1"], { stdio: "ignore" })
    expect(await outcome(await readFile(file("answer.der")), { certificate: certificateOf(bytes), issuer: ca.intermediate.certificate, nonce: null })).toBe(expected)
  }
})

withOpenssl("openssl takes our responder's answer, so that what the tests answer is what responders answer", async () => {
  const file = (name: string): string => join(dir, name)
  const asked = question()
  const time = Date.now()
  await writeFile(file("asked.pem"), pem("CERTIFICATE", asked.certificate.der))
  await writeFile(file("ours.der"), ocspReply({ certId: certIdOf(asked), status: { revokedAt: now - day, reason: 4 }, thisUpdate: time, nextUpdate: time + day, signer: signerOf(ca.responderCertificate()) }))
  const text = execFileSync("openssl", ["ocsp", "-issuer", ca.intermediate.certificateFile, "-cert", file("asked.pem"), "-respin", file("ours.der"), "-CAfile", ca.root.certificateFile, "-partial_chain", "-no_nonce"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
  expect(text).toMatch(/asked\.pem: revoked\n[^]*Reason: superseded/)
})

test("a damaged response never counts and never throws", async () => {
  const asked = question(nonce)
  const good = ocspReply({ certId: certIdOf(asked), status: "good", thisUpdate: now, nextUpdate: now + day, nonce, signer: ca.intermediate, certificates: [] })
  await fc.assert(
    fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
      const bytes = Buffer.from(good)
      bytes[at] = (bytes[at] ?? 0) ^ flip
      expect(["good", "revoked", "unknown"]).not.toContain(await outcome(bytes, asked))
    }),
    { numRuns: 1_000 },
  )
})
