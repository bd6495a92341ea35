import { rm } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { pem } from "../../../src/pki/write-certificate.ts"
import { openPkcs12Key } from "../../../src/pki/sign/pkcs12-key.ts"
import { unwrap } from "../../support/store.ts"
import { openSigningWorld, run, signed, type SigningWorld } from "./signing-world.ts"

let world: SigningWorld
let passwordFile: string
beforeAll(async () => {
  world = await openSigningWorld()
  passwordFile = await world.file("password", "mật khẩu dài\n")
})
afterAll(() => world.close())

const pkcs12 = async (keyType: "P-256" | "rsa2048" | "ed25519", ...options: readonly string[]): Promise<string> => {
  const { certificateDer, privateKey } = world.ca.issue({ subject: { commonName: "Cổng dịch vụ công" }, keyType })
  const key = await world.file("key.pem", privateKey.export({ type: "pkcs8", format: "pem" }))
  const certificate = await world.file("certificate.pem", pem("CERTIFICATE", certificateDer))
  const chain = await world.file("chain.pem", pem("CERTIFICATE", world.ca.intermediate.certificate.der) + pem("CERTIFICATE", world.ca.root.certificate.der))
  const file = `${world.dir}/${keyType}${options.join("")}.p12`
  await run("openssl", ["pkcs12", "-export", "-inkey", key, "-in", certificate, "-certfile", chain, "-passout", `file:${passwordFile}`, "-out", file, ...options])
  await rm(key)
  return file
}

test.each([
  { name: "as OpenSSL 3 writes it (AES-256)", keyType: "P-256", options: [] },
  { name: "with AES-128 and SHA-1", keyType: "rsa2048", options: ["-keypbe", "AES-128-CBC", "-certpbe", "AES-128-CBC", "-macalg", "sha1"] },
  { name: "as Windows writes it (triple DES)", keyType: "rsa2048", options: ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES"] },
  { name: "with certificates in clear", keyType: "ed25519", options: ["-certpbe", "NONE"] },
] as const)("a key signs out of a PKCS #12 file $name; the root does not travel", async ({ keyType, options }) => {
  const key = unwrap(asFailure(await openPkcs12Key({ name: "cong", file: await pkcs12(keyType, ...options), passwordFile })))
  expect(key.chain.map(({ subject }) => subject.commonName)).toEqual(["Cổng dịch vụ công", "Công Thư development signing CA"])
  const message = await signed("Subject: x\r\n\r\nchao\r\n", { key })
  // OpenSSL 3.0 knows no Ed25519 in CMS
  if (keyType !== "ed25519") await run("openssl", ["cms", "-verify", "-in", await world.file("signed.eml", message), "-CAfile", world.ca.root.certificateFile])
  await key.close()
})

const asFailure = <T>(result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: string }) => (result.ok ? result : { ok: false as const, failure: { detail: result.failure } })

test.each([
  ["a wrong password", async () => ({ file: await pkcs12("P-256"), passwordFile: await world.file("other", "sai") }), /password does not open/],
  ["no key", async () => ({ file: await pkcs12("P-256", "-nokeys"), passwordFile }), /no key/],
  ["another certificate's key", async () => ({ file: await pkcs12("P-256", "-nocerts"), passwordFile }), /no certificate for its key/],
  ["RC2", async () => ({ file: await pkcs12("P-256", "-certpbe", "PBE-SHA1-RC2-40", "-provider", "legacy", "-provider", "default"), passwordFile }), /RC2/],
  ["no PKCS #12 at all", async () => ({ file: await world.file("text", "xin chao"), passwordFile }), /not a PKCS #12 file/],
  ["no file", async () => ({ file: `${world.dir}/none.p12`, passwordFile }), /cannot be read/],
])("%s is refused with a sentence", async (_name, make, sentence) => {
  const result = await openPkcs12Key({ name: "cong", ...(await make()) })
  expect(result).toMatchObject({ ok: false })
  if (!result.ok) expect(result.failure).toMatch(sentence)
})
