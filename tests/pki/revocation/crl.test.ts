import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Certificate } from "../../../src/pki/certificate.ts"
import { context, contextPrimitive, der, derTag, octetString, positiveInteger, sequence } from "../../../src/pki/der.ts"
import { type DevelopmentSmimeCa, newKeyPair, openDevelopmentSmimeCa, type SmimeRequest } from "../../../src/pki/development-smime-ca.ts"
import { readCrl, statusByCrl, verifyCrl } from "../../../src/pki/revocation/crl.ts"
import { authority, directoryName, extension, keyUsage, subjectKeyIdentifier, uriName } from "../../../src/pki/write-extensions.ts"
import { pem, writeCertificate } from "../../../src/pki/write-certificate.ts"
import { certificateIssuer, crlReason, type TestCrl, testCrl } from "../../support/test-crl.ts"
import { installed } from "../../imap/clients/client-machine.ts"
import { certificateOf } from "../../support/smime-world.ts"

/** Skipped where it is not installed: what it makes or judges. */
const withOpenssl = test.skipIf(!installed("openssl"))

const now = Date.parse("2026-11-20T08:00:00Z")
const day = 86_400_000
let dir: string
let ca: DevelopmentSmimeCa
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-crl-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => now } })
})
afterAll(() => rm(dir, { recursive: true }))

const issued = (request: Partial<SmimeRequest> = {}): Certificate => certificateOf(ca.issue({ subject: { commonName: "Trần Thị B" }, ...request }).certificateDer)

const outcome = async (bytes: Uint8Array, certificate: Certificate, issuer = ca.intermediate.certificate): Promise<string> => {
  const read = readCrl(bytes)
  if (!read.ok) return read.failure
  const verified = await verifyCrl(read.value, [issuer])
  if (!verified.ok) return verified.failure
  const { status, reason } = statusByCrl(verified.value, certificate)
  return reason ? `${status}: ${reason}` : status
}

const listOf = (crl: Partial<TestCrl> = {}): Buffer => testCrl({ issuer: ca.intermediate, thisUpdate: now, ...crl })
const serial = "0a1b2c"
const target = () => issued({ serialNumber: serial, crlUrls: ["http://crl.tinh.example/a.crl"] })

const booleanAt = (number: number): Buffer => contextPrimitive(number, Buffer.from([0xff]))
const fullName = (url: string): Buffer => context(0, context(0, uriName(url)))
const issuingPoint = (...items: readonly Buffer[]): Buffer => extension("2.5.29.28", true, sequence(...items))
const delta = extension("2.5.29.27", true, positiveInteger(Buffer.from([1])))
const strange = extension("1.3.6.1.4.1.99999.1", true, der(derTag.null))
const mildlyStrange = extension("1.3.6.1.4.1.99999.1", false, der(derTag.null))

