import { afterAll, beforeAll, expect, test } from "vitest"
import type { OutboundStore } from "../../src/store/outbound-store.ts"
import { createOutboundStore } from "../../src/store/sql/outbound.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

const hour = 3_600_000
const noon = Date.parse("2026-11-26T05:00:00Z")
let store: TestStore
let outbound: OutboundStore
beforeAll(async () => {
  store = await createTestStore()
  outbound = createOutboundStore(store)
})
afterAll(() => store.close())

test("recipients and strangers are counted by a sliding hour; who has been written to, or has written, is no stranger", async () => {
  const accountId = await store.account("dem@tinh.example")
  await outbound.know([{ accountId, address: "Quen@xa.example" }, { accountId, address: "quen@xa.example" }])
  expect(await outbound.count({ accountId, recipients: ["quen@xa.example", "la1@xa.example", "la2@xa.example"], now: noon })).toEqual({ recipients: 3, strangers: 2, usual: null, held: undefined })
  expect(await outbound.count({ accountId, recipients: ["la1@xa.example"], now: noon + 60_000 })).toMatchObject({ recipients: 4, strangers: 2, usual: null })
  // a quarter past the next hour: three quarters of the one before still count
  expect(await outbound.count({ accountId, recipients: ["la3@xa.example"], now: noon + 1.25 * hour })).toMatchObject({ recipients: 4, strangers: 3, usual: null })
  expect(await outbound.count({ accountId, recipients: ["la4@xa.example"], now: noon + 5 * hour })).toMatchObject({ recipients: 1, strangers: 1, usual: null })
})

test("another account's correspondents are strangers", async () => {
  const accountId = await store.account("khac@tinh.example")
  expect(await outbound.count({ accountId, recipients: ["quen@xa.example"], now: noon })).toMatchObject({ strangers: 1 })
})

test("the usual is the mean of the hours in which it sends, yesterday and before", async () => {
  const accountId = await store.account("deu@tinh.example")
  for (let n = 0; n < 12; n++) await outbound.count({ accountId, recipients: ["a@xa.example", "b@xa.example"].slice(0, 1 + (n % 2)), now: noon - (30 + n) * hour })
  expect(await outbound.count({ accountId, recipients: ["a@xa.example"], now: noon })).toMatchObject({ usual: 1.5 })
})

test("an account is stopped once, its administrators are told once an hour, and a word clears it", async () => {
  const accountId = await store.account("lo@tinh.example")
  const reason = { reasonVi: "Gửi quá nhiều", reasonEn: "Sends too much" }
  expect(await outbound.held(accountId)).toBeUndefined()
  expect(await Promise.all([outbound.hold(accountId, reason), outbound.hold(accountId, reason)])).toEqual(expect.arrayContaining([true, false]))
  expect(await outbound.held(accountId)).toEqual(reason)
  expect((await outbound.count({ accountId, recipients: ["a@xa.example"], now: noon })).held).toEqual(reason)
  await store.database.query({ text: "UPDATE outbound_hold SET told_at = now() - interval '61 minutes'" })
  expect([await outbound.hold(accountId, reason), await outbound.hold(accountId, reason)]).toEqual([true, false])
  expect(await outbound.heldAccounts()).toMatchObject([{ accountId, ...reason, messages: 0 }])
  expect([await outbound.clear(accountId, "QT1"), await outbound.clear(accountId, "QT1")]).toEqual([true, false])
  expect(await outbound.held(accountId)).toBeUndefined()
  expect(await store.database.query({ text: "SELECT kind, detail FROM audit WHERE kind LIKE 'outbound.%' ORDER BY id" })).toEqual([{ kind: "outbound.held", detail: { reason: "Sends too much" } }, { kind: "outbound.cleared", detail: { by: "QT1" } }])
})

test("of many that are asked for at once each is told of itself", async () => {
  const [stopped, free] = [await store.account("dung@tinh.example"), await store.account("di@tinh.example")]
  const reason = { reasonVi: "Gửi quá nhiều", reasonEn: "Sends too much" }
  await outbound.hold(stopped, reason)
  const asked = Array.from({ length: 250 }, (_, n) => (n % 3 === 0 ? stopped : free))
  expect(await Promise.all(asked.map((accountId) => outbound.held(accountId)))).toEqual(asked.map((accountId) => (accountId === stopped ? reason : undefined)))
  await outbound.clear(stopped, "QT1")
})

test("hours that no average looks at are deleted", async () => {
  const accountId = await store.account("cu@tinh.example")
  await outbound.count({ accountId, recipients: ["a@xa.example"], now: noon - 20 * 24 * hour })
  expect(await outbound.forget(noon)).toBe(1)
  expect(await outbound.forget(noon)).toBe(0)
})
