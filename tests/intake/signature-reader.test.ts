import { hash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import { signatureFactsOf } from "../../src/accounts/signature-facts-of.ts"
import { ok } from "../../src/base/result.ts"
import { createSignatureReader, type SignatureReader } from "../../src/intake/signature-reader.ts"
import type { CertificateStatuses } from "../../src/pki/certificate-status.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import type { PathPurpose } from "../../src/pki/path-rules.ts"
import type { RevocationStore } from "../../src/pki/revocation/revocation-store.ts"
import type { MessageSignature, SignatureProblem } from "../../src/pki/signature-facts.ts"
import { bytesSource } from "../../src/pki/smime/message-source.ts"
import { createVerifyPool } from "../../src/pki/verify/verify-pool.ts"
import { extendedKeyUsage } from "../../src/pki/write-extensions.ts"
import { registeredCertificates } from "../../src/roles/registered-certificates.ts"
import { loadDirectory } from "../../src/store/sql/directory.ts"
import { installed } from "../imap/clients/client-machine.ts"
import { bareSignedMessage } from "../support/bare-signature.ts"
import type { TestDatabase } from "../support/database.ts"
import { certificateOf, createStoredWorld, hours, signing, type SmimeWorld, timeStamping } from "../support/smime-world.ts"
import { scan } from "../mail/scan.ts"
import { createProvince } from "../support/province.ts"
import { insertCertificate } from "../support/smime-people.ts"
import { unwrap } from "../support/store.ts"
import { stampToken } from "../support/timestamp-authority.ts"

const days = (count: number): number => hours(24 * count)

let world: SmimeWorld
let database: TestDatabase
let store: RevocationStore
let close: () => Promise<void>
beforeAll(async () => {
  ;({ world, database, store, close } = await createStoredWorld())
  world.clock.time += days(100)
})
afterAll(() => close())

const statuses = (purpose: PathPurpose): CertificateStatuses => world.statuses(purpose, world.checker(store))

interface Case {
  /** Of the certificate, and of the stamp, before now. */
  readonly ended: number
  readonly stamped: number
  readonly tokens?: number
}

/** A signature by a certificate that has ended, stamped before: what the bytes say is given, what is thought of it is found out. */
function signatureOf({ ended, stamped }: Case): MessageSignature {
  const now = world.clock.time
  const value = randomBytes(64)
  const holder = world.ca.issue({ subject: { commonName: "An" }, crlUrls: [world.server.urls.crl], notBefore: now - days(90), notAfter: now - ended })
  const authority = world.ca.issue({
    subject: { commonName: "TSA" }, keyUsage: ["digitalSignature"], extendedKeyUsage: [], crlUrls: [world.server.urls.crl], extensions: [extendedKeyUsage([keyPurpose.timeStamping], true)], notBefore: now - days(90),
  })
  const token = stampToken({ signer: { certificate: certificateOf(authority.certificateDer), privateKey: authority.privateKey }, at: now - stamped, imprint: hash("sha256", value, "buffer") })
  return {
    form: "multipart", problems: [], certificates: [Buffer.from(holder.certificateDer).toString("base64")], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: ["an@tinh.example"], sender: [],
    signers: [{
      fingerprint: certificateOf(holder.certificateDer).fingerprint, issuerDer: null, serialNumber: null, subjectKeyIdentifier: null, intact: true, digestAlgorithm: "sha256", signatureAlgorithm: "ecdsa", signingTime: null,
      timestamps: [token.toString("base64")], signatureDigests: { sha256: hash("sha256", value, "base64") }, problems: [],
    }],
  }
}

const nobody = { of: () => Promise.reject(new Error("nobody is asked")) }
const nobodyKnows = async (): Promise<readonly Uint8Array[]> => []

const message = Buffer.from('Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nAA==\r\n--b--\r\n')

async function problemsOf(signature: MessageSignature): Promise<readonly SignatureProblem[]> {
  const reader: SignatureReader = createSignatureReader({ pool: { verify: () => Promise.resolve(ok(signature)) }, statuses: statuses(signing), stampStatuses: statuses(timeStamping), registered: nobodyKnows })
  const read = await reader.read({ sha256: hash("sha256", message, "buffer"), size: message.length, scanned: scan(message), read: async function* () { yield message } }, world.clock.time)
  if (!read.ok) throw new Error(read.failure.detail)
  return [...(read.value?.statuses.values() ?? [])].flatMap(({ problems }) => problems)
}

test.skipIf(!installed("openssl")).each(["issuerAndSerial", "keyIdentifier"] as const)("a signature without its certificate is verified with the registry's, and with no other (%s)", async (named) => {
  await database.query({ text: "TRUNCATE organization_unit, principal, account CASCADE" })
  await createProvince(database)
  const [signer, stranger] = ["an@tinh.example", "ai@xa.example"].map((address) => world.ca.issue({ subject: { commonName: "An" }, addresses: [address], crlUrls: [world.server.urls.crl] }))
  if (!signer || !stranger) throw new Error("nobody signs")
  await insertCertificate(database, "an", signer.certificateDer)
  const directory = await loadDirectory(database)
  const pool = createVerifyPool({ threads: 1, log: { error: () => undefined } })
  const reader = createSignatureReader({ pool, statuses: statuses(signing), stampStatuses: nobody, registered: registeredCertificates(database, () => directory) })
  const facts = async (letter: Buffer) => {
    const read = unwrap(await reader.read({ sha256: hash("sha256", letter, "buffer"), size: letter.length, scanned: scan(letter), read: bytesSource(letter).read }, world.clock.time))
    return read && signatureFactsOf(read, { directory, now: world.clock.time, addressBinding: false })
  }
  try {
    const letter = await bareSignedMessage(signer, "an@tinh.example", named)
    expect(await facts(letter)).toMatchObject({ status: "valid", problems: [], signers: [{ fingerprint: certificateOf(signer.certificateDer).fingerprint, holder: { principalId: "an" } }] })
    const forged = Buffer.from(letter.toString("latin1").replace("Kinh gui", "kinh gui"), "latin1")
    expect(await facts(forged)).toMatchObject({ status: "invalid", problems: ["broken"], signers: [{ holder: { principalId: "an" } }] })
    expect(await facts(await bareSignedMessage(stranger, "an@tinh.example", named))).toMatchObject({ status: "invalid", signers: [{ fingerprint: null, holder: null }] })
    expect((await facts(await bareSignedMessage(stranger, "an@tinh.example", named)))?.problems).toContain("noCertificate")
  } finally {
    await pool.close()
  }
})

test("a stamp stands in for now while a message may have been on its way", async () => {
  // not expired; but a list that was made after its end says nothing of it, so that a person is asked
  expect(await problemsOf(signatureOf({ ended: hours(1), stamped: hours(2) }))).toEqual(["revocationUnknown"])
})

test("a certificate that ended before the stamp is no better for it", async () => {
  expect(await problemsOf(signatureOf({ ended: hours(2), stamped: hours(1) }))).toEqual(["expired"])
})

test("an old message sent again is judged for now, whatever its stamp proves", async () => {
  expect(await problemsOf(signatureOf({ ended: days(20), stamped: days(30) }))).toEqual(["expired"])
})

test.each<readonly ["multipart" | "opaque", Buffer]>([
  ["multipart", message],
  ["opaque", Buffer.from("Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n")],
])("a verification that takes too long is ended, and the signature is a bad one and not a missing one (%s)", async (form, letter) => {
  const pool = createVerifyPool({ script: new URL("../pki/verify/strange-worker.ts", import.meta.url), threads: 1, limitMs: 400, log: { error: () => undefined } })
  try {
    const reader = createSignatureReader({ pool, statuses: nobody, stampStatuses: nobody, registered: nobodyKnows })
    const read = unwrap(await reader.read({ sha256: hash("sha256", letter, "buffer"), size: 4, scanned: scan(letter), read: async function* () { yield Buffer.from("spin") } }, 0))
    const directory = await buildDirectory({ version: 1, unitDomains: [], units: [], accounts: [], principals: [], assignments: [], certificates: [], aliases: [], groups: [] })
    expect(read && signatureFactsOf(read, { directory, now: 0, addressBinding: false })).toMatchObject({ status: "invalid", problems: ["tooSlow"], form })
  } finally {
    await pool.close()
  }
})

test("the certificates of a message are read in turns: others have theirs in between", async () => {
  const addresses = Array.from({ length: 100 }, (_, at) => `di-cung-${at}@tinh.example`)
  const certificates = Array.from({ length: 32 }, () => Buffer.from(world.ca.issue({ subject: { commonName: "Đi cùng" }, addresses }).certificateDer).toString("base64"))
  const reader = createSignatureReader({ pool: { verify: async () => ok({ ...signatureOf({ ended: 0, stamped: 0 }), signers: [], certificates }) }, statuses: nobody, stampStatuses: nobody, registered: nobodyKnows })
  let turns = 0
  let over = false
  const turn = (): void => {
    turns++
    if (!over) setImmediate(turn)
  }
  setImmediate(turn)
  const read = unwrap(await reader.read({ sha256: hash("sha256", message, "buffer"), size: message.length, scanned: scan(message), read: async function* () { yield message } }, world.clock.time))
  over = true
  expect(read?.certificates.size).toBe(32)
  // two or three certificates of three kilobytes are a turn
  expect(turns).toBeGreaterThanOrEqual(8)
})