const table: readonly (readonly [string, () => Partial<TestCrl>, string])[] = [
  ["an empty list", () => ({}), "good"],
  ["another serial number", () => ({ entries: [{ serialNumber: "0a1b2d" }] }), "good"],
  ["its serial number", () => ({ entries: [{ serialNumber: serial }] }), "revoked"],
  ["its serial number among others, with a reason", () => ({ entries: [{ serialNumber: "05" }, { serialNumber: serial, extensions: [crlReason(1)] }, { serialNumber: "ff" }] }), "revoked: keyCompromise"],
  ["on hold", () => ({ entries: [{ serialNumber: serial, extensions: [crlReason(6)] }] }), "revoked: certificateHold"],
  ["a reason without a name", () => ({ entries: [{ serialNumber: serial, extensions: [crlReason(7)] }] }), "revoked"],
  ["off hold again", () => ({ entries: [{ serialNumber: serial, extensions: [crlReason(8)] }] }), "good"],
  ["an entry's strange extension", () => ({ entries: [{ serialNumber: serial, extensions: [mildlyStrange, crlReason(4)] }] }), "revoked: superseded"],
  ["an entry's strange critical extension", () => ({ entries: [{ serialNumber: "05", extensions: [strange] }] }), "has entries that cannot be used"],
  ["an entry with a date that is none", () => ({ entries: [{ serialNumber: serial, date: octetString(Buffer.from("261120080000Z")) }] }), "has entries that cannot be used"],
  ["a strange extension", () => ({ extensions: [mildlyStrange] }), "good"],
  ["a strange critical extension", () => ({ extensions: [strange] }), "has the critical extension 1.3.6.1.4.1.99999.1, which is not understood"],
  ["a number", () => ({ extensions: [extension("2.5.29.20", false, positiveInteger(Buffer.from([5])))] }), "good"],
  ["an extension twice", () => ({ extensions: [mildlyStrange, mildlyStrange] }), "has an extension twice"],
  ["off hold, and revoked in another entry", () => ({ entries: [{ serialNumber: serial, extensions: [crlReason(8)] }, { serialNumber: serial, extensions: [crlReason(1)] }] }), "revoked: keyCompromise"],
  ["a delta that names others", () => ({ extensions: [delta], entries: [{ serialNumber: "05" }] }), "unknown"],
  ["a delta that names it", () => ({ extensions: [delta], entries: [{ serialNumber: serial, extensions: [crlReason(1)] }] }), "revoked: keyCompromise"],
  ["a delta that takes it off hold", () => ({ extensions: [delta], entries: [{ serialNumber: serial, extensions: [crlReason(8)] }] }), "good"],
  ["a delta, whether or not it says that it must be understood", () => ({ extensions: [extension("2.5.29.27", false, positiveInteger(Buffer.from([1])))] }), "unknown"],
  ["a delta that is indirect", () => ({ extensions: [issuingPoint(booleanAt(4)), delta], entries: [{ serialNumber: serial, extensions: [crlReason(8)] }] }), "good"],
  ["the certificate's distribution point", () => ({ extensions: [issuingPoint(fullName("http://crl.tinh.example/a.crl"))] }), "good"],
  ["another distribution point", () => ({ extensions: [issuingPoint(fullName("http://crl.tinh.example/b.crl"))] }), "unknown"],
  ["a relative distribution point", () => ({ extensions: [issuingPoint(context(0, context(1)))] }), "has a distribution point by relative name"],
  ["for users", () => ({ extensions: [issuingPoint(booleanAt(1))] }), "good"],
  ["for authorities", () => ({ extensions: [issuingPoint(booleanAt(2))] }), "unknown"],
  ["for some reasons", () => ({ extensions: [issuingPoint(contextPrimitive(3, Buffer.from([6, 0x40])))] }), "is for some reasons only"],
  ["an entry of another issuer on a list that is not indirect", () => ({ entries: [{ serialNumber: serial, extensions: [certificateIssuer(ca.root.certificate)] }] }), "has entries that cannot be used"],
  ["an entry of another issuer on an indirect list", () => ({ extensions: [issuingPoint(booleanAt(4))], entries: [{ serialNumber: serial, extensions: [certificateIssuer(ca.root.certificate)] }] }), "good"],
  ["for authorities, TRUE written as 01", () => ({ extensions: [issuingPoint(contextPrimitive(2, Buffer.from([1])))] }), "unknown"],
  ["the same, TRUE written as 01", () => ({ extensions: [issuingPoint(contextPrimitive(4, Buffer.from([1])))], entries: [{ serialNumber: serial, extensions: [certificateIssuer(ca.root.certificate)] }] }), "good"],
  ["a scope of which nobody has heard", () => ({ extensions: [issuingPoint(contextPrimitive(6, Buffer.from([0xff])))] }), "has a scope that is not understood"],
  ["a directory's name for its distribution point", () => ({ extensions: [issuingPoint(context(0, context(0, directoryName(Buffer.from(ca.intermediate.certificate.subject.der)))))] }), "unknown"],
  ["for attribute certificates", () => ({ extensions: [issuingPoint(booleanAt(5))] }), "is for attribute certificates"],
  ["SHA-384", () => ({ digest: "sha384" }), "good"],
  ["SHA-1", () => ({ digest: "sha1" }), "is signed with sha1 (1.2.840.10045.4.1)"],
  ["another issuer's signature", () => ({ issuer: { certificate: ca.intermediate.certificate, privateKey: newKeyPair("P-256").privateKey } }), "has a broken signature"],
  ["another issuer's list", () => ({ issuer: ca.root }), "is of another issuer"],
  ["a key of another kind", () => ({ issuer: { certificate: ca.intermediate.certificate, privateKey: newKeyPair("ed25519").privateKey } }), "names a signature algorithm that is not its key's"],
  ["made after the certificate expired", () => ({ thisUpdate: now + 400 * day }), "unknown"],
]

