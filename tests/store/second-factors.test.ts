import { afterAll, beforeAll, expect, test } from "vitest"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { until } from "../support/running-system.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
beforeAll(async () => void (store = await createTestStore()))
afterAll(() => store.close())

test("of two factors that are removed at the same moment one stays with who needs one; who needs none may remove both", async () => {
  const { database } = store
  const factors = createFactorStore(database)
  const owner = { accountId: await store.account("an@tinh.example"), principalId: null }
  const add = (name: string) => factors.addTotp({ owner, name, sessionId: 0, secret: Buffer.from("sealed"), lastStep: 1 })
  await add("Một")
  await add("Hai")
  const [one, two] = (await factors.list(owner)).factors
  let both: Promise<readonly string[]> = Promise.resolve([])
  // both have begun before either can end
  await database.transaction(async (tx) => {
    await tx.query({ text: "SELECT FROM second_factor WHERE ended_at IS NULL FOR UPDATE" })
    both = Promise.all([one, two].map((factor) => factors.remove(owner, factor?.id ?? 0, { needed: true })))
    await until(async () => (await database.query({ text: "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'" })).length === 2, 10_000)
  })
  expect((await both).toSorted()).toEqual(["last", "removed"])
  const [left] = (await factors.list(owner)).factors
  expect(await factors.remove(owner, left?.id ?? 0, { needed: true })).toBe("last")
  expect(await factors.remove({ ...owner, accountId: owner.accountId + 1 }, left?.id ?? 0, { needed: false })).toBe("none")
  expect(await factors.remove(owner, left?.id ?? 0, { needed: false })).toBe("removed")
  expect(await factors.remove(owner, left?.id ?? 0, { needed: false })).toBe("none")
})
