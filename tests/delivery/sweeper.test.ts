import { afterEach, expect, test } from "vitest"
import { createSweeper, type Sweeper, type SweeperParts } from "../../src/delivery/sweeper.ts"
import { testLog } from "../support/store.ts"

const sweepers: Sweeper[] = []
afterEach(async () => void (await Promise.all(sweepers.splice(0).map((sweeper) => sweeper.close()))))

const sweeperOf = (parts: Partial<SweeperParts> & Pick<SweeperParts, "deliveries" | "outbox">): Sweeper => {
  const sweeper = createSweeper({ everyMs: 3_600_000, log: testLog, ...parts })
  sweepers.push(sweeper)
  return sweeper
}
const ids = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test("what is due is queued, batch after batch, until nothing is left", async () => {
  const batches = [{ local: ids(1_500), remote: ids(500) }, { local: [7], remote: [] }]
  const queued: unknown[] = []
  const sweeper = sweeperOf({
    deliveries: { due: async () => batches.shift() ?? { local: [], remote: [] } },
    outbox: { isAvailable: () => true, enqueue: async (due) => (queued.push(due), true) },
  })
  expect(await sweeper.sweep()).toBe(2_001)
  expect(queued).toHaveLength(2)
})

test("while the queue cannot be reached nothing is asked for", async () => {
  let asked = 0
  const sweeper = sweeperOf({
    deliveries: { due: async () => (asked++, { local: [1], remote: [] }) },
    outbox: { isAvailable: () => false, enqueue: async () => false },
  })
  expect(await sweeper.sweep()).toBe(0)
  expect(asked).toBe(0)
})

test("two sweeps at once are one", async () => {
  let asked = 0
  const sweeper = sweeperOf({
    deliveries: { due: async () => (asked++, { local: [], remote: [] }) },
    outbox: { isAvailable: () => true, enqueue: async () => true },
  })
  await Promise.all([sweeper.sweep(), sweeper.sweep()])
  expect(asked).toBe(1)
})

test("a sweep that fails does not keep the next one from working", async () => {
  let failing = true
  const sweeper = sweeperOf({
    deliveries: {
      async due() {
        if (failing) throw new Error("the database is away")
        return { local: [], remote: [] }
      },
    },
    outbox: { isAvailable: () => true, enqueue: async () => true },
    also: async () => "DSNs",
  })
  await expect(sweeper.sweep()).rejects.toThrow("away")
  failing = false
  expect(await sweeper.sweep()).toBe(0)
})
