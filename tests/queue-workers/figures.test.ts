import { afterEach, expect, test, vi } from "vitest"
import { startFiguresWorker } from "../../queue-workers/figures.worker.ts"
import { testLog } from "../support/store.ts"

afterEach(() => vi.useRealTimers())

const quarterMs = 15 * 60_000
const alone = async (work: () => Promise<void>): Promise<boolean> => (await work(), true)

test("a count that was broken off is tried again soon, one that was not when its time comes; none after the end", async () => {
  vi.useFakeTimers()
  const count = vi.fn<() => Promise<void>>().mockRejectedValueOnce(new Error("the database does not answer")).mockResolvedValue()
  const worker = startFiguresWorker({ count, exclusively: alone, everyMs: quarterMs, log: testLog })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(count).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(quarterMs)
  expect(count).toHaveBeenCalledTimes(3)
  await worker.close()
  await vi.advanceTimersByTimeAsync(2 * quarterMs)
  expect(count).toHaveBeenCalledTimes(3)
})

test("the end waits for the count under way", async () => {
  const counted = Promise.withResolvers<void>()
  const worker = startFiguresWorker({ count: () => counted.promise, exclusively: alone, everyMs: quarterMs, log: testLog })
  let closed = false
  const closing = worker.close().then(() => (closed = true))
  await Promise.resolve()
  expect(closed).toBe(false)
  counted.resolve()
  await closing
  expect(closed).toBe(true)
})
