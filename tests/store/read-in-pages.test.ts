import { afterAll, beforeAll, expect, test } from "vitest"
import { readInPages } from "../../src/store/sql/read-in-pages.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test.each([[0, []], [1, [1]], [2, [2]], [3, [2, 1]], [4, [2, 2]]])("%i rows come in pages of %j, twice in one transaction", async (count, pages) => {
  await database.transaction(async (tx) => {
    for (let time = 0; time < 2; time++) {
      const lengths: number[] = []
      const seen: number[] = []
      for await (const page of readInPages<{ n: number }>(tx, { text: "SELECT n FROM generate_series(1, $1::int) AS n ORDER BY n" }, { values: [count], rows: 2 })) {
        lengths.push(page.length)
        seen.push(...page.map(({ n }) => n))
      }
      expect(lengths).toEqual(pages)
      expect(seen).toEqual(Array.from({ length: count }, (_, at) => at + 1))
    }
  })
})
