import { afterEach, beforeEach, expect, test } from "vitest"
import type { AdministratorRole } from "../../src/accounts/administrator.ts"
import { type NotifiedAdministrators, openNotifiedAdministrators } from "../../src/accounts/notified-administrators.ts"
import { createAdministratorStore } from "../../src/store/sql/administrators.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"
import { testLog } from "../support/store.ts"

let database: TestDatabase
let directory: SqlDirectorySource
beforeEach(async () => {
  database = await createTestDatabase()
  await createProvince(database)
  directory = await createDirectorySource({ database, log: testLog, tickMs: 0 })
})
afterEach(async () => {
  directory.close()
  await database.drop()
})

const open = (configured: readonly string[] = []): Promise<NotifiedAdministrators> =>
  openNotifiedAdministrators({ grants: () => createAdministratorStore(database).list(), directory, configured, now: () => Date.parse("2026-06-15T03:00:00Z"), onFailure: () => undefined, tickMs: 0 })

async function give(address: string, role: AdministratorRole, principalId: string | null, unitCode: string | null = null): Promise<void> {
  const resolved = directory.current().resolve(address)
  await createAdministratorStore(database).add({ accountId: resolved.kind === "account" ? resolved.account.id : 0, principalId, role, unitCode, by: "test" })
}

test("nothing is configured: the province's administrators are told of everything, a unit's of its unit, others of nothing", async () => {
  await give("an@tinh.example", "province", "an")
  await give("binh@tinh.example", "unit", "binh", "VP")
  await give("binh@tinh.example", "auditor", "binh")
  await give("may@tinh.example", "operator", null)
  const administrators = await open()
  expect(administrators.ofProvince()).toEqual(["an@tinh.example"])
  expect(await administrators.read()).toEqual([{ address: "an@tinh.example", unitCode: null }, { address: "binh@tinh.example", unitCode: "VP" }])
})

test("addresses that are configured take the place of the province's administrators, not of the units'", async () => {
  await give("an@tinh.example", "province", "an")
  await give("binh@tinh.example", "unit", "binh", "VP")
  const administrators = await open(["qt@tinh.example"])
  expect(administrators.ofProvince()).toEqual(["qt@tinh.example"])
  expect(await administrators.read()).toEqual([{ address: "qt@tinh.example", unitCode: null }, { address: "binh@tinh.example", unitCode: "VP" }])
})

test("a role given later is heard of at the next reading, one taken away no more", async () => {
  const administrators = await open()
  expect(administrators.ofProvince()).toEqual([])
  await give("may@tinh.example", "province", null)
  await administrators.read()
  expect(administrators.ofProvince()).toEqual(["may@tinh.example"])
  await database.query({ text: "UPDATE administrator SET ended_at = now(), ended_by = 'test'" })
  await administrators.read()
  expect(administrators.ofProvince()).toEqual([])
})

test("a role of whom the account has left, and of a suspended account, is nobody's", async () => {
  await give("an@tinh.example", "province", "an")
  await give("closed@tinh.example", "province", "an")
  await give("binh@tinh.example", "province", "an")
  const administrators = await open()
  expect(administrators.ofProvince()).toEqual(["an@tinh.example"])
  await database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'an'" })
  await database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
  expect(administrators.ofProvince()).toEqual([])
})
