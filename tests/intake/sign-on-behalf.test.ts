import { randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createSigner, type Signer } from "../../src/intake/sign-on-behalf.ts"
import type { KeyRing } from "../../src/pki/sign/key-ring.ts"
import { SigningFailed, type SigningKey } from "../../src/pki/sign/signing-key.ts"
import { verifyMessageSignature } from "../../src/pki/smime/verify-message-signature.ts"
import { failed, ok } from "../../src/base/result.ts"
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

const signer = (key: SigningKey = world.key(), maxMessageBytes = 1e8, signsFor = "motcua@sonv.tinh.example"): Signer => {
  const keys: Pick<KeyRing, "named"> = { named: async (name) => (name === "mot-cua" ? ok({ key, pss: false, signsFor: new Set([signsFor]) }) : name === "hong" ? failed("the token is away") : undefined) }
  return createSigner({ keys, contents: store.contents, maxMessageBytes, clock, log: { signingFailed: (event) => errors.push(event) } })
}
const letter = (lines: number, line = (): string => "Nội dung thư."): string => `From: motcua@sonv.tinh.example\r\nTo: dan@ngoai.example\r\nSubject: x\r\nMessage-ID: <1@sonv.tinh.example>\r\n\r\n${Array.from({ length: lines }, () => `${line()}\r\n`).join("")}`
const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

test.each([
  { kind: "inline", lines: 10 },
  { kind: "blob", lines: 40_000 },
])("a message kept as $kind becomes its signed form, beside the old one", async ({ kind, lines }) => {
  const before = await blobs()
  const old = await store.prepare(letter(lines, () => randomBytes(30).toString("base64")))
  expect(old.stored.kind).toBe(kind)
  const fresh = unwrap(await signer().sign(old, "mot-cua"))
  expect(fresh.structure.messageId).toBe("1@sonv.tinh.example")
  expect(fresh.size).toBeGreaterThan(old.size)
  expect(await verifyMessageSignature(fresh, { clock })).toMatchObject({ problems: [], headerProtection: "matches", signers: [{ intact: true }] })
  await old.discard()
  expect(await verifyMessageSignature(fresh, { clock })).toMatchObject({ problems: [] })
  await fresh.discard()
  expect(await blobs()).toBe(before)
})

test.each([
  ["a name that is no key", "khac", () => signer()],
  ["a key that cannot be opened", "hong", () => signer()],
  ["a token that is gone", "mot-cua", () => signer({ ...world.key(), sign: () => Promise.reject(new SigningFailed("the token is gone")) })],
  ["somebody that the key does not sign for", "mot-cua", () => signer(world.key(), 1e8, "khac@sonv.tinh.example")],
])("%s leaves the message unsigned, to be tried again; it is logged", async (_name, name, make) => {
  errors.length = 0
  const before = await blobs()
  const content = await store.prepare(letter(40_000))
  expect(await make().sign(content, name)).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
  expect(errors).toMatchObject([{ key: name }])
  await content.discard()
  expect(await blobs()).toBe(before)
})
