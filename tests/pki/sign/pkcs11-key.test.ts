import { spawnSync } from "node:child_process"
import { createPublicKey } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadGraphene } from "../../../src/pki/sign/graphene.ts"
import { openPkcs11Key, type Pkcs11KeySetting } from "../../../src/pki/sign/pkcs11-key.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { unwrap } from "../../support/store.ts"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { openSigningWorld, run, signed, type SigningWorld } from "./signing-world.ts"

const module = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so"].find(existsSync) ?? ""
const hasTools = module !== "" && ["softhsm2-util", "pkcs11-tool"].every((tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0)
// skipped where SoftHSM, OpenSC or the native part of graphene-pk11 is not installed: nothing stands in for a token
const withToken = test.skipIf(!hasTools || !loadGraphene())

let world: SigningWorld
let base: Pkcs11KeySetting
beforeAll(async () => {
  world = await openSigningWorld()
  await mkdir(join(world.dir, "tokens"))
  process.env["SOFTHSM2_CONF"] = await world.file("softhsm2.conf", `directories.tokendir = ${world.dir}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`)
  base = { name: "mot-cua", module, tokenLabel: "Văn thư", keyLabel: "ec", pinFile: await world.file("pin", "123456\n"), certificateFile: "" }
  if (hasTools) await run("softhsm2-util", ["--init-token", "--free", "--label", base.tokenLabel, "--so-pin", "987654", "--pin", "123456"])
})
afterAll(() => world.close())

const tool = (...args: readonly string[]) => run("pkcs11-tool", ["--module", module, "--token-label", base.tokenLabel, "--login", "--pin", "123456", ...args])

let ids = 10
/** A key made in the token, and a certificate for it; written into the token unless told otherwise. */
async function makeKey(label: string, keyType: string, inToken = true): Promise<string> {
  const id = String(ids++)
  await tool("--keypairgen", "--key-type", keyType, "--label", label, "--id", id)
  const publicFile = join(world.dir, `${label}.pub`)
  await tool("--read-object", "--type", "pubkey", "--id", id, "-o", publicFile)
  const { certificateDer } = world.ca.issueForKey(createPublicKey({ key: await readFile(publicFile), format: "der", type: "spki" }), { subject: { commonName: `Khóa ${label}` } })
  const file = await world.file(`${label}.der`, certificateDer)
  if (inToken) await tool("--write-object", file, "--type", "cert", "--id", id, "--label", label)
  return world.file(`${label}.pem`, pem("CERTIFICATE", certificateDer) + pem("CERTIFICATE", world.ca.intermediate.certificate.der))
}

withToken.each([
  { label: "ec", keyType: "EC:prime256v1", pss: false },
  { label: "rsa", keyType: "rsa:2048", pss: false },
  { label: "rsa", keyType: "rsa:2048", pss: true },
])("a token's $keyType key signs (PSS: $pss), and OpenSSL and our verifier find it good", async ({ label, keyType, pss }) => {
  const name = `${label}${pss ? "-pss" : ""}`
  await makeKey(name, keyType)
  const chain = await world.file("intermediate.pem", pem("CERTIFICATE", world.ca.intermediate.certificate.der))
  const key = unwrap(asDetail(await openPkcs11Key({ ...base, keyLabel: name, certificateFile: chain })))
  expect(key.chain.map(({ subject }) => subject.commonName)).toEqual([`Khóa ${name}`, "Công Thư development signing CA"])
  const message = await signed("From: a@tinh.example\r\nSubject: x\r\n\r\nchao\r\n", { key, pss })
  await run("openssl", ["cms", "-verify", "-in", await world.file("token.eml", message), "-CAfile", world.ca.root.certificateFile])
  expect(await verifyMessageSignature(bytesSource(message), { clock: { now: () => Date.now() } })).toMatchObject({ problems: [], signers: [{ intact: true }] })
  await key.close()
})

withToken("the certificate may lie beside the token; many signatures at once come out right", async () => {
  const certificateFile = await makeKey("ngoai", "EC:prime256v1", false)
  const key = unwrap(asDetail(await openPkcs11Key({ ...base, keyLabel: "ngoai", certificateFile })))
  const messages = await Promise.all(Array.from({ length: 30 }, (_, at) => signed(`From: a@tinh.example\r\nSubject: ${at}\r\n\r\nchao\r\n`, { key })))
  for (const message of messages) expect(await verifyMessageSignature(bytesSource(message), { clock: { now: () => Date.now() } })).toMatchObject({ problems: [], signers: [{ intact: true }] })
  await key.close()
  // what closed it is not the end of it: the next signature opens a session of its own
  await expect(signed("Subject: x\r\n\r\n", { key })).resolves.toBeInstanceOf(Buffer)
  await key.close()
})

withToken.each([
  ["no such token", { tokenLabel: "khong co" }, /no such token/],
  ["no such key", { keyLabel: "khong co" }, /no key called "khong co"/],
  ["no library", { module: "/nonexistent.so" }, /cannot be used/],
  ["no PIN file", { pinFile: "/nonexistent" }, /cannot be used/],
])("%s is refused with a sentence", async (_name, change, sentence) => {
  const result = await openPkcs11Key({ ...base, ...change })
  expect(result).toMatchObject({ ok: false })
  if (!result.ok) expect(result.failure).toMatch(sentence)
})

withToken("a key without a certificate is refused", async () => {
  await makeKey("tran", "EC:prime256v1", false)
  expect(await openPkcs11Key({ ...base, keyLabel: "tran" })).toMatchObject({ ok: false, failure: 'the token "Văn thư" has no certificate for its key "tran": name it with certificateFile' })
})

withToken("a wrong PIN is tried once and not again", async () => {
  // nobody is signed in, so the token asks for it
  const pinFile = await world.file("wrong-pin", "000000")
  for (const sentence of [/CKR_PIN_INCORRECT/, /PIN was refused before/, /PIN was refused before/]) {
    const result = await openPkcs11Key({ ...base, keyLabel: "ngoai", pinFile })
    expect(result).toMatchObject({ ok: false })
    if (!result.ok) expect(result.failure).toMatch(sentence)
  }
  expect(unwrap(asDetail(await openPkcs11Key({ ...base, keyLabel: "ngoai", certificateFile: join(world.dir, "ngoai.pem") }))).certificate.subject.commonName).toBe("Khóa ngoai")
})

const asDetail = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: string }) => (result.ok ? result : { ok: false as const, failure: { detail: result.failure } })
