import { randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { signOnBehalf, type SignOnBehalfParts } from "../../src/intake/sign-on-behalf.ts"
import { SigningFailed } from "../../src/pki/sign/signing-key.ts"
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

const parts = (maxBytes = 1e8): SignOnBehalfParts => ({ contents: store.contents, clock, maxBytes, log: { error: (detail) => errors.push(detail) } })
const letter = (lines: number, line = (): string => "Nội dung thư."): string => `From: motcua@sonv.tinh.example\r\nTo: dan@ngoai.example\r\nSubject: x\r\nMessage-ID: <1@sonv.tinh.example>\r\n\r\n${Array.from({ length: lines }, () => `${line()}\r\n`).join("")}`
const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length

test.each([
  { kind: "inline", lines: 10 },
  { kind: "blob", lines: 40_000 },
])("a message kept as $kind becomes its signed form, and nothing of the old one stays", async ({ kind, lines }) => {
  const before = await blobs()
  const old = await store.prepare(letter(lines, () => randomBytes(30).toString("base64")))
  expect(old.stored.kind).toBe(kind)
  const fresh = unwrap(await signOnBehalf(old, { key: world.key(), pss: false }, parts()))
  expect(fresh.structure.messageId).toBe("1@sonv.tinh.example")
  expect(fresh.size).toBeGreaterThan(old.size)
  const source = { read: (range?: { readonly start: number; readonly end: number }) => store.contents.readPrepared(fresh, range) }
  expect(await verifyMessageSignature(source, { clock })).toMatchObject({ problems: [], headerProtection: "matches", signers: [{ intact: true }] })
  expect(await blobs()).toBe(before + (fresh.stored.kind === "blob" ? 1 : 0))
  await fresh.discard()
})

test("a key that cannot be used now, and a form that is too large, leave the message as it was", async () => {
  const content = await store.prepare(letter(5))
  const broken = { ...world.key(), sign: () => Promise.reject(new SigningFailed("the token is gone")) }
  expect(await signOnBehalf(content, { key: broken, pss: false }, parts())).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
  expect(errors).toHaveLength(1)
  expect(await signOnBehalf(content, { key: world.key(), pss: false }, parts(500))).toMatchObject({ ok: false, failure: { kind: "tooBig" } })
  expect(unwrap(await signOnBehalf(content, { key: world.key(), pss: false }, parts())).size).toBeGreaterThan(content.size)
})
