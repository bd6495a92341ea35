import { expect, test } from "vitest"
import { createDirectDelivery } from "../../src/delivery/direct-delivery.ts"
import type { Deliverable } from "../../src/delivery/outbox.ts"

/** Deliveries that end when the test says so, and a queue that remembers what it was woken for. */
function world() {
  const statements: { readonly ids: readonly number[]; readonly queuedAt: number; readonly end: (error?: Error) => void }[] = []
  const queued: Deliverable[] = []
  const direct = createDirectDelivery({
    localDelivery: { deliver: (ids, queuedAt) => new Promise((resolve, reject) => statements.push({ ids, queuedAt, end: (error) => (error ? reject(error) : resolve()) })) },
    outbox: { wake: (deliveries) => void queued.push(deliveries) },
    clock: { now: () => 1_000 },
  })
  const jobs = (): Deliverable => ({ local: queued.flatMap(({ local }) => local), remote: queued.flatMap(({ remote }) => remote) })
  return { statements, direct, jobs }
}
const ids = (count: number, first = 1): number[] => Array.from({ length: count }, (_, index) => first + index)

test("local deliveries are made at once, remote ones become jobs", () => {
  const { statements, direct, jobs } = world()
  direct.wake({ local: [1, 2], remote: [3] })
  expect(statements).toMatchObject([{ ids: [1, 2], queuedAt: 1_000 }])
  expect(jobs()).toEqual({ local: [], remote: [3] })
})

test("a message to many mailboxes becomes a job", () => {
  const { statements, direct, jobs } = world()
  direct.wake({ local: ids(51), remote: [] })
  expect(statements).toEqual([])
  expect(jobs().local).toHaveLength(51)
})

test("what finds too many under way becomes a job, until some have ended", async () => {
  const { statements, direct, jobs } = world()
  for (let message = 0; message < 8; message++) direct.wake({ local: ids(50, message * 50 + 1), remote: [] })
  direct.wake({ local: [401], remote: [] })
  expect(jobs().local).toEqual([401])
  for (const { end } of statements) end()
  await direct.settled()
  direct.wake({ local: [402], remote: [] })
  expect(statements.at(-1)?.ids).toEqual([402])
})

test("a delivery that fails here becomes a job, and only that one", async () => {
  const { statements, direct, jobs } = world()
  direct.wake({ local: [1], remote: [] })
  direct.wake({ local: [2], remote: [] })
  statements[0]?.end(new Error("the database is away"))
  statements[1]?.end()
  await direct.settled()
  expect(jobs().local).toEqual([1])
})
