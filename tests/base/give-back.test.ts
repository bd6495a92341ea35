import { expect, test } from "vitest"
import { giveBack } from "../../src/base/give-back.ts"

test("a buffer with memory of its own is empty at once, and all views of it", () => {
  for (const bytes of [Buffer.allocUnsafeSlow(70_000), new Uint8Array(5), Buffer.alloc(1_000_000)]) {
    const view = bytes.subarray(1, 3)
    giveBack(bytes)
    expect([bytes.length, view.length]).toEqual([0, 0])
  }
})

test("a small view of something large gives it back too: its owner knows", () => {
  const large = Buffer.allocUnsafeSlow(1_000_000)
  giveBack(large.subarray(7, 9))
  expect(large).toHaveLength(0)
})

test("what is a slice of Buffer's pool, whatever its size, is left alone", () => {
  for (let size = 0; size < Buffer.poolSize; size += 997) {
    const slice = Buffer.allocUnsafe(size)
    if (slice.buffer.byteLength !== Buffer.poolSize) continue
    giveBack(slice)
    expect(slice).toHaveLength(size)
  }
})