test.each(table)("%s", async (_name, crl, expected) => {
  expect(await outcome(listOf(crl()), target())).toBe(expected)
})

test.each([
  ["rsa2048", false],
  ["rsa2048", true],
  ["ed25519", false],
  ["P-384", false],
] as const)("signed by a %s key (PSS: %s)", async (keyType, pss) => {
  const { privateKey, publicKey } = newKeyPair(keyType)
  const subject = ca.intermediate.certificate.subject.der
  const certificateDer = writeCertificate({
    subject: Buffer.from(subject), issuer: subject, publicKey, notBefore: now, notAfter: now + day, serialNumber: "01", signer: { privateKey },
    extensions: [subjectKeyIdentifier(publicKey), authority(null), keyUsage(["cRLSign"])],
  })
  const certificate = certificateOf(certificateDer)
  expect(await outcome(testCrl({ issuer: { certificate, privateKey }, thisUpdate: now, pss, entries: [{ serialNumber: serial }] }), target(), certificate)).toBe("revoked")
})

test("an issuer that may sign certificates but not lists", async () => {
  const { privateKey, publicKey } = newKeyPair("P-256")
  const subject = ca.intermediate.certificate.subject.der
  const certificate = certificateOf(writeCertificate({ subject: Buffer.from(subject), issuer: subject, publicKey, notBefore: now, notAfter: now + day, serialNumber: "01", signer: { privateKey }, extensions: [authority(null), keyUsage(["keyCertSign"])] }))
  expect(await outcome(testCrl({ issuer: { certificate, privateKey }, thisUpdate: now }), target(), certificate)).toBe("is signed by a certificate that may not sign lists")
})

/** A folder in which `openssl ca` revokes and writes lists for our authority; `sections` are extensions of lists, by name. */
async function opensslAuthority(folder: string, sections: Readonly<Record<string, string>>) {
  const file = (name: string): string => join(dir, folder, name)
  await mkdir(file(""))
  await writeFile(file("index.txt"), "")
  await writeFile(file("crlnumber"), "1000\n")
  const extensions = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines}\n`).join("")
  await writeFile(file("ca.cnf"), `[ca]\ndefault_ca=own\n[own]\ndatabase=${file("index.txt")}\ncrlnumber=${file("crlnumber")}\ndefault_md=sha256\ndefault_crl_days=30\n${extensions}`)
  const openssl = (...args: readonly string[]): Buffer => execFileSync("openssl", args, { stdio: ["ignore", "pipe", "pipe"] })
  const named = ["ca", "-config", file("ca.cnf"), "-cert", ca.intermediate.certificateFile, "-keyfile", join(dir, "smime-signing.key")]
  return {
    async revoke(certificate: Uint8Array, reason: string): Promise<void> {
      await writeFile(file("revoked.pem"), pem("CERTIFICATE", certificate))
      openssl(...named, "-revoke", file("revoked.pem"), "-crl_reason", reason)
    },
    list(section: string): Buffer {
      openssl(...named, "-gencrl", "-crlexts", section, "-out", file("list.pem"))
      return openssl("crl", "-in", file("list.pem"), "-outform", "DER")
    },
  }
}

withOpenssl("lists of every scope that openssl made: none that is not for everybody says good", async () => {
  const revoked = ca.issue({ subject: { commonName: "Bị thu hồi" }, serialNumber: "00c0ffef", crlUrls: ["http://crl.tinh.example/a.crl"] }).certificateDer
  const kept = certificateOf(ca.issue({ subject: { commonName: "Còn hiệu lực" }, crlUrls: ["http://crl.tinh.example/a.crl"] }).certificateDer)
  const point = "issuingDistributionPoint=critical,@idp"
  const made = await opensslAuthority("scopes", {
    complete: "freshestCRL=URI:http://crl.tinh.example/delta.crl", delta: "2.5.29.27=critical,DER:02:02:10:00",
    users: `${point}\n[idp]\nfullname=URI:http://crl.tinh.example/a.crl\nonlyuser=TRUE`, other: `${point}2\n[idp2]\nfullname=URI:http://crl.tinh.example/b.crl`,
    authorities: `${point}3\n[idp3]\nonlyCA=TRUE`, reasons: `${point}4\n[idp4]\nonlysomereasons=keyCompromise`, indirect: `${point}5\n[idp5]\nindirectCRL=TRUE`,
  })
  await made.revoke(revoked, "keyCompromise")
  const says = async (section: string): Promise<readonly string[]> => {
    const list = made.list(section)
    return [await outcome(list, certificateOf(revoked)), await outcome(list, kept)]
  }
  expect(await says("complete")).toEqual(["revoked: keyCompromise", "good"])
  expect(await says("delta")).toEqual(["revoked: keyCompromise", "unknown"])
  expect(await says("users")).toEqual(["revoked: keyCompromise", "good"])
  expect(await says("other")).toEqual(["unknown", "unknown"])
  expect(await says("authorities")).toEqual(["unknown", "unknown"])
  expect(await says("reasons")).toEqual(Array(2).fill("is for some reasons only"))
  expect(await says("indirect")).toEqual(["revoked: keyCompromise", "good"])
  const [complete, delta] = ["complete", "delta"].map((section) => readCrl(made.list(section)))
  expect(complete?.ok && complete.value).toMatchObject({ base: null, deltaUrls: ["http://crl.tinh.example/delta.crl"] })
  expect(delta?.ok && delta.value).toMatchObject({ base: "1000", deltaUrls: [] })
})

