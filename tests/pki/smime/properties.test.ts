import fc from "fast-check"
import { expect, test } from "vitest"
import { bytesSource, type MessageSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { cmsOids, newSigner, signedData, usualAttributes } from "../../support/cms-writer.ts"
import { lines, mixed, opaqueEntity, opaqueShell, signatureShell, signedEntity, signedMessage, usualEntity, usualHeader } from "../../support/signed-message.ts"
import { toBer } from "../cms/ber.ts"

const verify = (message: Uint8Array | string) => verifyMessageSignature(bytesSource(Buffer.from(message)), { clock: { now: () => 0 } })
const signers = [newSigner("ec"), newSigner("rsa"), newSigner("ed25519")]
const content = Buffer.from(usualEntity)
const aSigner = fc.constantFrom(...signers)
const flip = fc.integer({ min: 1, max: 255 })

const changed = (bytes: Buffer, at: number, mask: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ mask
  return copy
}

test("any byte of the signed part that is changed breaks the signature", async () => {
  await fc.assert(fc.asyncProperty(aSigner, fc.nat(content.length - 1), flip, async (signer, at, mask) => {
    const message = signedMessage({ signers: [signer] })
    const start = message.indexOf(content)
    const found = await verify(changed(message, start + at, mask))
    expect(found.signers.filter(({ intact }) => intact)).toEqual([])
  }), { numRuns: 500 })
})

test("any byte of an opaque content that is changed breaks the signature", async () => {
  await fc.assert(fc.asyncProperty(aSigner, fc.nat(content.length - 1), flip, async (signer, at, mask) => {
    const cms = signedData(content, [signer], { attached: content })
    const found = await verify(opaqueShell(changed(cms, cms.indexOf(content) + at, mask)))
    expect(found.signers.filter(({ intact }) => intact)).toEqual([])
  }), { numRuns: 500 })
})

test("any byte of the signed attributes that is changed breaks the signature", async () => {
  await fc.assert(fc.asyncProperty(aSigner, fc.double({ min: 0, max: 0.999, noNaN: true }), flip, async (signer, where, mask) => {
    const cms = signedData(content, [signer])
    const attributes = usualAttributes(content, { digest: signer.privateKey.asymmetricKeyType === "ed25519" ? "sha512" : "sha256" })
    const all = Buffer.concat([...attributes].sort((one, two) => Buffer.compare(one, two)))
    const start = cms.indexOf(all)
    expect(start).toBeGreaterThan(0)
    const found = await verify(signatureShell(usualEntity, changed(cms, start + Math.floor(where * all.length), mask)))
    expect(found.signers.filter(({ intact }) => intact)).toEqual([])
  }), { numRuns: 700 })
})

test("any byte of the signature value that is changed breaks it", async () => {
  await fc.assert(fc.asyncProperty(aSigner, fc.nat(60), flip, async (signer, fromEnd, mask) => {
    const cms = signedData(content, [signer])
    const found = await verify(signatureShell(usualEntity, changed(cms, cms.length - 1 - fromEnd, mask)))
    expect(found.signers.filter(({ intact }) => intact)).toEqual([])
  }), { numRuns: 300 })
})

test("the least canonical BER is as good as DER", async () => {
  for (const signer of signers) {
    expect(await verify(signatureShell(usualEntity, toBer(signedData(content, [signer]), [signer.certificate])))).toMatchObject({ problems: [], signers: [{ intact: true }] })
    expect(await verify(opaqueShell(toBer(signedData(content, [signer], { attached: content }), [signer.certificate])))).toMatchObject({ problems: [], signers: [{ intact: true }] })
  }
})

/** Whose chunks are gone once the next is asked for, as those that a thread is handed. */
const fleeting = (bytes: Buffer, chunkBytes: number): MessageSource => ({
  async *read({ start, end } = { start: 0, end: bytes.length }) {
    for (let at = start; at < end; at += chunkBytes) {
      const chunk = Buffer.from(bytes.subarray(at, Math.min(at + chunkBytes, end)))
      yield chunk
      chunk.fill("!")
    }
  },
})

test("nothing is kept of a chunk that is gone, whatever the form", async () => {
  const page = lines("Content-Type: text/html", "", '<p style="display:none">mật</p><img src="http://ngoai.example/x">', "")
  const cms = signedData(content, signers, { attached: content })
  const binary = Buffer.concat([Buffer.from(lines(...usualHeader, "MIME-Version: 1.0", "Content-Type: application/pkcs7-mime; smime-type=signed-data", "Content-Transfer-Encoding: binary", "", "")), toBer(cms, signers.map(({ certificate }) => certificate))])
  const messages = [signedMessage({ signers, preamble: "This is an S/MIME signed message\r\n" }), Buffer.from(opaqueShell(cms)), binary, mixed(usualHeader, page, signedEntity({ signers }), page)]
  await fc.assert(fc.asyncProperty(fc.constantFrom(...messages), fc.integer({ min: 1, max: 3_000 }), async (message, chunkBytes) => {
    const found = await verifyMessageSignature(fleeting(message, chunkBytes), { clock: { now: () => 0 } })
    expect(found).toEqual(await verify(message))
    expect(found.signers.filter(({ intact }) => intact)).toHaveLength(signers.length)
  }), { numRuns: 150 })
})

test("whatever is done to a signed message, the answer is an answer", async () => {
  const message = signedMessage({ signers })
  const edit = fc.tuple(fc.nat(message.length), fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constantFrom("\r\n", "------ky-so\r\n", "------ky-so--\r\n", "=", cmsOids.data).map((text) => Buffer.from(text))), fc.nat(40))
  await fc.assert(fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 5 }), async (edits) => {
    let bytes: Buffer = message
    for (const [at, put, cut] of edits) bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)])
    const found = await verify(bytes)
    // good means that the signed part is the one that was signed, whatever else was touched
    if (found.form === "multipart" && found.problems.length === 0 && found.signers.some(({ intact }) => intact)) expect(bytes.includes(content)).toBe(true)
    expect(JSON.parse(JSON.stringify(found))).toEqual(found)
  }), { numRuns: 1_500 })
})

