import { describe, expect, test } from "vitest"
import { runCrash } from "../crash/crash-run.ts"
import { redisUnavailable } from "../support/redis-server.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"

/** The short form of `npm run test:crash`; the seed is new each time and printed, so that a run can be had again. */
const seed = Math.trunc(performance.timeOrigin) % 1_000_000_000

describe("killed at random instants, every message answered with 250 is there once, byte for byte", () => {
  test.skipIf(redisUnavailable())(`with Redis, seed ${seed}`, () => survives(true), 240_000)
  test(`without Redis, seed ${seed}`, () => survives(false), 240_000)
})

async function survives(withRedis: boolean): Promise<void> {
  const { problems, ...counts } = await runCrash({ kills: 6, seed, withRedis, restMs: 50, dataDir: await newSeededFolder(), say: () => undefined })
  console.log(`seed ${seed}, ${withRedis ? "with" : "without"} Redis: ${JSON.stringify(counts)}`)
  expect(problems).toEqual([])
}
