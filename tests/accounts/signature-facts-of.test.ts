import { execFile, spawnSync } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Directory } from "../../src/accounts/directory.ts"
import { signatureFactsOf } from "../../src/accounts/signature-facts-of.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { Certificate } from "../../src/pki/certificate.ts"
import { developmentTrust, type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import { mailSigning } from "../../src/pki/path-rules.ts"
import type { SignatureFacts } from "../../src/pki/signature-facts.ts"
import { bytesSource } from "../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../src/pki/smime/verify-message-signature.ts"
import { createPathValidator, type PathValidator } from "../../src/pki/validate-path.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import type { CertificateRegistry } from "../../src/store/certificate-registry.ts"
import { createCertificateRegistry } from "../../src/store/sql/certificates.ts"
import { loadDirectory } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"

const run = promisify(execFile)
const change = { by: "test", source: "command" }
let database: TestDatabase
let dir: string
let ca: DevelopmentSmimeCa
let paths: PathValidator
let registry: CertificateRegistry
beforeAll(async () => {
  database = await createTestDatabase(2)
  await createProvince(database)
  await database.query({ text: "UPDATE assignment SET rights = ARRAY['read', 'sign'] WHERE principal_id = 'an' AND account_id = (SELECT id FROM account WHERE address = 'van-phong@tinh.example')" })
  registry = createCertificateRegistry(database)
  dir = await mkdtemp(join(tmpdir(), "congthu-facts-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: systemClock })
  paths = createPathValidator(developmentTrust(ca, { minRsaBits: 2_048, curves: ["P-256"], digests: ["sha256"], ed25519: true }))
  await writeFile(join(dir, "entity"), "Content-Type: text/plain; charset=utf-8\r\n\r\nBáo cáo.\r\n")
  await writeFile(join(dir, "chain.pem"), pem("CERTIFICATE", ca.intermediate.certificate.der))
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

const parsed = (der: Uint8Array): Certificate => {
  const certificate = parseCertificate(der)
  if (!certificate.ok) throw new Error(certificate.failure.detail)
  return certificate.value
}

/** What a mail client would send: signed by OpenSSL, the chain along with it. */
async function signed(name: string, from: string, addresses: readonly string[] = []): Promise<{ readonly certificate: Certificate; readonly message: Buffer }> {
  const { certificateDer, privateKey } = ca.issue({ subject: { commonName: name, country: "VN" }, addresses })
  const at = (file: string): string => join(dir, file)
  await writeFile(at("key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(at("cert.pem"), pem("CERTIFICATE", certificateDer))
  await run("openssl", [
    "cms", "-sign", "-binary", "-in", at("entity"), "-signer", at("cert.pem"), "-inkey", at("key.pem"), "-certfile", at("chain.pem"), "-from", from, "-to", "b@tinh.example", "-subject", "x", "-out", at("out.eml"),
  ])
  return { certificate: parsed(certificateDer), message: Buffer.from((await readFile(at("out.eml"), "latin1")).replace(/\r?\n/g, "\r\n"), "latin1") }
}

/** The three steps, without revocation. */
async function facts(message: Buffer, directory: Directory, addressBinding = false): Promise<SignatureFacts> {
  const signature = await verifyMessageSignature(bytesSource(message), { clock: systemClock })
  const along = signature.certificates.map((der) => parsed(Buffer.from(der, "base64")))
  const certificates = new Map(along.map((certificate) => [certificate.fingerprint, certificate]))
  const now = systemClock.now()
  const statuses = new Map(
    signature.signers.flatMap(({ fingerprint }) => {
      const certificate = fingerprint === null ? undefined : certificates.get(fingerprint)
      if (!certificate) return []
      const { problems, chain, anchor } = paths.validate({ certificate, intermediates: along, purpose: mailSigning([keyPurpose.emailProtection]), at: now })
      return [[certificate.fingerprint, { fingerprint: certificate.fingerprint, problems, chain: chain.map(({ der }) => Buffer.from(der).toString("base64")), anchor, revocation: [], at: now }]]
    }),
  )
  return signatureFactsOf({ signature, certificates, statuses, provenTime: () => null }, { directory, now, addressBinding })
}

describe.skipIf(spawnSync("openssl", ["version"]).status !== 0)("a message signed by OpenSSL", () => {
  test("is valid once its certificate is registered, and not any more once it is suspended or revoked", async () => {
    const { certificate, message } = await signed("Nguyễn Văn An", "an@tinh.example")
    const now = async (): Promise<SignatureFacts> => facts(message, await loadDirectory(database))
    expect(await now()).toMatchObject({ status: "invalid", problems: ["unregistered"], signers: [{ holder: null }] })
    await registry.add([{ certificate, principalId: "an", use: "personal", accounts: [], from: null, until: null }], change)
    expect(await now()).toMatchObject({ status: "valid", problems: [], form: "multipart", signers: [{ subject: "CN=Nguyễn Văn An,C=VN", holder: { principalId: "an", kind: "individual", name: "Nguyễn Văn An" } }] })
    await registry.setState(certificate.fingerprint, "suspended", { ...change, reason: "" })
    expect(await now()).toMatchObject({ status: "invalid", problems: ["holderSuspended"] })
    await registry.setState(certificate.fingerprint, "active", { ...change, reason: "" })
    expect(await now()).toMatchObject({ status: "valid" })
    await database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'an'" })
    expect(await now()).toMatchObject({ status: "invalid", problems: ["holderSuspended"] })
    await database.query({ text: "UPDATE principal SET suspended_at = NULL WHERE id = 'an'" })
    await registry.setState(certificate.fingerprint, "revoked", { ...change, reason: "" })
    expect(await now()).toMatchObject({ status: "invalid", problems: ["revoked"] })
  })

  test("for an office is valid by the right to sign, and for anybody else it is not", async () => {
    const office = await signed("An ký cho Văn phòng", "van-phong@tinh.example")
    await registry.add([{ certificate: office.certificate, principalId: "an", use: "mobile", accounts: ["van-phong@tinh.example"], from: null, until: null }], change)
    expect(await facts(office.message, await loadDirectory(database))).toMatchObject({ status: "valid" })
    const other = await signed("Bình ký cho Văn phòng", "van-phong@tinh.example")
    await registry.add([{ certificate: other.certificate, principalId: "binh", use: "personal", accounts: [], from: null, until: null }], change)
    expect(await facts(other.message, await loadDirectory(database))).toMatchObject({ status: "invalid", problems: ["noSigningRight"] })
  })

  test("from elsewhere is bound by the address in its certificate", async () => {
    const good = await signed("Người ngoài", "ai@noikhac.example", ["ai@noikhac.example"])
    expect(await facts(good.message, await loadDirectory(database))).toMatchObject({ status: "valid", signers: [{ holder: null }] })
    const bad = await signed("Người ngoài", "ai@noikhac.example", ["khac@noikhac.example"])
    expect(await facts(bad.message, await loadDirectory(database))).toMatchObject({ status: "invalid", problems: ["holderMismatch"] })
  })

  test("from here by an unregistered certificate with the address counts only where policy says so", async () => {
    const { message } = await signed("Trần Thị Bình", "binh@tinh.example", ["binh@tinh.example"])
    const directory = await loadDirectory(database)
    expect(await facts(message, directory)).toMatchObject({ status: "invalid", problems: ["unregistered"] })
    expect(await facts(message, directory, true)).toMatchObject({ status: "valid", signers: [{ holder: { principalId: "binh" } }] })
  })
})