test("random CMS in a message never throws", async () => {
  const cms = signedData(content, [newSigner()], { attached: content })
  await fc.assert(fc.asyncProperty(fc.nat(cms.length - 1), fc.uint8Array({ maxLength: 10 }), fc.nat(30), async (at, put, cut) => {
    const found = await verify(opaqueShell(Buffer.concat([cms.subarray(0, at), put, cms.subarray(at + cut)])))
    expect(["none", "encrypted", "opaque"]).toContain(found.form)
  }), { numRuns: 1_000 })
})

test("base64 is the base64 of one reading only", async () => {
  const good = opaqueShell(signedData(content, [newSigner()], { attached: content }))
  const body = good.indexOf("MII")
  for (const text of ["*", "=", "==", "\0", "_", "-"]) expect((await verify(`${good.slice(0, body + 40)}${text}${good.slice(body + 40)}`)).problems).toContain("malformed")
  expect(await verify(lines(good.slice(0, body + 40), good.slice(body + 40)))).toMatchObject({ problems: [], signers: [{ intact: true }] })
})

test("whatever is put around a signed entity, it is no longer the message that is signed", async () => {
  const part = fc.tuple(fc.constantFrom("text/plain", "text/html", "image/png", "multipart/mixed; boundary=q", "message/rfc822"), fc.string({ maxLength: 40 }))
    .map(([type, text]) => lines(`Content-Type: ${type}`, "", text.replace(/[\r\n]|--/g, " ")))
  await fc.assert(fc.asyncProperty(fc.array(part, { maxLength: 3 }), fc.array(part, { maxLength: 3 }), fc.constantFrom("mixed", "alternative", "related", "signed"), fc.boolean(), async (before, after, subtype, opaque) => {
    const message = mixed(usualHeader, ...before, opaque ? opaqueEntity() : signedEntity(), ...after).toString().replace("multipart/mixed", `multipart/${subtype}`)
    const found = await verify(message)
    expect(found.problems).toContain("partial")
    if (before.length > 0) expect(found.problems).toContain("prepended")
    if (after.length > 0) expect(found.problems).toContain("appended")
    expect(found.signers).toMatchObject([{ intact: true }])
  }), { numRuns: 300 })
})
