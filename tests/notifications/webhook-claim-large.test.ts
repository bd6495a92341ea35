import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { createWebhookStore } from "../../src/store/sql/webhooks.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(2)
  await database.query({
    text: `BEGIN; SET LOCAL session_replication_role = replica;
      INSERT INTO organization_unit (code, name, kind, domain) VALUES ('T', 'Tỉnh', 'province', 'tinh.example');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('mc@tinh.example', 'organizational', 'Một cửa', 'T', 1);
      INSERT INTO api_token (name, sha256, scopes, created_by, webhook_url, webhook_secret) SELECT 't' || n, sha256(n::text::bytea), '{notifications:send}', 'x', 'https://noi-' || n || '.example/', '\\x00' FROM generate_series(1, 5) AS n;
      INSERT INTO notification (account_id, principal_id, token_id, source, request_sha256, priority, accepted_at, send_at, expires_at, next_at, recipient_count, webhook_token_id, changes, webhook_told, webhook_next_at, content)
        SELECT a.id, 'x', 1 + n % 5, 'api', sha256(n::text::bytea), 3, now(), now(), now(), now(), 1, 1 + n % 5, 1, CASE WHEN n % 5 = 0 OR n < 40 THEN 0 ELSE 1 END, now() - interval '1 hour', '\\x00' FROM account a, generate_series(1, 100000) AS n; COMMIT;`,
  })
  await database.query({ text: "ANALYZE notification, api_token" })
})
afterAll(() => database.drop())

test("of a hundred thousand, and twenty thousand that one webhook is behind with, the few whose turn it is are read along an index", async () => {
  const plans: string[] = []
  const query: Database["query"] = async (statement, values) => {
    plans.push((await database.query<{ "QUERY PLAN": string }>({ text: `EXPLAIN ${statement.text}` }, values)).map((row) => row["QUERY PLAN"]).join("\n"))
    return database.query(statement, values)
  }
  const store = createWebhookStore({ database: { query } })
  const asked = { limit: 16, each: 4, leaseMs: 60_000, now: systemClock.now() }
  const claimed = await store.claim({ ...asked, underWay: new Map([[2, 3]]) })
  expect(plans.join()).not.toMatch(/Seq Scan on notification\b/)
  // one each before anybody's second; whose three are under way has room for one more
  const count = (token: number): number => claimed.filter(({ tokenId }) => tokenId === token).length
  expect(claimed).toHaveLength(16)
  expect(count(2)).toBe(1)
  expect(Math.max(...[1, 3, 4, 5].map(count))).toBe(4)
  expect(await store.claim({ ...asked, underWay: new Map([1, 2, 3, 4, 5].map((token) => [token, 4])) })).toEqual([])
})
