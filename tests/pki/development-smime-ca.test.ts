import { execFileSync } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { installed } from "../imap/clients/client-machine.ts"

const start = Date.parse("2026-11-01T00:00:00Z")
const day = 86_400_000
/** Skipped where it is not installed. */
const withOpenssl = test.skipIf(!installed("openssl"))

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-smime-"))
})
afterEach(() => rm(dir, { recursive: true }))

const open = (now = start) => openDevelopmentSmimeCa({ dir, clock: { now: () => now } })

const openssl = (...args: readonly string[]): string => execFileSync("openssl", args, { encoding: "utf8" })

async function asFile(name: string, text: string): Promise<string> {
  await writeFile(join(dir, name), text)
  return join(dir, name)
}

withOpenssl.each(["P-256", "P-384", "rsa2048", "ed25519"] as const)("openssl verifies a %s certificate as an S/MIME signer's", async (keyType) => {
  const ca = await open()
  const { certificateDer, privateKey } = ca.issue({ subject: { commonName: "Nguyễn Văn A", organization: "Sở Nội vụ", country: "VN" }, addresses: ["a@tinh.example", "lê@tinh.example"], keyType })
  const file = await asFile("holder.pem", pem("CERTIFICATE", certificateDer))
  const said = openssl("verify", "-attime", String(start / 1000), "-purpose", "smimesign", "-x509_strict", "-CAfile", ca.root.certificateFile, "-untrusted", ca.intermediate.certificateFile, file)
  expect(said).toContain(": OK")
  expect(new X509Certificate(certificateDer).checkPrivateKey(privateKey)).toBe(true)
})

withOpenssl("openssl verifies the CRL and reads serial number, time and reason of what is revoked", async () => {
  const ca = await open()
  const crl = await asFile("list.pem", pem("X509 CRL", ca.crl({ revoked: [{ serialNumber: "00a1", revokedAt: start, reason: "keyCompromise" }], thisUpdate: start, nextUpdate: start + day })))
  const text = openssl("crl", "-in", crl, "-CAfile", ca.intermediate.certificateFile, "-noout", "-text")
  expect(text).toMatch(/Serial Number: A1\n\s+Revocation Date: Nov {2}1 00:00:00 2026 GMT\n[^]*Key Compromise/)
  expect(text).toContain("Next Update: Nov  2 00:00:00 2026 GMT")
})

withOpenssl("an empty CRL and the root's own are good as well", async () => {
  const ca = await open()
  const crl = await asFile("list.pem", pem("X509 CRL", ca.crl({ issuer: "root", revoked: [], thisUpdate: start, nextUpdate: start + day })))
  expect(openssl("crl", "-in", crl, "-CAfile", ca.root.certificateFile, "-noout", "-text")).toContain("No Revoked Certificates")
})

withOpenssl.each([
  ["responder", "OCSP Signing", "ocsphelper"],
  ["time-stamping authority", "Time Stamping", "timestampsign"],
] as const)("the %s's certificate is for that purpose alone", async (which, purpose, opensslPurpose) => {
  const ca = await open()
  const { certificateDer } = which === "responder" ? ca.responderCertificate() : ca.timestampCertificate()
  const file = await asFile("helper.pem", pem("CERTIFICATE", certificateDer))
  expect(openssl("x509", "-in", file, "-noout", "-ext", "extendedKeyUsage").split("\n")[1]?.trim()).toBe(purpose)
  const said = openssl("verify", "-attime", String(start / 1000), "-purpose", opensslPurpose, "-CAfile", ca.root.certificateFile, "-untrusted", ca.intermediate.certificateFile, file)
  expect(said).toContain(": OK")
})

test("keys are readable by their owner only, and a second start changes nothing", async () => {
  await open()
  const files = ["smime-root.key", "smime-root.pem", "smime-signing.key", "smime-signing.pem"].map((name) => join(dir, name))
  for (const file of files) expect((await stat(file)).mode & 0o777).toBe(file.endsWith(".key") ? 0o600 : 0o644)
  const before = await Promise.all(files.map((file) => readFile(file, "utf8")))
  await open(start + day)
  expect(await Promise.all(files.map((file) => readFile(file, "utf8")))).toEqual(before)
})

test("a signing CA that has lost its key is made anew under the same root", async () => {
  const first = await open()
  await rm(join(dir, "smime-signing.key"))
  const second = await open()
  expect(second.root.certificate.fingerprint).toBe(first.root.certificate.fingerprint)
  expect(second.intermediate.certificate.fingerprint).not.toBe(first.intermediate.certificate.fingerprint)
})

test("a signing CA below another root is made anew", async () => {
  const first = await open()
  await rm(join(dir, "smime-root.key"))
  const second = await open()
  expect(second.intermediate.certificate.issuer.der).toEqual(second.root.certificate.subject.der)
  expect(second.intermediate.certificate.fingerprint).not.toBe(first.intermediate.certificate.fingerprint)
})
