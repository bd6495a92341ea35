import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"

const run = promisify(execFile)
const entity = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nBáo cáo tháng 11.\r\n"
const keys: Readonly<Record<string, readonly string[]>> = {
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
  ec: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  p384: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
  p521: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
}
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-openssl-"))
  await writeFile(join(dir, "entity"), entity)
  for (const [name, options] of Object.entries(keys)) {
    await run("openssl", ["genpkey", ...options, "-out", join(dir, `${name}.key`)])
    await run("openssl", ["req", "-x509", "-new", "-utf8", "-key", join(dir, `${name}.key`), "-subj", `/CN=Người ký ${name}`, "-days", "30", "-out", join(dir, `${name}.pem`)])
  }
})
afterAll(() => rm(dir, { recursive: true }))

/** What `openssl cms -sign` makes, with CRLF everywhere as a submission has, and a header of its own. */
async function signed(signers: readonly string[], ...options: readonly string[]): Promise<Buffer> {
  const out = join(dir, "out.eml")
  const who = signers.flatMap((name) => ["-signer", join(dir, `${name}.pem`), "-inkey", join(dir, `${name}.key`), ...(options.includes("-keyopt") ? ["-keyopt", "rsa_padding_mode:pss"] : [])])
  const rest = options.filter((option) => option !== "-keyopt")
  await run("openssl", ["cms", "-sign", "-in", join(dir, "entity"), "-binary", "-from", "a@soyte.tinh.example", "-to", "b@ubnd.tinh.example", "-subject", "Bao cao", ...who, ...rest, "-out", out])
  return Buffer.from((await readFile(out, "latin1")).replace(/\r?\n/g, "\r\n"), "latin1")
}

const verify = (message: Uint8Array) => verifyMessageSignature(bytesSource(message), { clock: { now: () => 0 } })

test.each<{ readonly signers: readonly string[]; readonly options: readonly string[]; readonly algorithms: readonly string[]; readonly form?: "opaque" }>([
  { signers: ["rsa"], options: [], algorithms: ["rsa sha256"] },
  { signers: ["rsa"], options: ["-md", "sha512"], algorithms: ["rsa sha512"] },
  { signers: ["rsa"], options: ["-keyopt"], algorithms: ["rsa-pss sha256"] },
  { signers: ["rsa"], options: ["-keyopt", "-md", "sha384"], algorithms: ["rsa-pss sha384"] },
  { signers: ["ec"], options: [], algorithms: ["ecdsa sha256"] },
  { signers: ["p384"], options: ["-md", "sha384"], algorithms: ["ecdsa sha384"] },
  { signers: ["p521"], options: ["-md", "sha512"], algorithms: ["ecdsa sha512"] },
  { signers: ["ec"], options: ["-stream"], algorithms: ["ecdsa sha256"] },
  { signers: ["ec"], options: ["-cades"], algorithms: ["ecdsa sha256"] },
  { signers: ["ec"], options: ["-noattr"], algorithms: ["ecdsa sha256"] },
  { signers: ["ec"], options: ["-nosmimecap"], algorithms: ["ecdsa sha256"] },
  { signers: ["ec"], options: ["-keyid"], algorithms: ["ecdsa sha256"] },
  { signers: ["rsa", "ec"], options: [], algorithms: ["rsa sha256", "ecdsa sha256"] },
  { signers: ["rsa", "ec", "p384"], options: ["-stream", "-cades"], algorithms: ["rsa sha256", "ecdsa sha256", "ecdsa sha256"] },
  { signers: ["ec"], options: ["-nodetach"], algorithms: ["ecdsa sha256"], form: "opaque" },
  { signers: ["rsa"], options: ["-nodetach", "-stream"], algorithms: ["rsa sha256"], form: "opaque" },
  { signers: ["rsa"], options: ["-nodetach", "-keyopt"], algorithms: ["rsa-pss sha256"], form: "opaque" },
  { signers: ["rsa", "ec"], options: ["-nodetach"], algorithms: ["rsa sha256", "ecdsa sha256"], form: "opaque" },
])("openssl cms -sign by $signers $options", async ({ signers, options, algorithms, form = "multipart" }) => {
  const message = await signed(signers, ...options)
  const found = await verify(message)
  expect(found).toMatchObject({ form, problems: [], from: ["a@soyte.tinh.example"] })
  expect(found.signers.map(({ signatureAlgorithm, digestAlgorithm, problems }) => [`${signatureAlgorithm} ${digestAlgorithm}`, ...problems].join(" ")).sort()).toEqual([...algorithms].sort())
  expect(found.signers.every(({ intact, fingerprint }) => intact && fingerprint)).toBe(true)
  if (!options.includes("-noattr")) expect(found.signers.every(({ signingTime }) => signingTime !== null)).toBe(true)
})

