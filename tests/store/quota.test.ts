import { afterAll, beforeAll, expect, test } from "vitest"
import type { Database } from "../../src/store/sql/database.ts"
import { createQuotaView } from "../../src/store/sql/quota.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

/** The view on a clock of its own, and the names of the statements it sent. */
function world() {
  const sent: string[] = []
  const time = { now: 1_000_000 }
  const database: Database = {
    ...store.database,
    query: (statement, values) => {
      sent.push(statement.name ?? "")
      return store.database.query(statement, values)
    },
  }
  return { sent, time, view: createQuotaView({ database, clock: { now: () => time.now } }) }
}

test("one account is asked for once in two seconds, then again", async () => {
  const account = await store.account("mot@tinh.example", 1000)
  const { view, sent, time } = world()
  expect(await view.isOver(account, 1001)).toBe(true)
  expect(view.isOver(account, 1000)).toBe(false)
  time.now += 1_999
  expect(view.isOver(account, 1001)).toBe(true)
  expect(sent).toEqual(["quota-room"])
  await store.deliver("Subject: mot\r\n\r\nmot\r\n", [account])
  time.now += 1
  expect(await view.isOver(account, 1000)).toBe(true)
  expect(sent).toEqual(["quota-room", "quota-room"])
})

test("many accounts are read at once, and nobody waits for that reading", async () => {
  const accounts: number[] = []
  for (let n = 0; n < 80; n++) accounts.push(await store.account(`nhieu${n}@tinh.example`, n))
  const { view, sent } = world()
  const answers: boolean[] = []
  for (const account of accounts) answers.push(await view.isOver(account, 40))
  expect(answers).toEqual(accounts.map((_, n) => n < 40))
  expect(sent.filter((name) => name === "quota-room-of-all")).toHaveLength(1)
  expect(sent.indexOf("quota-room-of-all")).toBe(50)
})

test("an account that is gone is not over its quota", async () => {
  expect(await world().view.isOver(987_654, 1)).toBe(false)
})
