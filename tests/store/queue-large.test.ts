import { afterAll, beforeAll, expect, test } from "vitest"
import type { Database } from "../../src/store/sql/database.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { createTraceStore } from "../../src/store/sql/trace.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

/** A hundred thousand wait beside twice as many that are settled: no question may read them all. */
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(4)
  await database.query({
    // no triggers: a foreign key asked three hundred thousand times takes longer than all that is tested here
    text: `
      BEGIN; SET LOCAL session_replication_role = replica;
      INSERT INTO envelope (id, content, sha256, size, source, reverse_path, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at)
        SELECT n, decode(md5(n::text), 'hex'), '\\x00', 1000, 'submission', 'nguoi' || n % 3000 || '@tinh.example', false, false, '', 'm' || n || '@tinh.example', now() - (100000 - n) * interval '1 second' FROM generate_series(1, 100000) AS n;
      INSERT INTO delivery (id, envelope_id, recipient, account_id, original_recipient, state, next_attempt_at, expires_at, diagnostic)
        SELECT n, (n + 2) / 3, 'ai' || n || '@mien' || n % 997 || '.example', NULL, 'ai', (CASE WHEN n % 3 = 0 THEN 'deferred' ELSE 'relayed' END)::delivery_state, now() + interval '1 hour', now() + interval '5 days', '451 4.7.1 later' FROM generate_series(1, 300000) AS n; COMMIT;`,
  })
  await database.query({ text: "ANALYZE envelope, delivery, destination_pause, delivery_hold" })
})
afterAll(() => database.drop())

/** Asks for the plans of what the store would ask. */
function explaining(): { readonly on: Database; readonly plans: string[] } {
  const plans: string[] = []
  const query: Database["query"] = async (statement, values) => {
    const rows = await database.query<{ "QUERY PLAN": string }>({ text: `EXPLAIN ${statement.text}` }, values)
    plans.push(rows.map((row) => row["QUERY PLAN"]).join("\n"))
    return []
  }
  return { on: { ...database, query }, plans }
}

test("lists, counts and sums are read along indexes of what is open", async () => {
  const { on, plans } = explaining()
  const queue = createQueueStore({ database: on })
  const page = { limit: 100 }
  await queue.list({}, page)
  await queue.list({}, { ...page, after: 150_000 })
  await queue.list({ destination: "mien5.example" }, page)
  await queue.list({ destination: "*.mien5.example" }, page)
  await queue.list({ sender: "nguoi7@tinh.example" }, page)
  await queue.list({ recipient: "ai9@mien9.example" }, page)
  await queue.list({ state: "held" }, page)
  await queue.list({ diagnostic: "greylist" }, page)
  await queue.list({ acceptedBefore: Date.now() - 3_600_000 }, page)
  await queue.count({ destination: "mien5.example" })
  await queue.find(5)
  expect(plans).toHaveLength(11)
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (delivery|envelope|attempt)\b/)
})

test("so are traces", async () => {
  const { on, plans } = explaining()
  const traces = createTraceStore({ database: on, sealer: createSealer(Buffer.alloc(32, 7)) })
  await traces.byAddress(["ai9@mien9.example", "nguoi7@tinh.example"], { since: 0, limit: 100 })
  await traces.byMessageId("m5@tinh.example", 20)
  await traces.bySha256(Buffer.alloc(32), 20)
  expect(plans).toHaveLength(3)
  for (const plan of plans) expect(plan).not.toMatch(/Seq Scan on (delivery|envelope|attempt|message|audit)\b/)
})

test("its end is walked in pages, and its destinations are summed", async () => {
  const queue = createQueueStore({ database })
  let seen = 0
  for (let after = 285_000; ; ) {
    const some = await queue.list({}, { limit: 1_000, after })
    seen += some.length
    const last = some.at(-1)
    if (!last) break
    after = last.id
  }
  expect(seen).toBe(5_000)
  expect(await queue.count({})).toEqual({ deferred: 100_000 })
  expect(await queue.destinations(1)).toMatchObject([{ deliveries: 101, byState: { deferred: 101 } }])
})