test.each(["-nodetach", "-nosmimecap"])("without certificates (%s) the signer is named and not verified", async (option) => {
  const found = await verify(await signed(["ec"], "-nocerts", option))
  expect(found.signers).toMatchObject([{ intact: false, problems: ["noCertificate"], fingerprint: null }])
  expect(found.signers[0]?.serialNumber).toMatch(/^[0-9a-f]{30,40}$/)
})

test("a certificate from elsewhere serves when none came along", async () => {
  const message = await signed(["ec"], "-nocerts")
  const { stdout } = await run("openssl", ["x509", "-in", join(dir, "ec.pem"), "-outform", "DER"], { encoding: "buffer" })
  const { stdout: other } = await run("openssl", ["x509", "-in", join(dir, "rsa.pem"), "-outform", "DER"], { encoding: "buffer" })
  const found = await verifyMessageSignature({ ...bytesSource(message), certificates: [other, stdout] }, { clock: { now: () => 0 } })
  // as if it had come along; the other is nobody's
  expect(found).toMatchObject({ problems: [], signers: [{ intact: true }], certificates: [stdout.toString("base64")] })
})

test.each(["-aes-256-cbc", "-aes-256-gcm"])("what openssl encrypts with %s is encrypted, and signed over it is seen", async (cipher) => {
  await run("openssl", ["cms", "-encrypt", cipher, "-in", join(dir, "entity"), "-binary", "-from", "a@soyte.tinh.example", "-out", join(dir, "encrypted.eml"), join(dir, "rsa.pem")])
  const encrypted = (await readFile(join(dir, "encrypted.eml"), "latin1")).replace(/\r?\n/g, "\r\n")
  expect(await verify(Buffer.from(encrypted, "latin1"))).toMatchObject({ form: "encrypted", problems: [], signers: [], from: ["a@soyte.tinh.example"] })
  // only the MIME header of the encrypted entity is signed
  const inner = encrypted.slice(encrypted.indexOf("Content-Disposition"))
  await writeFile(join(dir, "entity2"), inner)
  for (const [option, form] of [["-stream", "multipart"], ["-nodetach", "opaque"]] as const) {
    await run("openssl", ["cms", "-sign", "-in", join(dir, "entity2"), "-binary", "-from", "a@soyte.tinh.example", "-signer", join(dir, "ec.pem"), "-inkey", join(dir, "ec.key"), option, "-out", join(dir, "outer.eml")])
    const outer = Buffer.from((await readFile(join(dir, "outer.eml"), "latin1")).replace(/\r?\n/g, "\r\n"), "latin1")
    expect(await verify(outer)).toMatchObject({ form, problems: [], encryptedInside: true, signers: [{ intact: true }] })
  }
})

test("certificates alone are no signature", async () => {
  const { stdout } = await run("openssl", ["crl2pkcs7", "-nocrl", "-certfile", join(dir, "ec.pem"), "-outform", "DER"], { encoding: "buffer" })
  const message = `From: a@soyte.tinh.example\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only; name=smime.p7c\r\nContent-Transfer-Encoding: base64\r\n\r\n${stdout.toString("base64")}\r\n`
  expect(await verify(Buffer.from(message))).toMatchObject({ form: "none", problems: [] })
})
