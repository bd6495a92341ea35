import { afterAll, beforeAll, expect, test } from "vitest"
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
