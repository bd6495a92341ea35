import { expect, test } from "vitest"
import { createLocalDelivery } from "../../src/delivery/local-delivery.ts"

/** A store whose statements end when the test says so. */
function slowStore() {
  const statements: { readonly ids: readonly number[]; readonly queuedAt: number; readonly end: (error?: Error) => void }[] = []
  const deliverLocal = (ids: readonly number[], queuedAt: number): Promise<number> =>
    new Promise((resolve, reject) => statements.push({ ids, queuedAt, end: (error) => (error ? reject(error) : resolve(ids.length)) }))
  return { statements, deliveries: { deliverLocal } }
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test("what arrives while commits are under way shares the next one", async () => {
  const { statements, deliveries } = slowStore()
  let delivered = 0
  const local = createLocalDelivery({ deliveries, delivered: (count) => (delivered += count) })
  const jobs = [[1], [2], [3, 4], [5], [5]].map((ids, at) => local.deliver(ids, 1_000 + at))
  await turn()
  expect(statements.map(({ ids }) => ids)).toEqual([[1], [2]])
  statements[0]?.end()
  await turn()
  expect(statements[2]).toMatchObject({ ids: [3, 4, 5], queuedAt: 1_004 })
  statements[1]?.end()
  statements[2]?.end()
  await Promise.all(jobs)
  expect(delivered).toBe(5)
})

test("a statement that fails fails its jobs only", async () => {
  const { statements, deliveries } = slowStore()
  const local = createLocalDelivery({ deliveries, delivered: () => undefined })
  const [one, two] = [local.deliver([1], 1), local.deliver([2], 2)]
  const outcomes = Promise.allSettled([one, two])
  await turn()
  statements[0]?.end(new Error("the database is away"))
  statements[1]?.end()
  expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "fulfilled"])
})

test("a statement stays bounded, whatever waits", async () => {
  const { statements, deliveries } = slowStore()
  const local = createLocalDelivery({ deliveries, delivered: () => undefined })
  const jobs = Array.from({ length: 12 }, (_, job) => local.deliver(Array.from({ length: 500 }, (_, n) => job * 500 + n), 1))
  for (let at = 0; at < 7; at++) {
    await turn()
    statements[at]?.end()
  }
  await Promise.all(jobs)
  expect(statements.map(({ ids }) => ids.length)).toEqual([500, 500, 1_000, 1_000, 1_000, 1_000, 1_000])
})
