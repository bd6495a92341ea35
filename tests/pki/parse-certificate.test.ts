import { execFileSync } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { rootCertificates } from "node:tls"
import fc from "fast-check"
import { beforeAll, expect, test } from "vitest"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { oid, sequence, utf8String } from "../../src/pki/der.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa, type SmimeRequest } from "../../src/pki/development-smime-ca.ts"
import { maxCertificateBytes, parseCertificate } from "../../src/pki/parse-certificate.ts"
import { extension } from "../../src/pki/write-extensions.ts"
import { installed } from "../imap/clients/client-machine.ts"

const start = Date.parse("2026-11-01T00:00:00Z")
const day = 86_400_000
let ca: DevelopmentSmimeCa
beforeAll(async () => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-parse-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => start } })
  return () => rm(dir, { recursive: true })
})

const issue = (request: Partial<SmimeRequest> = {}): Uint8Array => ca.issue({ subject: { commonName: "Nguyễn Văn A" }, ...request }).certificateDer

function parse(der: Uint8Array) {
  const result = parseCertificate(der)
  if (!result.ok) throw new Error(result.failure.detail)
  return result.value
}

test("everything that was asked for is read back", () => {
  const certificate = parse(
    issue({
      subject: { commonName: "Trần, Thị + B", organization: "UBND tỉnh", organizationalUnits: ["Phòng Hành chính", "Sở Nội vụ"], country: "VN", userId: "MST:0100000000", emailAddress: "B@tinh.example" },
      addresses: ["b@TINH.example", "lê.b@tỉnh.example"],
      notBefore: start - day,
      notAfter: Date.parse("2051-01-01T00:00:00Z"),
      serialNumber: "00ff01",
      crlUrls: ["http://crl.tinh.example/a.crl", "ldap://dir.tinh.example/x"],
      ocspUrls: ["http://ocsp.tinh.example"],
      issuerUrls: ["http://ca.tinh.example/ca.cer"],
    }),
  )
  expect(certificate).toMatchObject({
    serialNumber: "ff01",
    subject: { text: "emailAddress=B@tinh.example,UID=MST:0100000000,CN=Trần\\, Thị \\+ B,OU=Phòng Hành chính,OU=Sở Nội vụ,O=UBND tỉnh,C=VN", commonName: "Trần, Thị + B" },
    issuer: { text: "CN=Công Thư development signing CA,O=Development only,C=VN" },
    notBefore: start - day,
    notAfter: Date.parse("2051-01-01T00:00:00Z"),
    key: { kind: "ec", bits: 256, curve: "P-256" },
    addresses: ["b@tinh.example", "lê.b@tỉnh.example"],
    signature: { scheme: "ecdsa", digest: "sha256" },
    isAuthority: false,
    pathLength: null,
    authorityKeyIdentifier: ca.intermediate.certificate.subjectKeyIdentifier,
    crlPoints: ["http://crl.tinh.example/a.crl", "ldap://dir.tinh.example/x"].map((url) => ({ lister: ca.intermediate.certificate.subject.der, urls: [url] })),
    ocspUrls: ["http://ocsp.tinh.example"],
    issuerUrls: ["http://ca.tinh.example/ca.cer"],
  })
  expect([...(certificate.keyUsage ?? [])]).toEqual(["digitalSignature", "nonRepudiation", "keyAgreement"])
  expect([...(certificate.extendedKeyUsage ?? [])]).toEqual(["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"])
  expect(ca.intermediate.certificate).toMatchObject({ isAuthority: true, pathLength: 0 })
})

test("it agrees with node:crypto", () => {
  const der = issue({ keyType: "rsa2048", addresses: ["a@tinh.example"] })
  const [certificate, theirs] = [parse(der), new X509Certificate(der)]
  expect(certificate.fingerprint).toBe(theirs.fingerprint256.replaceAll(":", "").toLowerCase())
  expect(certificate.serialNumber).toBe(theirs.serialNumber.toLowerCase())
  expect([certificate.notBefore, certificate.notAfter]).toEqual([theirs.validFromDate.getTime(), theirs.validToDate.getTime()])
  expect(Buffer.from(certificate.publicKeyInfo)).toEqual(theirs.publicKey.export({ type: "spki", format: "der" }))
  expect(certificate.key).toEqual({ kind: "rsa", bits: 2048, curve: "" })
})

