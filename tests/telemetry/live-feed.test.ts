import { expect, test } from "vitest"
import { createLiveFeed, type LiveState } from "../../src/telemetry/live-feed.ts"
import type { LiveFigures } from "../../src/store/overview-store.ts"
import { until } from "../support/running-system.ts"

const figures = (received: number): LiveFigures => ({ today: { received, receivedSigned: 0, receivedTls: 0, submitted: 0, submittedSigned: 0, relayed: 0, relayedTls: 0 }, queue: { waiting: 0, held: 0, oldestMs: 0 }, failedSignIns: 0, storage: null })

test("one read serves all who look on, nobody reads when nobody looks, and one too many is turned away", async () => {
  let reads = 0
  const clock = { ms: 0, now: () => (clock.ms += 1) }
  const feed = createLiveFeed({ read: async () => figures(++reads), health: async () => [], clock, onError: () => undefined, everyMs: 5, maxWatchers: 3 })
  const seen: LiveState[][] = [[], [], []]
  const stops = seen.map((states) => feed.watch((state) => states.push(state)))
  expect(feed.watch(() => undefined)).toBeUndefined()
  await until(() => seen.every((states) => states.length >= 3), 5_000)
  // as many as one of them would have needed
  expect(reads).toBeLessThanOrEqual(Math.max(...seen.map((states) => states.length)) + 1)
  for (const stop of stops) stop?.()
  const before = reads
  const told = seen.map((states) => states.length)
  let turns = 0
  await until(() => ++turns > 3, 5_000)
  expect([reads, seen.map((states) => states.length)]).toEqual([before, told])
  const again = feed.watch(() => undefined)
  expect(again).toBeDefined()
  again?.()
})

test("a read that fails is told to nobody, and the next one is tried", async () => {
  let reads = 0
  const problems: unknown[] = []
  const clock = { ms: 0, now: () => (clock.ms += 10) }
  const feed = createLiveFeed({ read: async () => (++reads === 1 ? Promise.reject(new Error("away")) : figures(reads)), health: async () => [], clock, onError: (error) => void problems.push(error), everyMs: 5 })
  const seen: LiveState[] = []
  const stop = feed.watch((state) => seen.push(state))
  await until(() => seen.length > 0, 5_000)
  stop?.()
  expect(problems).toHaveLength(1)
})
