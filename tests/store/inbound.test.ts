import { afterAll, beforeAll, expect, test } from "vitest"
import type { DmarcCount } from "../../src/store/dmarc-store.ts"
import { createDmarcStore } from "../../src/store/sql/dmarc.ts"
import { createGreylistStore } from "../../src/store/sql/greylist.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

const observation: DmarcCount = {
  day: "2026-11-26", policyDomain: "gui.example", headerFrom: "con.gui.example", source: "192.0.2.7", disposition: "reject", override: "", dkimAligned: false, spfAligned: false,
  spf: { domain: "im.example", result: "pass" }, dkim: [{ domain: "im.example", selector: "r", result: "pass" }], messages: 2,
}

test("what several processes count of a day adds up, apart by everything that a report tells apart", async () => {
  const dmarc = createDmarcStore(store.database)
  const other: DmarcCount = { ...observation, dkim: [], disposition: "none", override: "local_policy", source: "2001:db8::7", messages: 1 }
  const record = { day: "2026-11-26", policyDomain: "gui.example", record: "v=DMARC1; p=none" }
  await Promise.all([dmarc.add([observation, other], [record]), dmarc.add([other, observation]), dmarc.add([])])
  await dmarc.add([{ ...observation, day: "2026-11-25" }], [{ ...record, record: "v=DMARC1; p=reject" }])
  const of = (day: string, limit = 100) => dmarc.ofDomain({ day, domain: "gui.example", limit })
  expect(await of("2026-11-26")).toEqual({ counts: [{ ...observation, messages: 4 }, { ...other, messages: 2 }], rows: 2, messages: 6, failed: 6, record: "v=DMARC1; p=reject" })
  expect(await of("2026-11-26", 1)).toMatchObject({ counts: [{ messages: 4 }], rows: 2, messages: 6 })
  expect(await of("2026-11-25")).toMatchObject({ rows: 1, record: undefined })
  expect(await dmarc.domains("2026-11-26")).toEqual(["gui.example"])
  expect(await dmarc.forget("2026-11-26")).toBe(1)
  expect(await dmarc.domains("2026-11-25")).toEqual([])
  expect(await dmarc.forget("2026-11-27")).toBe(2)
  expect(await of("2026-11-26")).toEqual({ counts: [], rows: 0, messages: 0, failed: 0, record: undefined })
})

test("a sender is let in when it comes again from its network after the delay, and from then on", async () => {
  let now = Date.parse("2026-11-26T02:00:00Z")
  const greylist = createGreylistStore({ database: store.database, clock: { now: () => now } })
  const seen = (clientAddress: string, sender = "a@ngoai.example"): Promise<boolean> => greylist.seen({ clientAddress, sender, recipient: "an@tinh.example", delayMs: 300_000 })
  expect(await seen("192.0.2.7")).toBe(false)
  now += 60_000
  expect(await seen("192.0.2.7")).toBe(false)
  now += 240_000
  expect(await seen("198.51.100.7")).toBe(false)
  expect(await seen("192.0.2.7", "b@ngoai.example")).toBe(false)
  expect(await seen("::ffff:192.0.2.9")).toBe(true)
  now += 20 * 86_400_000
  expect(await seen("192.0.2.200")).toBe(true)
  expect(await seen("2001:db8:1:2::1")).toBe(false)
  now += 3 * 86_400_000
  // comes again too late: it is new
  expect(await seen("2001:db8:1:2::1")).toBe(false)
  now += 300_000
  expect(await seen("2001:db8:1:2:ffff::1")).toBe(true)
  expect(await greylist.forget(36 * 86_400_000)).toBe(2)
  expect(await seen("192.0.2.7")).toBe(true)
  now += 37 * 86_400_000
  expect(await greylist.forget(36 * 86_400_000)).toBe(2)
})

test("one network that invents senders does not fill the table, and who is known in it comes in", async () => {
  let now = Date.parse("2026-11-26T02:00:00Z")
  const greylist = createGreylistStore({ database: store.database, clock: { now: () => now } })
  const seen = (sender: string, clientAddress = "203.0.113.7"): Promise<boolean> => greylist.seen({ clientAddress, sender, recipient: "an@tinh.example", delayMs: 300_000 })
  expect(await seen("that@ngoai.example")).toBe(false)
  await store.database.query({ text: "INSERT INTO greylist SELECT '203.0.113.0/24', 'bia' || n || '@ngoai.example', 'an@tinh.example', $1::timestamptz, $1::timestamptz, false FROM generate_series(1, 9999) AS n" }, [new Date(now)])
  expect(await seen("nua@ngoai.example")).toBe(false)
  expect(await seen("khac@ngoai.example", "198.51.100.1")).toBe(false)
  now += 300_000
  expect([await seen("nua@ngoai.example"), await seen("that@ngoai.example"), await seen("khac@ngoai.example", "198.51.100.1")]).toEqual([false, true, true])
  // one has come again, so there is room for another
  expect(await seen("nua@ngoai.example")).toBe(false)
  now += 300_000
  expect(await seen("nua@ngoai.example")).toBe(true)
})
