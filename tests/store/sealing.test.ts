import { randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createSealer } from "../../src/store/sealing.ts"

const sealer = createSealer(Buffer.alloc(32, 1))

test("what is sealed opens again, in its place only and with its key only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.string({ maxLength: 20 }), (bytes, place) => {
      const sealed = sealer.seal(bytes, place)
      expect(sealer.open(sealed, place, bytes.length)).toEqual(Buffer.from(bytes))
      expect(() => sealer.open(sealed, `${place}x`, bytes.length)).toThrow()
      expect(() => createSealer(Buffer.alloc(32, 2)).open(sealed, place, bytes.length)).toThrow()
    }),
  )
})

test("the parts of what is sealed open like the whole, however many were sealed since", () => {
  const parts = sealer.sealInParts(Buffer.alloc(300_000, "công thư"), "a")
  for (let times = 0; times < 1_000; times++) sealer.sealInParts(Buffer.from([times]), "b")
  expect(sealer.open(Buffer.concat(parts), "a", 300_000).equals(Buffer.alloc(300_000, "công thư"))).toBe(true)
})

test("any changed bit is noticed", () => {
  const sealed = sealer.seal(Buffer.from("công thư ".repeat(100)), "a")
  for (let bit = 0; bit < sealed.length * 8; bit += 7) {
    const changed = Buffer.from(sealed)
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(() => sealer.open(changed, "a", 10_000)).toThrow()
  }
})

test("repetitive bytes rest in a fraction of their size, random ones cost 29 bytes more", () => {
  expect(sealer.seal(Buffer.alloc(100_000, "mẫu đơn "), "a").length).toBeLessThan(1000)
  expect(sealer.seal(randomBytes(1000), "a").length).toBe(1029)
})

test("a sealed bomb opens to no more than it may", () => {
  expect(() => sealer.open(sealer.seal(Buffer.alloc(10_000_000), "a"), "a", 1000)).toThrow()
})

test("a key of another length is refused", () => {
  expect(() => createSealer(Buffer.alloc(31))).toThrow("32 bytes")
})
