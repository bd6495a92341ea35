import { readFile } from "node:fs/promises"
import { describe, expect, test } from "vitest"
import type { Certificate } from "../../../src/pki/certificate.ts"
import { keyPurpose } from "../../../src/pki/key-purpose.ts"
import { parseCertificate } from "../../../src/pki/parse-certificate.ts"
import { mailSigning } from "../../../src/pki/path-rules.ts"
import { readCertificates } from "../../../src/pki/read-certificates.ts"
import type { MessageSignature } from "../../../src/pki/signature-facts.ts"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { createPathValidator, type ValidatedPath } from "../../../src/pki/validate-path.ts"
import { unwrap } from "../../support/store.ts"

/**
 * Messages as Thunderbird 153 submitted them in November 2026, signed with the demo logins' certificates of a development CA whose root is beside
 * them and whose keys are gone. Nothing but the root and the message is needed, then or later.
 */
const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../../fixtures/thunderbird/${name}`, import.meta.url))
const verify = (message: Uint8Array): Promise<MessageSignature> => verifyMessageSignature(bytesSource(message), { clock: { now: () => 0 } })

const dung = "tabadung.vp@sonv.tinh.example"
const y = "levany.vp@sonv.tinh.example"
const office = "vp@sonv.tinh.example"

const messages = [
  { name: "attachment.eml", what: "plain text with an attachment whose name has diacritics", from: dung, signedAt: "2026-11-26T19:53:35Z" },
  { name: "html.eml", what: "HTML beside plain text", from: dung, signedAt: "2026-11-26T19:54:02Z" },
  // all of it is inside the signature, so it is the signer's own and no trick
  { name: "picture.eml", what: "HTML with a picture inside, one from elsewhere and a hidden element", from: dung, signedAt: "2026-11-26T19:55:53Z" },
  { name: "forwarded.eml", what: "another's signed message as an attachment", from: y, signedAt: "2026-11-26T19:56:17Z" },
  { name: "office.eml", what: "an office's, its display name folded and with a comma", from: office, signedAt: "2026-11-26T19:54:14Z" },
] as const

const read = (bytes: Uint8Array): readonly Certificate[] => {
  const result = readCertificates(bytes)
  if (!result.ok) throw new Error("the root cannot be read")
  return result.value
}

/** By the root alone: what is between came with the message. */
async function pathOf({ signers, certificates }: MessageSignature, at: number): Promise<ValidatedPath> {
  const came = certificates.map((der) => unwrap(parseCertificate(Buffer.from(der, "base64"))))
  const signer = came.find(({ fingerprint }) => fingerprint === signers[0]?.fingerprint)
  if (!signer) throw new Error("the signer's certificate did not come along")
  const anchors = read(await fixture("smime-root.pem")).map((certificate) => ({ name: "development", certificate, purposes: new Set([keyPurpose.emailProtection]) }))
  const algorithms = { minRsaBits: 2048, curves: ["P-256"], digests: ["sha256"], ed25519: false } as const
  return createPathValidator({ anchors, intermediates: [], algorithms }).validate({ certificate: signer, intermediates: came, purpose: mailSigning([keyPurpose.emailProtection]), at })
}

describe.each(messages)("$name: $what", ({ name, from, signedAt }) => {
  test("is wholly and validly signed by its author, at its time", async () => {
    const found = await verify(await fixture(name))
    const at = Date.parse(signedAt)
    expect(found).toMatchObject({ form: "multipart", problems: [], from: [from], encryptedInside: false })
    expect(found.signers).toMatchObject([{ intact: true, problems: [], signatureAlgorithm: "ecdsa", digestAlgorithm: "sha256", signingTime: at }])
    const { problems, chain } = await pathOf(found, at)
    expect(problems).toEqual([])
    expect(chain).toHaveLength(3)
    expect(chain[0]?.addresses).toEqual([from])
  })

  test("with one octet of its signed part changed is broken", async () => {
    const message = await fixture(name)
    // not even a letter's case in a header field of the part may change
    message.write("cOntent", message.indexOf("Content-Transfer-Encoding"))
    expect((await verify(message)).signers).toMatchObject([{ intact: false, problems: ["broken"] }])
  })
})

test("the same signature years later rests on a certificate that has expired", async () => {
  const { problems } = await pathOf(await verify(await fixture("attachment.eml")), Date.parse("2029-01-01T00:00:00Z"))
  expect(problems).toEqual(["expired"])
})
