import { afterAll, beforeAll, expect, test } from "vitest"
import { scopeOf } from "../../src/accounts/administrator.ts"
import { createOverviewStore } from "../../src/store/sql/overview.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

// 09:30 on a Wednesday in the province
const now = Date.parse("2026-06-17T02:30:00Z")
const hourMs = 3_600_000
let database: TestDatabase
const store = () => createOverviewStore({ database })

beforeAll(async () => {
  database = await createTestDatabase()
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES
        ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('A', 'Sở A', 'department', 'T', 'a.tinh.example'), ('A.1', 'Phòng 1', 'division', 'A', 'a.tinh.example'), ('B', 'Sở B', 'department', 'T', 'b.tinh.example');
      INSERT INTO principal (id, kind, name, unit_code, suspended_at) VALUES ('P1', 'individual', 'An', 'A.1', NULL), ('P2', 'individual', 'Bình', 'B', NULL), ('P3', 'individual', 'Cường', 'A', now());
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at) VALUES
        ('an@a.tinh.example', 'personal', 'An', 'A.1', 1, NULL), ('binh@b.tinh.example', 'personal', 'Bình', 'B', 1, NULL), ('cu@a.tinh.example', 'personal', 'Cũ', 'A', 1, now());
      INSERT INTO mailbox (account_id, name, bytes) SELECT id, 'INBOX', 1000 FROM account;
      INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, source) VALUES
        (repeat('a', 64), 'x', '1', '', '', '', '{}', 'P1', 'personal', '2026-01-01', '2026-07-01', 'test'), (repeat('b', 64), 'x', '2', '', '', '', '{}', 'P2', 'personal', '2026-01-01', '2027-07-01', 'test')`,
  })
})
afterAll(() => database.drop())

interface Mail {
  readonly at: number
  readonly source: "mx" | "submission" | "dsn"
  readonly tls?: boolean
  readonly signed?: boolean
}

let lastId = 0
async function accepted({ at, source, tls = false, signed = false }: Mail): Promise<number> {
  const id = ++lastId
  await database.query(
    { text: `INSERT INTO envelope (id, content, sha256, size, source, reverse_path, require_tls, smtp_utf8, trace_prefix, message_id, accepted_at) VALUES ($1, '', '', 1, $2, '', false, false, $3, '', to_timestamp($4::float8 / 1000))` },
    [id, source, `Received: from x by y with ESMTP${tls ? "S" : ""} id 1`, at],
  )
  if (signed) await database.query({ text: "INSERT INTO evidence (envelope_id, record) VALUES ($1, '{}')" }, [id])
  return id
}

async function relayed(envelopeId: number, at: number, tls: string | null): Promise<void> {
  await database.query({ text: `INSERT INTO delivery (id, envelope_id, recipient, original_recipient, state, next_attempt_at, expires_at) VALUES ($1, $1, 'x@ngoai.example', '', 'relayed', now(), now())` }, [envelopeId])
  await database.query({ text: `INSERT INTO attempt (delivery_id, number, started_at, ended_at, outcome, status, diagnostic, remote_mta, tls) VALUES ($1, 1, to_timestamp($2::float8 / 1000), to_timestamp($2::float8 / 1000), 'relayed', '', '', '', $3)` }, [envelopeId, at, tls])
}

test("a unit's administrator gets the figures of its subtree, without what is suspended", async () => {
  const figures = async (unitCode: string | null) => {
    const scope = scopeOf([unitCode === null ? { role: "province", unitCode } : { role: "unit", unitCode }], "overview:read")
    return scope && store().units(scope, now)
  }
  expect(await figures(null)).toEqual({ accounts: 2, holders: 2, mailboxBytes: 3000, certificatesEnding: 1 })
  expect(await figures("A")).toEqual({ accounts: 1, holders: 1, mailboxBytes: 2000, certificatesEnding: 1 })
  expect(await figures("B")).toEqual({ accounts: 1, holders: 1, mailboxBytes: 1000, certificatesEnding: 0 })
  expect(await figures("nowhere")).toEqual({ accounts: 0, holders: 0, mailboxBytes: 0, certificatesEnding: 0 })
})

test("a tree with a cycle in it does not keep the database busy for ever", async () => {
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('C', '', 'division', 'D', 'c.example'), ('D', '', 'division', 'C', 'c.example')" })
  const scope = scopeOf([{ role: "unit", unitCode: "C" }], "overview:read")
  expect(scope && (await store().units(scope, now)).accounts).toBe(0)
})

test("where there was no mail yet, no hours are counted", async () => {
  expect(await store().count(now)).toBe(0)
  expect(await database.query({ text: "SELECT FROM mail_hour" })).toHaveLength(0)
})

test("mail of today is the same before and after its hours have been counted, and counting twice changes nothing", async () => {
  const yesterday = now - 10 * hourMs // 23:30
  for (const mail of [
    { at: yesterday, source: "mx", tls: true }, { at: now - 9 * hourMs, source: "mx", tls: true, signed: true }, { at: now - 2 * hourMs, source: "mx" }, { at: now - 60_000, source: "mx", tls: true },
    { at: now - 3 * hourMs, source: "submission", tls: true, signed: true }, { at: now - 3 * hourMs, source: "dsn" }, { at: now - 8 * 24 * hourMs, source: "mx" },
  ] as const) await accepted(mail)
  await relayed(await accepted({ at: now - hourMs, source: "submission", tls: true }), now - hourMs, "TLSv1.3")
  await relayed(await accepted({ at: now - 1000, source: "submission", tls: true }), now - 1000, null)
  const today = { received: 3, receivedSigned: 1, receivedTls: 2, submitted: 3, submittedSigned: 1, relayed: 2, relayedTls: 1 }
  expect((await store().live(now)).today).toEqual(today)
  expect(await store().count(now)).toBe(8 * 24)
  expect((await store().live(now)).today).toEqual(today)
  expect(await store().count(now)).toBe(0)
  expect((await store().live(now)).today).toEqual(today)
  const { days, weeks } = await store().history(now)
  expect(days).toHaveLength(14)
  expect(weeks).toHaveLength(12)
  // the hour under way is not in it
  expect(days.at(-1)).toMatchObject({ start: "2026-06-17", received: 2, submitted: 2, relayed: 1, relayedTls: 1 })
  expect(days.at(-2)).toMatchObject({ start: "2026-06-16", received: 1, receivedTls: 1 })
  expect(weeks.map(({ start, received }) => [start, received]).slice(-2)).toEqual([["2026-06-08", 1], ["2026-06-15", 3]])
})

test("queue, held, oldest, failed sign-ins of today, and what is stored", async () => {
  const id = await accepted({ at: Date.now() - 90_000, source: "mx" })
  await database.query({ text: "INSERT INTO delivery (id, envelope_id, recipient, original_recipient, state, next_attempt_at, expires_at) SELECT $1 + n, $1, n::text, '', (ARRAY['waiting', 'deferred', 'held', 'delivered'])[n]::delivery_state, now(), now() FROM generate_series(1, 4) n" }, [id])
  await database.query({ text: `INSERT INTO audit (kind, at, detail) VALUES ('signIn.failed', $1, '{"times": 5}'), ('signIn.failed', $1, '{"times": 2}'), ('signIn.failed', $2, '{"times": 9}')` }, [new Date(now - hourMs), new Date(now - 20 * hourMs)])
  const live = await store().live(now)
  expect(live.queue).toMatchObject({ waiting: 2, held: 1 })
  expect(live.queue.oldestMs).toBeGreaterThanOrEqual(90_000)
  expect(live.failedSignIns).toBe(7)
  expect(live.storage).toEqual({ contents: 0, contentBytes: 0, mailboxBytes: 3000 })
  await database.query({ text: "UPDATE storage_count SET contents = 100000, content_bytes = 5" })
  expect((await store().live(now)).storage).toMatchObject({ contents: 100_000, contentBytes: 5 })
  await store().count(now)
  expect((await store().live(now)).storage).toMatchObject({ contents: 100_000, contentBytes: 5 })
  await database.query({ text: "UPDATE storage_count SET counted_at = counted_at - interval '7 hours'" })
  await store().count(now)
  expect((await store().live(now)).storage).toMatchObject({ contents: 0, contentBytes: 0 })
})
