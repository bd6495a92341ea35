import { createSecretKey } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createReleaseTokens } from "../../src/mail/release-token.ts"

const tokens = createReleaseTokens({ key: createSecretKey(Buffer.alloc(32, 1)) })
const others = createReleaseTokens({ key: createSecretKey(Buffer.alloc(32, 2)) })
const copy = { deliveryId: 4711, recipient: "an@tinh.example", expiresAt: 1_800_000_000_000 }

test("says whose copy, of which delivery, until when; nothing of it is in clear", () => {
  const token = tokens.make(copy)
  expect(token).toMatch(/^[A-Za-z0-9_-]{42}$/)
  const read = tokens.read(token)
  expect(read).toMatchObject({ deliveryId: 4711, expiresAt: 1_800_000_000_000 })
  expect(read?.isFor("an@tinh.example")).toBe(true)
  expect(read?.isFor("binh@tinh.example")).toBe(false)
})

test("of another key, or with any character changed, it is for nobody", () => {
  expect(tokens.read(others.make(copy))?.isFor(copy.recipient)).toBe(false)
  const token = tokens.make(copy)
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), (at, character) => {
      const changed = token.slice(0, at) + character + token.slice(at + 1)
      fc.pre(changed !== token)
      expect(tokens.read(changed)?.isFor(copy.recipient) ?? false).toBe(false)
    }),
  )
})

test("what has not its form is no token", () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => tokens.read(text)?.isFor(copy.recipient) !== true))
  for (const text of ["", "a", `${tokens.make(copy)}A`, `${tokens.make(copy)}=`, tokens.make(copy).slice(1)]) expect(tokens.read(text)).toBeUndefined()
})
