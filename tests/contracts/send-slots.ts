import { expect, test } from "vitest"
import type { SendSlots } from "../../src/store/send-slots.ts"
import { until } from "../support/running-system.ts"

/** What all send slots promise. `open` gives those of one process. */
export function sendSlotsContract(open: () => Promise<SendSlots>): void {
  test("of many who ask at once one gets it, and the others learn when the next is free", async () => {
    const slots = await open()
    const waits = await Promise.all(Array.from({ length: 10 }, () => slots.take("many", 60_000)))
    expect(waits.filter((waitMs) => waitMs === 0)).toHaveLength(1)
    for (const waitMs of waits.filter((one) => one !== 0)) {
      expect(waitMs).toBeGreaterThan(0)
      expect(waitMs).toBeLessThanOrEqual(60_000)
    }
  })

  test("destinations do not count for each other", async () => {
    const slots = await open()
    expect(await Promise.all([slots.take("one", 60_000), slots.take("two", 60_000)])).toEqual([0, 0])
  })

  test("the next is free when its time has come", async () => {
    const slots = await open()
    expect(await slots.take("soon", 30)).toBe(0)
    await until(async () => (await slots.take("soon", 30)) === 0, 5_000)
  })
}
