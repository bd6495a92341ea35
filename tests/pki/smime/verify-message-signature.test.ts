import { createHash, generateKeyPairSync, type KeyObject } from "node:crypto"
import { describe, expect, test } from "vitest"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { ContentScanner } from "../../../src/mail/content-scanner.ts"
import { writeCertificate } from "../../../src/pki/write-certificate.ts"
import { subjectKeyIdentifier } from "../../../src/pki/write-extensions.ts"
import { derTag, der, oid, octetString, sequence } from "../../../src/pki/der.ts"
import { attribute, cmsOids, type CmsOptions, newSigner, type TestKey, usualAttributes } from "../../support/cms-writer.ts"
import { cmsEntity, lines, opaqueMessage, signedMessage, usualEntity, usualHeader } from "../../support/signed-message.ts"

const verify = (message: Buffer) => verifyMessageSignature(bytesSource(message), { clock: { now: () => 0 } })

test.each<[TestKey, CmsOptions, string, string]>([
  ["ec", {}, "ecdsa", "sha256"],
  ["p384", { digest: "sha384" }, "ecdsa", "sha384"],
  ["p521", { digest: "sha512" }, "ecdsa", "sha512"],
  ["rsa", {}, "rsa", "sha256"],
  ["rsa", { pss: true }, "rsa-pss", "sha256"],
  ["ed25519", {}, "ed25519", "sha512"],
  ["ec", { attributes: "none" }, "ecdsa", "sha256"],
  ["rsa", { attributes: "none", pss: true }, "rsa-pss", "sha256"],
  ["ed25519", { attributes: "none" }, "ed25519", "sha512"],
])("a message signed with %s %j is intact, detached and opaque, and broken when changed", async (kind, cms, signatureAlgorithm, digestAlgorithm) => {
  const signers = [newSigner(kind)]
  for (const [form, message] of [["multipart", signedMessage({ signers, cms })], ["opaque", opaqueMessage({ signers, cms })]] as const) {
    const found = await verify(message)
    expect(found).toMatchObject({ form, problems: [], from: ["a.nguyen@soyte.tinh.example"], sender: [], headerProtection: "none" })
    expect(found.signers).toMatchObject([{ intact: true, problems: [], signatureAlgorithm, digestAlgorithm }])
    expect(found.certificates).toEqual(signers.map(({ certificate }) => certificate.toString("base64")))
  }
  // by another key of the same kind, under the first one's certificate
  const [signer] = signers
  const forged = signer ? [{ ...newSigner(kind), certificate: signer.certificate }] : []
  for (const message of [signedMessage({ signers, cms, shown: usualEntity.replace("11", "12") }), signedMessage({ signers: forged, cms }), opaqueMessage({ signers: forged, cms })]) {
    expect((await verify(message)).signers).toMatchObject([{ intact: false, problems: ["broken"] }])
  }
})

test("time stamps are handed on with the digests of what they stamp", async () => {
  const token = sequence(oid(cmsOids.signedData), octetString(Buffer.from("token")))
  const countersignature = attribute("1.2.840.113549.1.9.6", sequence(octetString(Buffer.alloc(100))))
  const found = await verify(signedMessage({ cms: { unsigned: [countersignature, attribute(cmsOids.timeStampToken, token)] } }))
  expect(found).toMatchObject({ problems: [], signers: [{ intact: true, timestamps: [token.toString("base64")] }] })
  const [signer] = found.signers
  expect(Object.keys(signer?.signatureDigests ?? {})).toEqual(["sha256", "sha384", "sha512"])
})

test("signing-time, and who the signer is", async () => {
  const signer = newSigner("rsa")
  const signingTime = Date.parse("2026-11-20T03:04:05Z")
  const [found] = (await verify(signedMessage({ signers: [signer], cms: { signingTime } }))).signers
  expect(found).toMatchObject({ signingTime, fingerprint: createHash("sha256").update(signer.certificate).digest("hex"), serialNumber: expect.stringMatching(/^40[0-9a-f]{32}$/) })
  expect(signer.certificate.includes(Buffer.from(found?.issuerDer ?? "", "base64"))).toBe(true)
})

