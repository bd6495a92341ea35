import { afterAll, beforeAll, expect, test } from "vitest"
import { openDatabase } from "../../src/store/sql/database.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test("a transaction that throws leaves nothing behind", async () => {
  await expect(
    database.transaction(async (tx) => {
      await tx.query({ text: "INSERT INTO organization_unit (code, name, kind, domain) VALUES ('x', 'x', 'department', 'x.example')" })
      throw new Error("changed my mind")
    }),
  ).rejects.toThrow("changed my mind")
  expect(await database.query({ text: "SELECT code FROM organization_unit" })).toEqual([])
})

test("int8 values are exact numbers, and one that would be rounded is refused", async () => {
  expect(await database.query({ text: "SELECT 9007199254740991::int8 AS n" })).toEqual([{ n: 9007199254740991 }])
  await expect(database.query({ text: "SELECT 9007199254740993::int8 AS n" })).rejects.toThrow(RangeError)
})

test.each<[readonly (string | null)[]]>([[[]], [["a"]], [["an@tinh.example", "Đơn-vị", "x=1"]], [["a,b", "c d", '"', "\\", "{}", ""]], [["null", "NULL", null]], [["annull@tinh.example", "b"]]])("text[] comes back as it is: %j", async (texts) => {
  expect(await database.query({ text: "SELECT $1::text[] AS texts" }, [texts])).toEqual([{ texts }])
})

test("a statement that is planned once is so from its first use on", async () => {
  const planned = openDatabase({ url: database.url, poolSize: 1, planOnce: true, applicationName: "tests" })
  for (const n of [1, 2, 3]) expect(await planned.query({ name: "once", text: "SELECT $1::int + 1 AS n" }, [n])).toEqual([{ n: n + 1 }])
  expect(await planned.query({ text: "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE name = 'once'" })).toEqual([{ custom_plans: 0, generic_plans: 3 }])
  await planned.close()
})
