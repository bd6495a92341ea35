import { expect, test } from "vitest"
import { gather } from "../../src/base/gather.ts"

test("what is asked while others are worked on shares the next turn, in order and in bounds", async () => {
  const turns: (readonly number[])[] = []
  const gates: PromiseWithResolvers<void>[] = []
  const ask = gather(async (items: readonly number[]) => {
    turns.push(items)
    const gate = Promise.withResolvers<void>()
    gates.push(gate)
    await gate.promise
    return items.map((item) => item * 10)
  }, { maxItems: 3, atOnce: 1 })
  const all = Promise.all([1, 2, 3, 4, 5].map(ask))
  expect(turns).toEqual([[1]])
  gates[0]?.resolve()
  await expect.poll(() => turns).toEqual([[1], [2, 3, 4]])
  gates[1]?.resolve()
  await expect.poll(() => turns).toEqual([[1], [2, 3, 4], [5]])
  gates[2]?.resolve()
  expect(await all).toEqual([10, 20, 30, 40, 50])
})

test("a turn that fails fails for those in it only, and one that loses an outcome is noticed", async () => {
  const ask = gather(async (items: readonly string[]) => {
    if (items.includes("bad")) throw new Error("broken")
    return items.includes("short") ? [] : items
  }, { maxItems: 1, atOnce: 2 })
  const [bad, good, short] = await Promise.allSettled(["bad", "good", "short"].map(ask))
  expect(bad).toMatchObject({ status: "rejected", reason: new Error("broken") })
  expect(good).toEqual({ status: "fulfilled", value: "good" })
  expect(short).toMatchObject({ status: "rejected" })
})