test("a signer may be named by key identifier", async () => {
  const signer = newSigner()
  const [named] = (await verify(signedMessage({ signers: [signer] }))).signers
  const keyIdentifier = Buffer.from(named?.subjectKeyIdentifier ?? "", "hex")
  expect(keyIdentifier.length).toBe(20)
  expect((await verify(signedMessage({ signers: [signer], cms: { keyIdentifier } }))).signers).toMatchObject([{ intact: true, subjectKeyIdentifier: named?.subjectKeyIdentifier }])
  expect((await verify(signedMessage({ signers: [signer], cms: { keyIdentifier: Buffer.alloc(20, 7) } }))).signers).toMatchObject([{ intact: false, problems: ["noCertificate"], subjectKeyIdentifier: "07".repeat(20) }])
})

describe("several certificates of one key identifier or one name", () => {
  const day = 86_400_000
  const signedAt = Date.parse("2026-11-20T03:00:00Z")
  const pairOf = () => generateKeyPairSync("ec", { namedCurve: "P-256" })
  const [own, strange] = [pairOf(), pairOf()]
  /** Of one authority's name and one serial number, with the key identifier of `own`. */
  const made = (publicKey: KeyObject, from: number, until: number): Buffer => {
    const name = sequence()
    return writeCertificate({ subject: name, issuer: name, publicKey, notBefore: signedAt + from * day, notAfter: signedAt + until * day, serialNumber: "4711", signer: { privateKey: own.privateKey }, extensions: [subjectKeyIdentifier(own.publicKey)] })
  }
  const [current, expired, future, forged] = [made(own.publicKey, -10, 10), made(own.publicKey, -400, -20), made(own.publicKey, 20, 400), made(strange.publicKey, -10, 10)]
  const keyIdentifier = createHash("sha1").update(own.publicKey.export({ type: "spki", format: "der" }).subarray(-65)).digest()
  const signer = { privateKey: own.privateKey, certificate: current }
  const print = (certificate: Buffer): string => createHash("sha256").update(certificate).digest("hex")

  test.each([
    ["by key identifier", { keyIdentifier }],
    ["by issuer and serial number", {}],
  ])("%s: the one that fits, whatever stands before it", async (_how, how) => {
    for (const certificates of [[forged, current], [current, forged], [forged, expired, current], [future, expired, current, forged]]) {
      const found = await verify(signedMessage({ signers: [signer], cms: { ...how, certificates } }))
      expect(found.signers).toMatchObject([{ intact: true, problems: [], fingerprint: print(current) }])
    }
  })

  test("a renewal that is named by its hash is taken, and none in its place", async () => {
    const named = (certificate: Buffer): Buffer => attribute(cmsOids.signingCertificateV2, sequence(sequence(sequence(octetString(createHash("sha256").update(certificate).digest())))))
    const attributes = [...usualAttributes(Buffer.from(usualEntity)), named(expired)]
    expect((await verify(signedMessage({ signers: [signer], cms: { keyIdentifier, certificates: [current, expired], attributes } }))).signers).toMatchObject([{ intact: true, fingerprint: print(expired) }])
    expect((await verify(signedMessage({ signers: [signer], cms: { keyIdentifier, certificates: [current, future], attributes } }))).signers).toMatchObject([{ intact: false, problems: ["broken"] }])
  })

  test("none that fits is broken", async () => {
    const other = made(pairOf().publicKey, -10, 10)
    expect((await verify(signedMessage({ signers: [signer], cms: { keyIdentifier, certificates: [forged, other] } }))).signers).toMatchObject([{ intact: false, problems: ["broken"], fingerprint: print(forged) }])
  })
})

describe("what is encrypted", () => {
  const enveloped = sequence(oid("1.2.840.113549.1.7.3"), der(0xa0, Buffer.alloc(40)))
  const encrypted = cmsEntity(enveloped, "enveloped-data")
  const attributes = [...usualAttributes(Buffer.from(encrypted)), attribute("1.2.840.113549.1.9.16.2.4", sequence(oid(cmsOids.signedData)))]

  test("outermost: nobody can say here what is inside", async () => {
    expect(await verify(Buffer.from(lines(...usualHeader, encrypted)))).toMatchObject({ form: "encrypted", problems: [], from: ["a.nguyen@soyte.tinh.example"] })
    expect(await verify(Buffer.from(lines(...usualHeader, cmsEntity(sequence(oid("1.2.840.113549.1.9.16.1.23"), der(0xa0)), "authEnveloped-data"))))).toMatchObject({ form: "encrypted" })
  })
  test("under a signature", async () => {
    expect(await verify(signedMessage({ entity: encrypted }))).toMatchObject({ form: "multipart", problems: [], encryptedInside: true, tripleWrapped: false })
  })
  test("with a signature inside as well, which the outer one says (RFC 2634 §2.9)", async () => {
    expect(await verify(signedMessage({ entity: encrypted, cms: { attributes } }))).toMatchObject({ form: "multipart", problems: [], encryptedInside: true, tripleWrapped: true })
  })
  test("inside something else: no signature", async () => {
    expect(await verify(Buffer.from(lines(...usualHeader, "Content-Type: multipart/mixed; boundary=x", "", "--x", encrypted, "--x--", "")))).toMatchObject({ form: "none" })
  })
  test("compressed or unknown: no signature is seen", async () => {
    expect(await verify(Buffer.from(lines(...usualHeader, cmsEntity(sequence(oid("1.2.840.113549.1.9.16.1.9"), der(0xa0)), "compressed-data"))))).toMatchObject({ form: "none" })
  })
})

