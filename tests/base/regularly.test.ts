import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { runRegularly } from "../../src/base/regularly.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const dayMs = 24 * 3_600_000

test("what fails is done again after pauses that grow to a minute, and from a success on when its time comes", async () => {
  const at: number[] = []
  let broken = true
  const failures: unknown[] = []
  const begun = Date.now()
  const work = async (): Promise<void> => {
    at.push((Date.now() - begun) / 1_000)
    if (broken) throw new Error("refused")
  }
  const regular = runRegularly({ everyMs: dayMs, atStart: true, work, failed: (error) => failures.push(error) })
  await vi.advanceTimersByTimeAsync(244_000)
  expect(at).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
  expect(failures).toHaveLength(at.length)
  broken = false
  await vi.advanceTimersByTimeAsync(60_000 + dayMs)
  expect(at.slice(-2)).toEqual([303, 303 + dayMs / 1_000])
  // another trouble begins with a short pause again
  broken = true
  await vi.advanceTimersByTimeAsync(dayMs + 1_000)
  expect(at.slice(-2)).toEqual([303 + 2 * (dayMs / 1_000), 304 + 2 * (dayMs / 1_000)])
  await regular.close()
  const count = at.length
  await vi.advanceTimersByTimeAsync(2 * dayMs)
  expect(at).toHaveLength(count)
})

test("a pause is never longer than the period; without a start the first run waits for it", async () => {
  const work = vi.fn<() => Promise<void>>().mockRejectedValue(new Error("refused"))
  const regular = runRegularly({ everyMs: 300, atStart: false, work, failed: () => undefined })
  await vi.advanceTimersByTimeAsync(299)
  expect(work).toHaveBeenCalledTimes(0)
  await vi.advanceTimersByTimeAsync(901)
  expect(work).toHaveBeenCalledTimes(4)
  await regular.close()
})

test("who asks while it is under way gets that run, and the end waits for it", async () => {
  const done = Promise.withResolvers<void>()
  const work = vi.fn<() => Promise<void>>().mockReturnValue(done.promise)
  const regular = runRegularly({ everyMs: dayMs, atStart: true, work, failed: () => undefined })
  const asked = regular.run()
  let closed = false
  const closing = regular.close().then(() => (closed = true))
  await vi.advanceTimersByTimeAsync(1)
  expect(closed).toBe(false)
  done.resolve()
  await Promise.all([asked, closing])
  expect(work).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(2 * dayMs)
  expect(work).toHaveBeenCalledTimes(1)
})
