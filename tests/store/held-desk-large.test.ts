import { afterAll, beforeAll, expect, test } from "vitest"
import type { Database } from "../../src/store/sql/database.ts"
import { createHeldDesk } from "../../src/store/sql/held-desk.ts"
import { below } from "../support/whole-province.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

/** A hundred messages are held beside fifty thousand that are not: whoever looks after one unit must not have all of them read for him. */
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(4)
  await database.query({
    // no triggers: a foreign key asked for each row takes longer than all that is tested here
    text: `
      BEGIN; SET LOCAL session_replication_role = replica;
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', 'Sở A', 'department', 'T', 'a.example'), ('B', 'Sở B', 'department', 'T', 'b.example');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT 'ai' || n || '@tinh.example', 'personal', 'Ai', CASE WHEN n % 10 = 0 THEN 'A' ELSE 'B' END, 1000 FROM generate_series(1, 1000) AS n;
      INSERT INTO envelope (id, content, sha256, size, source, reverse_path, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at)
        SELECT n, '\\x00', '\\x00', 1000, 'mx', 'nguoi@ngoai.example', false, false, '', 'm' || n, now() FROM generate_series(1, 50000) AS n;
      INSERT INTO delivery (id, envelope_id, recipient, account_id, original_recipient, state, next_attempt_at, expires_at) SELECT n, n, a.address, a.id, a.address, CASE WHEN n % 500 = 0 THEN 'held' ELSE 'delivered' END::delivery_state, now(), now()
        FROM generate_series(1, 50000) AS n JOIN account a ON a.id = n % 1000 + 1;
      INSERT INTO audit (kind, envelope_id, account_id) SELECT 'message.accepted', n, NULL FROM generate_series(1, 50000) AS n;
      INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify) SELECT n, 'approval', 'r', 'lý do', 'reason', '{}' FROM generate_series(500, 50000, 500) AS n; COMMIT;`,
  })
  await database.query({ text: "ANALYZE envelope, delivery, audit, held_message, account, organization_unit" })
})
afterAll(() => database.drop())

test("a unit's held messages are read along indexes of what is held", async () => {
  const plans: string[] = []
  const query: Database["query"] = async (statement, values) => {
    plans.push((await database.query<{ "QUERY PLAN": string }>({ text: `EXPLAIN ${statement.text}` }, values)).map((row) => row["QUERY PLAN"]).join("\n"))
    return []
  }
  const desk = createHeldDesk({ database: { ...database, query } })
  await desk.list(below("A"), { decided: false }, { limit: 50 })
  await desk.list(below("A"), { decided: false, text: "ngoai" }, { limit: 50 })
  await desk.find(below("A"), 500)
  await desk.waiting(below("A"))
  expect(plans).toHaveLength(4)
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (delivery|envelope|audit)\b/)
})
