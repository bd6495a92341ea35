import { execFileSync } from "node:child_process"
import { createCipheriv } from "node:crypto"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { context, contextPrimitive, octetString, oid, positiveInteger, sequence } from "../../src/pki/der.ts"
import { derivePkcs12 } from "../../src/pki/pkcs12-derivation.ts"
import { readCertificates } from "../../src/pki/read-certificates.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { installed } from "../imap/clients/client-machine.ts"
import { authorityOf, holderOf } from "../support/test-pki.ts"

/** Skipped where it is not installed: these files are made, or judged, by it. */
const withOpenssl = test.skipIf(!installed("openssl"))

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "congthu-read-"))
  writeFileSync(join(dir, "chain.pem"), chainText)
  writeFileSync(join(dir, "holder.pem"), holderText)
  writeFileSync(join(dir, "holder.key"), keyText)
})
afterAll(() => rmSync(dir, { recursive: true }))

const root = authorityOf({ name: "Root" })
const holder = holderOf({ by: root, name: "Nguyễn Văn A" })
const holderText = pem("CERTIFICATE", holder.certificate.der)
const chainText = holderText + pem("CERTIFICATE", root.certificate.der)
const keyText = holder.privateKey.export({ type: "pkcs8", format: "pem" }).toString()

const openssl = (...args: readonly string[]): Buffer => execFileSync("openssl", args, { cwd: dir, stdio: ["ignore", "pipe", "ignore"] })
const pkcs7 = (form: string): Buffer => openssl("crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-outform", form)
const pkcs12 = (...args: readonly string[]): Buffer => openssl("pkcs12", "-export", "-in", "chain.pem", ...(args.includes("-inkey") ? args : ["-nokeys", ...args]))

function names(bytes: Uint8Array, password?: string): readonly string[] | string {
  const result = readCertificates(bytes, password)
  return result.ok ? result.value.map(({ subject }) => subject.commonName) : result.failure.detail
}

