import { expect, test } from "vitest"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { opaqueMessage, signedMessage } from "../../support/signed-message.ts"
import { type CmsOptions, newSigner, type TestKey } from "../../support/cms-writer.ts"

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
])("a message signed with %s %j is intact, detached and opaque", async (kind, cms, signatureAlgorithm, digestAlgorithm) => {
  const signers = [newSigner(kind)]
  for (const [form, message] of [["multipart", signedMessage({ signers, cms })], ["opaque", opaqueMessage({ signers, cms })]] as const) {
    const found = await verify(message)
    expect(found).toMatchObject({ form, problems: [], from: ["a.nguyen@soyte.tinh.example"], sender: [], headerProtection: "none" })
    expect(found.signers).toMatchObject([{ intact: true, problems: [], signatureAlgorithm, digestAlgorithm }])
    expect(found.certificates).toEqual(signers.map(({ certificate }) => certificate.toString("base64")))
  }
})