describe("limits", () => {
  test("time", async () => {
    let now = 0
    const clock = { now: () => (now += 100) }
    const message = signedMessage()
    expect(await verifyMessageSignature(bytesSource(message), { clock, budgetMs: 50 })).toMatchObject({ form: "none", problems: ["tooSlow"] })
    expect(await verifyMessageSignature(bytesSource(message), { clock, budgetMs: 250 })).toMatchObject({ form: "multipart", problems: ["tooSlow"], signers: [] })
    expect(await verifyMessageSignature(bytesSource(message), { clock, budgetMs: 5_000 })).toMatchObject({ problems: [] })
  })
  test("a header so long that not all of it is known", async () => {
    expect((await verify(signedMessage({ header: [...usualHeader, ...Array.from({ length: 1_000 }, (_, at) => `X-${at}: ${"x".repeat(70)}`)] }))).problems).toEqual(["tooLarge"])
  })
  test("a part nested so deeply that it is not looked into", async () => {
    let entity = usualEntity
    for (let level = 0; level < 120; level++) entity = lines(`Content-Type: multipart/mixed; boundary=b${level}x`, "", `--b${level}x`, entity, `--b${level}x--`, "")
    expect((await verify(signedMessage({ entity }))).problems).toEqual(["tooDeep"])
  })
  test("signed attributes with too many elements", async () => {
    const attributes = [...usualAttributes(Buffer.from(usualEntity)), attribute("1.2.3", sequence(...Array.from({ length: 1_000 }, () => der(derTag.null))))]
    expect((await verify(signedMessage({ cms: { attributes } }))).problems).toEqual(["malformed"])
  })
  test("too many attributes", async () => {
    const attributes = [...usualAttributes(Buffer.from(usualEntity)), ...Array.from({ length: 70 }, (_, at) => attribute(`1.2.${at}`, der(derTag.null)))]
    expect((await verify(signedMessage({ cms: { attributes } }))).problems).toEqual(["tooLarge"])
    expect((await verify(signedMessage({ cms: { unsigned: attributes } }))).problems).toEqual(["tooLarge"])
  })
})

test("a large message that comes in pieces", async () => {
  const entity = lines("Content-Type: text/plain", "", ...Array.from({ length: 80_000 }, (_, at) => `Dòng ${at}: nội dung của một văn bản dài.`), "")
  for (const message of [signedMessage({ entity }), opaqueMessage({ entity })]) {
    const source = {
      async *read({ start, end } = { start: 0, end: message.length }) {
        for (let at = start; at < end; at += 10_007) yield message.subarray(at, Math.min(end, at + 10_007))
      },
    }
    expect(await verifyMessageSignature(source, { clock: { now: () => 0 } })).toMatchObject({ problems: [], signers: [{ intact: true }] })
  }
})

test("what the scanner said at intake is not asked again", async () => {
  const message = signedMessage()
  const scanner = new ContentScanner()
  scanner.push(message)
  const scanned = scanner.finish()
  const ranges: unknown[] = []
  const bytes = bytesSource(message)
  const source = { scanned, read: (range?: { readonly start: number; readonly end: number }) => {
    ranges.push(range)
    return bytes.read(range)
  } }
  expect(await verifyMessageSignature(source, { clock: { now: () => 0 } })).toEqual(await verify(message))
  expect(ranges).not.toContain(undefined)
})

test("a broken store is not a broken signature", async () => {
  // oxlint-disable-next-line require-yield -- it fails before it has anything
  const source = { async *read(): AsyncGenerator<Uint8Array> { throw new Error("disk") } }
  await expect(verifyMessageSignature(source, { clock: { now: () => 0 } })).rejects.toThrow("disk")
})
