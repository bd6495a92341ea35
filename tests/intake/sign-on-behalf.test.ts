import { randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createSigner, type Signer } from "../../src/intake/sign-on-behalf.ts"
import { ok } from "../../src/base/result.ts"
import { SigningFailed, type SigningKey } from "../../src/pki/sign/signing-key.ts"
import { verifyMessageSignature } from "../../src/pki/smime/verify-message-signature.ts"
import { openSigningWorld, type SigningWorld } from "../pki/sign/signing-world.ts"
import { createTestStore, type TestStore, unwrap } from "../support/store.ts"

let world: SigningWorld
let store: TestStore
const errors: object[] = []
const clock = { now: () => Date.now() }
beforeAll(async () => {
  world = await openSigningWorld()
  store = await createTestStore()
})
afterAll(async () => {
  await world.close()
  await store.close()
})

const sender = "motcua@sonv.tinh.example"
const wanted = { key: "mot-cua", sender }
const signer = (key: SigningKey = world.key(), maxBytes = 1e8): Signer =>
  createSigner({
    contents: store.contents, clock, maxBytes, log: { signingFailed: (event) => errors.push(event) },
    keys: { for: async (address, name) => (address === sender && name === "mot-cua" ? ok({ key, pss: false }) : undefined) },
  })
const letter = (lines: number, line = (): string => "Nội dung thư."): string => `From: motcua@sonv.tinh.example\r\nTo: dan@ngoai.example\r\nSubject: x\r\nMessage-ID: <1@sonv.tinh.example>\r\n\r\n${Array.from({ length: lines }, () => `${line()}\r\n`).join("")}`
const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

test.each([
  { kind: "inline", lines: 10 },
  { kind: "blob", lines: 40_000 },
])("a message kept as $kind becomes its signed form; the old one stays whole until it is discarded", async ({ kind, lines }) => {
  const before = await blobs()
  const old = await store.prepare(letter(lines, () => randomBytes(30).toString("base64")))
  expect(old.stored.kind).toBe(kind)
  const fresh = unwrap(await signer().sign(old, wanted))
  expect(fresh.structure.messageId).toBe("1@sonv.tinh.example")
  expect(fresh.size).toBeGreaterThan(old.size)
  expect(await verifyMessageSignature({ read: (range) => fresh.read(range) }, { clock })).toMatchObject({ problems: [], headerProtection: "matches", signers: [{ intact: true }] })
  await old.discard()
  expect(await blobs()).toBe(before + (fresh.stored.kind === "blob" ? 1 : 0))
  await fresh.discard()
})

test("a key that cannot be used now, and a form that is too large, leave the message as it was", async () => {
  const content = await store.prepare(letter(5))
  const broken = { ...world.key(), sign: () => Promise.reject(new SigningFailed("the token is gone")) }
  expect(await signer(broken).sign(content, wanted)).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
  expect(errors).toHaveLength(1)
  expect(await signer(world.key(), 500).sign(content, wanted)).toMatchObject({ ok: false, failure: { kind: "tooBig" } })
  expect(unwrap(await signer().sign(content, wanted)).size).toBeGreaterThan(content.size)
})

test("a key signs for its own senders only, whatever the policy says", async () => {
  const content = await store.prepare(letter(5))
  expect(await signer().sign(content, { key: "mot-cua", sender: "khac@sonv.tinh.example" })).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  expect(await signer().sign(content, { key: "khac", sender })).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
})
