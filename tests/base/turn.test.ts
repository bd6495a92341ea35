import { expect, test } from "vitest"
import { Pace } from "../../src/base/pace.ts"
import { nextTurn } from "../../src/base/turn.ts"

/** What happens, in order; `turn` each time that the event loop has come round. */
function watched(): { readonly seen: string[]; readonly stop: () => void } {
  const seen: string[] = []
  let over = false
  const tick = (): void => {
    seen.push("turn")
    if (!over) setImmediate(tick)
  }
  setImmediate(tick)
  return { seen, stop: () => void (over = true) }
}

test("those who wait at once go on in the order of asking, each in a turn of its own", async () => {
  const { seen, stop } = watched()
  await Promise.all(["a", "b", "c"].map((name) => nextTurn().then(() => seen.push(name))))
  stop()
  expect(seen.filter((one) => one !== "turn")).toEqual(["a", "b", "c"])
  for (const name of ["a", "b"]) expect(seen[seen.indexOf(name) + 1]).toBe("turn")
})

test("who asks again comes after those who have asked meanwhile", async () => {
  const order: string[] = []
  const work = async (name: string): Promise<void> => {
    for (let step = 0; step < 3; step++) {
      await nextTurn()
      order.push(name)
    }
  }
  await Promise.all([work("a"), work("b")])
  expect(order).toEqual(["a", "b", "a", "b", "a", "b"])
})

test("work that paces itself in several places has one turn after the other", async () => {
  const { seen, stop } = watched()
  const work = async (name: string): Promise<void> => {
    const pace = new Pace()
    for (let step = 0; step < 4; step++) {
      await pace.spend(1024 * 1024)
      seen.push(name)
    }
  }
  await Promise.all([work("a"), work("b"), work("c"), work("d")])
  stop()
  const between = seen.slice(seen.indexOf("a"), seen.lastIndexOf("d")).join(" ")
  expect(between).not.toMatch(/[abcd] [abcd]/)
})
