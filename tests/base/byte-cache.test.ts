import fc from "fast-check"
import { expect, test } from "vitest"
import { ByteCache } from "../../src/base/byte-cache.ts"

test("what is asked for stays when the cache is full, what is not goes, oldest first", () => {
  const cache = new ByteCache<string, number>(80)
  for (let n = 0; n < 8; n++) cache.set(`k${n}`, n, 10)
  expect(cache.get("k0")).toBe(0)
  cache.set("mới", 8, 10)
  expect(["k0", "k1", "k2", "mới"].map((key) => cache.get(key))).toEqual([0, undefined, 2, 8])
})

test("a value too large for an eighth of the cache is not kept, and throws nothing else out", () => {
  const cache = new ByteCache<string, number>(80)
  cache.set("a", 1, 10)
  cache.set("b", 2, 11)
  expect([cache.get("a"), cache.get("b")]).toEqual([1, undefined])
})

test("whatever is done, it holds no more than it may, and what it gives is what was put last", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(12), fc.boolean()), { maxLength: 300 }), (steps) => {
      const cache = new ByteCache<number, number>(80)
      const put = new Map<number, { readonly value: number; readonly bytes: number }>()
      for (const [step, [key, bytes, asks]] of steps.entries()) {
        if (!asks && bytes <= 10) {
          cache.set(key, step, bytes)
          put.set(key, { value: step, bytes })
        }
        const found = cache.get(key)
        if (found !== undefined) expect(found).toBe(put.get(key)?.value)
        const held = [...put].filter(([each]) => cache.get(each) !== undefined).reduce((sum, [, entry]) => sum + entry.bytes, 0)
        expect(held).toBeLessThanOrEqual(80)
      }
    }),
  )
})
