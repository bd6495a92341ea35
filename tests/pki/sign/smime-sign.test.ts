import { createHash, verify, X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import fc from "fast-check"
import { simpleParser } from "mailparser"
import { afterAll, beforeAll, expect, test } from "vitest"
import { oidText, readAsn1 } from "../../../src/pki/asn1.ts"
import { signMessage } from "../../../src/pki/sign/smime-sign.ts"
import { contentOf, openSigningWorld, run, signed, type SigningWorld } from "./signing-world.ts"

let world: SigningWorld
beforeAll(async () => {
  world = await openSigningWorld()
})
afterAll(() => world.close())

const crlf = (text: string): string => text.replaceAll("\n", "\r\n")

const letter = crlf(`Received: from may.tinh.example by mail.tinh.example; Thu, 26 Nov 2026 08:00:00 +0700
From: =?utf-8?q?M=E1=BB=99t_c=E1=BB=ADa?= <motcua@sonv.tinh.example>
To: dan@ngoai.example
Subject: Phieu hen
Date: Thu, 26 Nov 2026 08:00:00 +0700
Message-ID: <1@sonv.tinh.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Kính gửi ông bà,
From nay on, documents are returned by post, and the receipt below is enough to ask for them.${" "}
.
`)

const mixed = crlf(`From: motcua@sonv.tinh.example
To: dan@ngoai.example
Subject: Ho so
Content-Type: multipart/mixed; boundary=ngoai
Content-Transfer-Encoding: 8bit

loi mo dau
--ngoai
Content-Type: multipart/alternative; boundary=trong
Content-Transfer-Encoding: 8bit

--trong
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Hồ sơ kèm theo.
--trong
Content-Type: text/html; charset=utf-8

<p>Hồ sơ kèm theo.</p>
--trong--
--ngoai
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=a.bin
Content-Transfer-Encoding: binary

${"\u0001ÿ".repeat(700)}
--ngoai

khong co tieu de
--ngoai--
`)

const verified = async (message: Uint8Array, file = "verify.eml"): Promise<Buffer> => {
  const content = `${world.dir}/${file}.content`
  await run("openssl", ["cms", "-verify", "-in", await world.file(file, message), "-CAfile", world.ca.root.certificateFile, "-out", content])
  return readFile(content)
}

test.each([
  { name: "ECDSA P-256", request: {}, micalg: "sha-256" },
  { name: "ECDSA P-384", request: { keyType: "P-384" }, micalg: "sha-384" },
  { name: "ECDSA P-521", request: { keyType: "P-521" }, micalg: "sha-512" },
  { name: "RSA", request: { keyType: "rsa2048" }, micalg: "sha-256" },
  { name: "RSASSA-PSS", request: { keyType: "rsa2048" }, micalg: "sha-256", pss: true },
] as const)("OpenSSL verifies what is signed with $name", async ({ request, micalg, ...options }) => {
  const message = await signed(letter, { key: world.key(request), ...options })
  const content = await verified(message)
  expect(message.toString("latin1")).toContain(`micalg=${micalg};`)
  expect(message.includes(content)).toBe(true)
  expect((await simpleParser(content)).text).toContain("Kính gửi ông bà,\nFrom nay on, documents are returned by post, and the receipt below is enough to ask for them. \n.")
})

test("Ed25519 signs the attributes with SHA-512 beside it (RFC 8419)", async () => {
  const key = world.key({ keyType: "ed25519" })
  const message = (await signed(letter, { key, newBoundary: () => "b" })).toString("latin1")
  const signature = message.slice(message.lastIndexOf("\r\n\r\n"), message.lastIndexOf("\r\n--b--"))
  const signedData = readAsn1(Buffer.from(signature, "base64")).items[1]?.items[0]
  const [, , digest, attributes, algorithm, value] = signedData?.items.at(-1)?.items[0]?.items ?? []
  if (!attributes || !value) throw new Error("no signer")
  expect([oidText(digest?.items[0]), oidText(algorithm?.items[0])]).toEqual(["2.16.840.1.101.3.4.2.3", "1.3.101.112"])
  const signedBytes = Buffer.from(attributes.der)
  signedBytes[0] = 0x31
  expect(verify(undefined, signedBytes, new X509Certificate(key.certificate.der).publicKey, value.octets)).toBe(true)
})

test("OpenSSL refuses it when one octet of the signed part is another", async () => {
  const message = await signed(letter, { key: world.key() })
  message[message.indexOf("nay on")] = 0x4e
  await expect(verified(message)).rejects.toThrow(/verif/i)
})

test("every other form of a part reads as before, and the whole is 7-bit", async () => {
  const message = await signed(mixed, { key: world.key() })
  expect(message.every((octet) => octet < 0x80)).toBe(true)
  expect(message.toString("latin1")).not.toMatch(/Content-Transfer-Encoding: (?:8bit|binary)/)
  const [before, after] = [await simpleParser(mixed), await simpleParser(await verified(message))]
  expect(after.text).toBe(before.text)
  expect(after.html).toBe(before.html)
  expect(after.attachments.map(({ content, filename }) => ({ content, filename }))).toEqual(before.attachments.map(({ content, filename }) => ({ content, filename })))
})

test("fields outside stay octet by octet; the signed part has them too, but for those of servers on the way", async () => {
  const text = (await signed(letter, { key: world.key(), newBoundary: () => "ranh-gioi" })).toString("latin1")
  const outer = letter.slice(0, letter.indexOf("MIME-Version"))
  expect(text.startsWith(`${outer}MIME-Version: 1.0\r\nContent-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n micalg=sha-256; boundary="ranh-gioi"\r\n\r\n--ranh-gioi\r\n`)).toBe(true)
  const part = text.slice(text.indexOf("--ranh-gioi\r\n") + "--ranh-gioi\r\n".length, text.indexOf("\r\n--ranh-gioi\r\nContent-Type: application/pkcs7-signature"))
  expect(part.slice(0, part.indexOf("\r\n\r\n"))).toBe(
    `${outer.slice(outer.indexOf("From:"))}MIME-Version: 1.0\r\nContent-Type: text/plain;\r\n charset="utf-8";\r\n hp="clear"\r\nContent-Transfer-Encoding: quoted-printable`,
  )
})

test("a message that is signed already keeps its parts, and says when it is 8bit", async () => {
  const inner = crlf(`Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary=cu\nSubject: cu\n\n--cu\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nđã ký\n--cu\nContent-Type: application/pkcs7-signature\n\nAAAA\n--cu--\n`)
  const message = await signed(inner, { key: world.key() })
  expect(message.includes(Buffer.from(inner.slice(inner.indexOf("--cu"))))).toBe(true)
  expect(message.toString("latin1")).toMatch(/^Subject: cu\r\nMIME-Version: 1\.0\r\nContent-Type: multipart\/signed;[^\0]*?\r\nContent-Transfer-Encoding: 8bit\r\n\r\n/)
})

test("a forwarded message stays as its author wrote it", async () => {
  const forwarded = crlf("From: tac-gia@ngoai.example\nSubject: gốc\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nnguyên văn\n")
  const message = await signed(crlf(`Subject: chuyen\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nxem thư\n--b\nContent-Type: message/rfc822\n\n`) + forwarded + "\r\n--b--\r\n", { key: world.key() })
  expect(message.includes(Buffer.from(forwarded))).toBe(true)
  // the other part is still protected
  expect(message.toString("latin1")).toContain("\r\n\r\neGVtIHRoxrA=\r\n")
})

test.each([
  ["a bare LF", "Subject: x\r\n\r\nmot\nhai\r\n"],
  ["a bare CR", "Subject: x\r\n\r\nmot\rhai\r\n"],
  ["an endless header", `X: ${"a".repeat(300_000)}\r\n\r\n`],
])("%s is not signed", async (_name, message) => {
  expect(await signMessage(contentOf(message), { key: world.key(), signingTime: 0 })).toMatchObject({ ok: false, failure: { kind: "invalid" } })
})

test.each(["", "\r\n", "Subject: x\r\n", "Subject: x\r\n\r\n", "chi co chu", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nkhong het"])("the message %j has a signed form too", async (message) => {
  await verified(await signed(message, { key: world.key() }))
})

test("however the content comes in chunks, the same is signed", async () => {
  const key = world.key({ keyType: "rsa2048" })
  const options = { key, signingTime: 1_800_000_000_000, newBoundary: () => "b" }
  const whole = createHash("sha256").update(await signed(mixed, options, 1e6)).digest("hex")
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 400 }), async (chunkBytes) => {
      expect(createHash("sha256").update(await signed(mixed, options, chunkBytes)).digest("hex")).toBe(whole)
    }),
    { numRuns: 15 },
  )
})

test("signed attributes: content type, digest, time, and which certificate", async () => {
  const message = await signed(letter, { key: world.key(), signingTime: Date.parse("2026-11-26T01:02:03Z") })
  const { stdout } = await run("openssl", ["cms", "-cmsout", "-print", "-in", await world.file("print.eml", message)])
  expect(stdout).toMatch(/id-smime-aa-signingCertificateV2/)
  expect(stdout).toMatch(/UTCTIME:Nov 26 01:02:03 2026 GMT/)
  // the signer's and the intermediate's; a receiver's trust is its own
  expect(stdout.match(/d\.certificate:/g)).toHaveLength(2)
})
