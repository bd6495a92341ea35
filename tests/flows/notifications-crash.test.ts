import { expect, test } from "vitest"
import { runNotificationCrash } from "../crash/notification-run.ts"

/** A short form; `CRASH_KILLS=50 npx vitest run --config config/vitest.config.ts tests/flows/notifications-crash.test.ts` is a long one. The seed is printed, and `CRASH_SEED` has the same again. */
const kills = Number(process.env["CRASH_KILLS"] ?? 4)
const seed = Number(process.env["CRASH_SEED"] ?? Math.trunc(performance.timeOrigin) % 1_000_000_000)

test(`roles killed at random instants, every recipient of a notification has it once, and its state says so; seed ${seed}`, async () => {
  const { problems, ...counts } = await runNotificationCrash({ kills, seed })
  console.log(`seed ${seed}: ${JSON.stringify(counts)}`)
  expect(problems).toEqual([])
}, 120_000 + kills * 20_000)
