import { afterAll, beforeAll, expect, test } from "vitest"
import type { Database } from "../../src/store/sql/database.ts"
import { findUsers } from "../../src/store/sql/scim-users.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { everywhere } from "../support/whole-province.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(2)
  await database.query({
    text: `BEGIN;
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) SELECT CASE WHEN n = 0 THEN 'T' ELSE 'U' || n END, 'Đơn vị', 'department', CASE WHEN n > 0 THEN 'T' END, 'tinh.example' FROM generate_series(0, 200) AS n;
      INSERT INTO principal (id, kind, name, unit_code) SELECT 'CN' || n, 'individual', 'Người ' || n, 'U' || 1 + n % 200 FROM generate_series(1, 20000) AS n;
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT 'nguoi' || n || '@tinh.example', 'personal', 'Người ' || n, 'U' || 1 + n % 200, 1 FROM generate_series(1, 20000) AS n;
      INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'CN' || id, '{owner}' FROM account;
      INSERT INTO external_identity (source, kind, key, external_id, user_name) SELECT 'scim', 'person', 'CN' || n, 'x' || n, CASE WHEN n % 2 = 0 THEN 'Nguoi' || n || '@dang-nhap.example' END FROM generate_series(1, 20000) AS n; COMMIT;`,
  })
  await database.query({ text: "ANALYZE principal, account, assignment, external_identity, organization_unit" })
})
afterAll(() => database.drop())

test.each([["username", "nguoi5000@dang-nhap.example", "CN5000"], ["username", "NGUOI5001@tinh.example", "CN5001"], ["username", "nguoi5000@tinh.example", undefined], ["externalid", "x700", "CN700"], ["id", "CN9", "CN9"]] as const)(
  "a client that asks by %s for %s is answered along indexes",
  async (path, value, expected) => {
    const plans: string[] = []
    const query: Database["query"] = async (statement, values) => {
      plans.push((await database.query<{ "QUERY PLAN": string }>({ text: `EXPLAIN ${statement.text}` }, values)).map((row) => row["QUERY PLAN"]).join("\n"))
      return database.query(statement, values)
    }
    const found = await findUsers({ query }, { scope: everywhere, filter: { kind: "compare", path, operator: "eq", value }, offset: 0, limit: 10 })
    expect(found.ok && found.value.rows.map(({ id }) => id)).toEqual(expected === undefined ? [] : [expected])
    expect(plans).toHaveLength(2)
    for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (principal|account|assignment|external_identity)\b/)
  },
)
