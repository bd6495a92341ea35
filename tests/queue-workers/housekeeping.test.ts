import { expect, test } from "vitest"
import { startHousekeepingWorker } from "../../queue-workers/housekeeping.worker.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createTestDatabase } from "../support/database.ts"
import { testLog } from "../support/store.ts"

test("of two processes only one keeps house at a time, and a failure is not the end", async () => {
  const database = await createTestDatabase(4)
  let atIt = 0
  let most = 0
  let runs = 0
  let failing = false
  let release = (): void => undefined
  const gate = new Promise<void>((open) => (release = open))
  const housekeeping = {
    async markOrphans() {
      if (failing) throw new Error("the database is away")
      runs++
      most = Math.max(most, ++atIt)
      await gate
      atIt--
      return 1
    },
    deleteOrphans: async () => 0,
    sweepBlobs: async () => 0,
    foldLogs: async () => 0,
    deleteRevocations: async () => 0,
  }
  const start = () => startHousekeepingWorker({ housekeeping, exclusively: createExclusive(database, "housekeeping"), everyMs: 3_600_000, contentGraceMs: 1_000, forgetDecisions: async () => 0, log: testLog })
  const [one, two] = [start(), start()]
  const both = [one.run(), two.run()]
  // the one that did not get the lock is done at once
  await Promise.race(both)
  expect(runs).toBe(1)
  release()
  await Promise.all(both)
  expect(most).toBe(1)
  failing = true
  await two.run()
  failing = false
  await two.run()
  expect(runs).toBe(2)
  await Promise.all([one.close(), two.close()])
  await database.drop()
})