withOpenssl.each<readonly [string, () => Uint8Array, readonly string[], string]>([
  ["DER", () => holder.certificate.der, ["Nguyễn Văn A"], ""],
  ["PEM with several", () => Buffer.from(chainText), ["Nguyễn Văn A", "Root"], ""],
  ["PEM with text around, in DOS lines", () => Buffer.from(`Bag Attributes\n${chainText}\nthe end\n`.replaceAll("\n", "\r\n")), ["Nguyễn Văn A", "Root"], ""],
  ["PEM with one twice", () => Buffer.from(chainText + chainText), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #7 in DER", () => pkcs7("DER"), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #7 in PEM", () => pkcs7("PEM"), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #7 under the label that Windows gives it", () => Buffer.from(pem("CERTIFICATE", pkcs7("DER"))), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #12 without a password", () => pkcs12("-passout", "pass:"), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #12 with one", () => pkcs12("-passout", "pass:bí mật"), ["Nguyễn Văn A", "Root"], "bí mật"],
  ["PKCS #12 without encryption", () => pkcs12("-passout", "pass:x", "-certpbe", "NONE"), ["Nguyễn Văn A", "Root"], ""],
  ["PKCS #12 by triple DES", () => pkcs12("-passout", "pass:x1", "-certpbe", "PBE-SHA1-3DES", "-iter", "5000"), ["Nguyễn Văn A", "Root"], "x1"],
  ["PKCS #12 by PBES2 with triple DES and AES-128", () => pkcs12("-passout", "pass:x", "-certpbe", "AES-128-CBC"), ["Nguyễn Văn A", "Root"], "x"],
])("%s", (_name, bytes, expected, password) => {
  expect(names(bytes(), password)).toEqual(expected)
})

withOpenssl.each<readonly [string, () => Uint8Array, string, string]>([
  ["a PKCS #12 with a key", () => pkcs12("-inkey", "holder.key", "-passout", "pass:"), "the file has a private key in it: export only the certificate (openssl pkcs12 -nokeys), and keep the key to its holder", ""],
  ["a PEM with a key", () => Buffer.from(chainText + keyText), "the file has a private key in it: give only the certificate, and keep the key to its holder", ""],
  ["a PKCS #12 with a password that was not given", () => pkcs12("-passout", "pass:x"), "the file needs a password", ""],
  ["a PKCS #12 with another password", () => pkcs12("-passout", "pass:x"), "the password does not open the file", "y"],
  ["a PKCS #12 by triple DES with another password", () => pkcs12("-passout", "pass:x", "-certpbe", "PBE-SHA1-3DES"), "the password does not open the file", "y"],
  ["a PKCS #7 that is signed data of nothing", () => openssl("crl2pkcs7", "-nocrl", "-certfile", "/dev/null", "-outform", "DER"), "the file has no certificate in it", ""],
  ["an empty file", () => new Uint8Array(), "the file has no certificate in it", ""],
  ["a text", () => Buffer.from("Kính gửi"), "the file has no certificate in it", ""],
  ["a PEM with a broken certificate", () => Buffer.from(pem("CERTIFICATE", holder.certificate.der.subarray(0, 100))), "the file cannot be read: it is cut short, too deep or not ASN.1 at all", ""],
  ["a file that is too large", () => new Uint8Array(5 * 1024 * 1024), "the file is larger than 4 MiB", ""],
])("refused with a sentence: %s", (_name, bytes, expected, password) => {
  expect(names(bytes(), password)).toBe(expected)
})

/** PKCS #12 with so many safes, each empty and encrypted by triple DES with so many rounds. */
function costly(safes: number, rounds: number): Buffer {
  const salt = Buffer.alloc(8, 1)
  const made = (id: 1 | 2, length: number): Buffer => derivePkcs12({ password: "", salt, iterations: rounds, id, length, digest: "sha1" })
  const cipher = createCipheriv("des-ede3-cbc", made(1, 24), made(2, 8))
  const algorithm = sequence(oid("1.2.840.113549.1.12.1.3"), sequence(octetString(salt), positiveInteger(Buffer.from([rounds >> 16, (rounds >> 8) & 0xff, rounds & 0xff]))))
  const [zero, data, octets] = [positiveInteger(Buffer.from([0])), oid("1.2.840.113549.1.7.1"), Buffer.concat([cipher.update(sequence()), cipher.final()])]
  const safe = sequence(oid("1.2.840.113549.1.7.6"), context(0, sequence(zero, sequence(data, algorithm, contextPrimitive(0, octets)))))
  return sequence(positiveInteger(Buffer.from([3])), sequence(data, context(0, octetString(sequence(...Array.from({ length: safes }, () => safe))))))
}

test.each([
  ["a few safes, some rounds", 3, 2_048, "the file has no certificate in it"],
  ["one safe, many rounds", 1, 80_000, "the file asks for 80000 rounds of key derivation, which is more than are done for one file"],
  ["many safes, some rounds", 40, 2_048, "the file asks for 2048 rounds of key derivation, which is more than are done for one file"],
])("a file does not choose how long it is worked on: %s", (_name, safes, rounds, expected) => {
  expect(names(costly(safes, rounds))).toBe(expected)
})

test("nor by many of them in one PEM", () => {
  expect(names(Buffer.from(pem("CERTIFICATE", costly(1, 10)).repeat(2)))).toMatch(/^certificate 1 of the file /)
})

withOpenssl("hundreds of certificates in one PKCS #7", () => {
  writeFileSync(join(dir, "many.pem"), Array.from({ length: 300 }, (_, at) => pem("CERTIFICATE", holderOf({ by: root, name: `Người ${at}`, key: holder.privateKey }).certificate.der)).join(""))
  const result = readCertificates(openssl("crl2pkcs7", "-nocrl", "-certfile", "many.pem", "-outform", "DER"))
  expect(result.ok && result.value.length).toBe(300)
})

withOpenssl("bytes changed anywhere never throw", () => {
  const files = [pkcs7("DER"), pkcs12("-passout", "pass:"), pkcs12("-passout", "pass:x", "-certpbe", "NONE"), Buffer.from(chainText)]
  fc.assert(
    fc.property(fc.nat(files.length - 1), fc.array(fc.record({ at: fc.nat(5_000), octet: fc.nat(255) }), { minLength: 1, maxLength: 6 }), (which, changes) => {
      const bytes = Buffer.from(files[which] ?? "")
      for (const { at, octet } of changes) bytes[at % bytes.length] = octet
      expect(typeof readCertificates(bytes).ok).toBe("boolean")
    }),
    { numRuns: 500 },
  )
})