withOpenssl("a list that openssl made says the same of what openssl revoked", async () => {
  const revoked = ca.issue({ subject: { commonName: "Bị thu hồi" }, serialNumber: "00c0ffee" }).certificateDer
  const kept = ca.issue({ subject: { commonName: "Còn hiệu lực" } }).certificateDer
  const made = await opensslAuthority("plain", { plain: "authorityKeyIdentifier=keyid" })
  await made.revoke(revoked, "cessationOfOperation")
  const list = made.list("plain")
  expect(await outcome(list, certificateOf(revoked))).toBe("revoked: cessationOfOperation")
  expect(await outcome(list, certificateOf(kept))).toBe("good")
  const read = readCrl(list)
  expect(read.ok && read.value.number).toBe("1000")
})

test("a hundred thousand entries: all found, nothing else, and the event loop goes on", async () => {
  const serials = Array.from({ length: 100_000 }, (_, at) => `${randomBytes(12).toString("hex")}${at.toString(16).padStart(8, "0")}`)
  const superseded = [crlReason(4)]
  const bytes = listOf({ entries: serials.map((serialNumber) => ({ serialNumber, extensions: superseded })) })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const before = performance.now()
  delay.enable()
  const read = readCrl(bytes)
  if (!read.ok) throw new Error(read.failure)
  const verified = await verifyCrl(read.value, [ca.intermediate.certificate])
  delay.disable()
  const took = performance.now() - before
  if (!verified.ok) throw new Error(verified.failure)
  console.log(`${(bytes.length / 2 ** 20).toFixed(1)} MiB, 100,000 entries: ${took.toFixed(0)} ms, longest turn ${(delay.max / 1e6).toFixed(1)} ms`)
  const { revoked } = verified.value
  expect(revoked.count).toBe(100_000)
  const issuer = ca.intermediate.certificate.subject
  const trimmed = serials.map((text) => text.replace(/^(?:00)+(?=..)/, ""))
  expect(trimmed.filter((one) => revoked.find(one, issuer)?.reason !== "superseded")).toEqual([])
  expect(serials.filter((one) => revoked.find(`7f${one.slice(2, -2)}`, issuer) !== undefined)).toEqual([])
})

test("a damaged list never counts and never throws", async () => {
  const certificate = target()
  const good = listOf({ entries: [{ serialNumber: "05", extensions: [crlReason(1)] }, { serialNumber: serial }], extensions: [issuingPoint(fullName("http://crl.tinh.example/a.crl"))] })
  const damage = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }))
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), fc.nat(20), async (places, cut) => {
      const bytes = Buffer.from(good.subarray(0, good.length - (cut > 18 ? cut : 0)))
      for (const [at, flip] of places) if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ flip
      fc.pre(!bytes.equals(good))
      expect(["good", "unknown", "revoked"]).not.toContain(await outcome(bytes, certificate))
    }),
    { numRuns: 1_500 },
  )
})

test("bytes of strangers never throw", async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
    expect(typeof (await outcome(bytes, target()))).toBe("string")
  }), { numRuns: 300 })
})
