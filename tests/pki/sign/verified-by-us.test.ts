import { createHash } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createVerifyPool, type VerifyPool } from "../../../src/pki/verify/verify-pool.ts"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { unwrap } from "../../support/store.ts"
import { openSigningWorld, signed, type SigningWorld } from "./signing-world.ts"

let world: SigningWorld
let pool: VerifyPool
beforeAll(async () => {
  world = await openSigningWorld()
  pool = createVerifyPool({ log: { error: () => undefined } })
})
afterAll(async () => {
  await pool.close()
  await world.close()
})

const verify = async (message: Buffer) => unwrap(await pool.verify({ sha256: createHash("sha256").update(message).digest("hex"), size: message.length, read: bytesSource(message).read }))

const letter = "From: =?utf-8?q?M=E1=BB=99t_c=E1=BB=ADa?= <motcua@sonv.tinh.example>\r\nTo: dan@ngoai.example\r\nSubject: x\r\nDate: Thu, 26 Nov 2026 08:00:00 +0700\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKính gửi\r\n"
const signingTime = Date.parse("2026-11-26T01:02:03Z")

test.each([
  { name: "P-256", keyType: "P-256" },
  { name: "P-384", keyType: "P-384" },
  { name: "P-521", keyType: "P-521" },
  { name: "RSA", keyType: "rsa2048" },
  { name: "PSS", keyType: "rsa2048", pss: true },
  { name: "Ed25519", keyType: "ed25519" },
] as const)("our own verifier finds nothing wrong with what is signed by $name, and its header protected", async ({ keyType, ...options }) => {
  const key = world.key({ keyType })
  const result = await verify(await signed(letter, { key, signingTime, ...options }))
  expect(result).toMatchObject({ form: "multipart", problems: [], headerProtection: "matches", from: ["motcua@sonv.tinh.example"] })
  expect(result.signers).toMatchObject([{ fingerprint: key.certificate.fingerprint, intact: true, signingTime, problems: [] }])
  expect(result.certificates).toHaveLength(2)
})

test("a message of several megabytes is signed and verified as it streams", async () => {
  const message = await signed(letter + "dài ơi là dài, và thêm chút nữa\r\n".repeat(100_000), { key: world.key() }, 65_536)
  expect(await verify(message)).toMatchObject({ problems: [], signers: [{ intact: true }] })
  message[message.length - 20_000] = (message[message.length - 20_000] ?? 0) ^ 1
  expect((await verify(message)).signers).toMatchObject([{ intact: false }])
})

test("a header field changed outside afterwards is found out", async () => {
  const message = (await signed(letter, { key: world.key() })).toString("latin1").replace("Subject: x", "Subject: y")
  expect(await verify(Buffer.from(message, "latin1"))).toMatchObject({ headerProtection: "differs", problems: ["headerMismatch"] })
})