test.skipIf(!installed("openssl")).each([
  ["RSA with PSS", ["-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sha384"], { scheme: "rsaPss", digest: "sha384" }, { kind: "rsa", bits: 2048, curve: "" }],
  ["SHA-1", ["-newkey", "rsa:1024", "-sha1"], { scheme: "rsa", digest: "sha1" }, { kind: "rsa", bits: 1024, curve: "" }],
  ["P-521", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-521", "-sha512"], { scheme: "ecdsa", digest: "sha512" }, { kind: "ec", bits: 521, curve: "P-521" }],
  ["Ed448", ["-newkey", "ed448"], { scheme: "ed448", digest: "" }, { kind: "ed448", bits: 456, curve: "" }],
  ["a brainpool curve", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"], { scheme: "ecdsa", digest: "sha256" }, { kind: "ec", bits: 384, curve: "brainpoolP384r1" }],
] as const)("a certificate by openssl (skipped where it is not installed) with %s is read", (_name, args, signature, key) => {
  const pem = execFileSync("openssl", ["req", "-x509", "-nodes", "-subj", "/C=VN/O=Tinh/CN=Openssl", "-keyout", "/dev/null", "-days", "30", ...args], { stdio: ["ignore", "pipe", "ignore"] })
  expect(parse(new X509Certificate(pem).raw)).toMatchObject({ signature, key, subject: { text: "CN=Openssl,O=Tinh,C=VN" } })
})

test("every root certificate that node:crypto carries is read, and both agree on it", () => {
  for (const text of rootCertificates) {
    const theirs = new X509Certificate(text)
    const certificate = parse(theirs.raw)
    expect([BigInt(`0x${certificate.serialNumber}`), certificate.isAuthority]).toEqual([BigInt(`0x${theirs.serialNumber}`), theirs.ca])
    expect([certificate.notBefore, certificate.notAfter]).toEqual([theirs.validFromDate.getTime(), theirs.validToDate.getTime()])
    expect(theirs.subject).toContain(certificate.subject.commonName)
  }
})

test("addresses that are none are left out, and each is there once", () => {
  const certificate = parse(issue({ subject: { commonName: "A", emailAddress: "A@tinh.example" }, addresses: ["a@tinh.example", "no address", "b@tinh.example\u0000.evil.test"] }))
  expect(certificate.addresses).toEqual(["a@tinh.example"])
})

test("a name cannot rewrite the line it is shown on", () => {
  expect(parse(issue({ subject: { commonName: "A\r\nB\u001b[2J\u202e" } })).subject.text).toBe("CN=A\\0d\\0aB\\1b[2J\\e2\\80\\ae")
})

test.each<readonly [string, (der: Uint8Array) => Uint8Array, string]>([
  ["nothing", () => new Uint8Array(), "malformed"],
  ["octets after the end", (der) => Buffer.concat([der, Buffer.from([0])]), "malformed"],
  ["the end cut off", (der) => der.subarray(0, -1), "malformed"],
  ["a length in more octets than needed", (der) => Buffer.concat([Buffer.from([0x30, 0x83, 0]), der.subarray(2)]), "malformed"],
  ["an indefinite length", (der) => Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.from([0, 0])]), "malformed"],
  ["more than 64 KiB", () => new Uint8Array(maxCertificateBytes + 1), "tooLarge"],
  ["only nesting", () => Buffer.alloc(60_000, Buffer.from([0x30, 0x80])), "malformed"],
  ["an extension twice", () => issue({ extensions: [extension("2.5.29.17", false, sequence()), extension("2.5.29.17", false, sequence())] }), "malformed"],
  ["an extension that is not what it says", () => issue({ extensions: [extension("2.5.29.31", false, utf8String("x"))] }), "malformed"],
  ["a key purpose that is no OID", () => issue({ extendedKeyUsage: [], extensions: [extension("2.5.29.37", false, sequence(utf8String("x")))] }), "malformed"],
  ["thousands of key purposes", () => issue({ extendedKeyUsage: [], extensions: [extension("2.5.29.37", false, sequence(...Array.from({ length: 5_000 }, () => oid("1.2.3"))))] }), "malformed"],
  ["a public key instead", () => ca.root.certificate.publicKeyInfo, "malformed"],
])("refused: %s", (_name, change, kind) => {
  expect(parseCertificate(change(issue()))).toMatchObject({ ok: false, failure: { kind } })
})

test("the caller's buffer may change afterwards", () => {
  const der = Buffer.from(issue())
  const certificate = parse(der)
  const copy = Buffer.from(certificate.der)
  der.fill(0)
  expect(Buffer.from(certificate.der)).toEqual(copy)
  expect(parse(copy)).toBe(certificate)
})

test("bytes changed anywhere give a failure or another certificate, never an exception", () => {
  const der = issue({ addresses: ["a@tinh.example", "lê@tinh.example"], crlUrls: ["http://crl.tinh.example/a.crl"], ocspUrls: ["http://ocsp.tinh.example"] })
  const change = fc.record({ at: fc.nat(der.length - 1), octet: fc.nat(255) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(der.length), (changes, cut) => {
      const bytes = Buffer.from(der)
      for (const { at, octet } of changes) bytes[at] = octet
      for (const given of [bytes, bytes.subarray(0, cut), bytes.subarray(cut)]) {
        const result = parseCertificate(given)
        if (result.ok) expect(Buffer.from(result.value.der)).toEqual(given)
      }
    }),
    { numRuns: 2_000 },
  )
})
