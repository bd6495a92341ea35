import { afterAll, beforeAll, expect, test } from "vitest"
import type { CertificateBatch, CertificateEntry } from "../../src/store/certificate-entries.ts"
import { createCertificateEntries } from "../../src/store/sql/certificate-entries.ts"
import { registerRows } from "../support/certificates.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const day = 86_400_000
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(2)
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES
        ('UBND', 'Ủy ban nhân dân tỉnh', 'province', NULL, 'tinh.example'), ('SNV', 'Sở Nội vụ', 'department', 'UBND', 'tinh.example'), ('SNV.VP', 'Văn phòng', 'division', 'SNV', 'tinh.example');
      INSERT INTO principal (id, kind, name, unit_code, title, suspended_at) VALUES ('an', 'individual', 'An', 'SNV.VP', 'Chánh Văn phòng', NULL), ('binh', 'individual', 'Bình', 'SNV', '', NULL),
        ('so', 'organization', 'Sở Nội vụ', 'SNV', '', NULL), ('dung', 'individual', 'Dũng', 'SNV', '', now());
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at) VALUES
        ('an@tinh.example', 'personal', 'Nguyễn Văn An', 'SNV.VP', 1, NULL), ('binh@tinh.example', 'personal', 'Bình', 'SNV', 1, NULL), ('so@tinh.example', 'organizational', 'Sở Nội vụ', 'SNV', 1, NULL),
        ('motcua@tinh.example', 'organizational', 'Một cửa', 'SNV', 1, NULL), ('dung@tinh.example', 'personal', 'Dũng', 'SNV', 1, NULL), ('cu@tinh.example', 'personal', 'Cũ', 'SNV', 1, now());
      INSERT INTO assignment (account_id, principal_id, rights, valid_until)
        SELECT a.id, v.p, v.rights, v.u::date FROM (VALUES
          ('an@tinh.example', 'an', ARRAY['owner'], NULL), ('binh@tinh.example', 'binh', ARRAY['owner'], '2026-06-14'), ('so@tinh.example', 'so', ARRAY['owner'], NULL), ('motcua@tinh.example', 'so', ARRAY['owner'], NULL),
          ('so@tinh.example', 'an', ARRAY['read', 'sign'], NULL), ('dung@tinh.example', 'dung', ARRAY['owner'], NULL), ('cu@tinh.example', 'an', ARRAY['owner'], NULL)) AS v (address, p, rights, u)
        JOIN account a ON a.address = v.address`,
  })
  await registerRows(database, [
    { name: "an cũ", holder: "an", notAfter: now + day },
    { name: "an mới", holder: "an", notAfter: now + 300 * day },
    { name: "an hết hạn", holder: "an", notAfter: now },
    { name: "an chưa tới", holder: "an", notBefore: now + day, notAfter: now + 9 * day },
    { name: "an tạm ngưng", holder: "an", notAfter: now + day, state: "suspended" },
    { name: "an thu hồi", holder: "an", notAfter: now + day, state: "revoked" },
    { name: "an thôi dùng", holder: "an", notAfter: now + day, until: "2026-06-14" },
    { name: "an chỉ cho sở", holder: "an", notAfter: now + day, accounts: ["so@tinh.example"] },
    { name: "bình", holder: "binh", notAfter: now + day },
    { name: "sở", holder: "so", use: "organizational", notAfter: now + day, accounts: ["so@tinh.example"] },
    { name: "sở tất cả", holder: "so", use: "organizational", notAfter: now + 2 * day },
    { name: "dũng", holder: "dung", notAfter: now + day },
  ])
})
afterAll(() => database.drop())

const entries = () => createCertificateEntries({ database, clock: { now: () => now } })

async function all(options?: Parameters<ReturnType<typeof entries>["batches"]>[0]): Promise<CertificateBatch[]> {
  const batches: CertificateBatch[] = []
  for await (const batch of entries().batches(options)) batches.push(batch)
  return batches
}

const names = ({ certificates }: CertificateEntry): string[] => certificates.map((der) => Buffer.from(der).toString())

test("accounts have the certificates of their owners that can be used now", async () => {
  const [batch, ...more] = await all()
  expect(more).toEqual([])
  expect(batch?.version).toBe(2)
  expect(batch?.entries.map((entry) => [entry.address, ...names(entry)])).toEqual([
    ["an@tinh.example", "an mới", "an cũ"],
    ["so@tinh.example", "sở tất cả", "sở"],
    ["motcua@tinh.example", "sở tất cả"],
  ])
  expect(batch?.entries[0]).toMatchObject({ displayName: "Nguyễn Văn An", unitNames: ["Văn phòng", "Sở Nội vụ", "Ủy ban nhân dân tỉnh"], title: "Chánh Văn phòng" })
  expect(batch?.entries[1]).toMatchObject({ unitNames: ["Sở Nội vụ", "Ủy ban nhân dân tỉnh"], title: "" })
})

test("in batches they are the same", async () => {
  const batches = await all({ batchSize: 1 })
  expect(batches.map(({ entries: [entry] }) => entry?.address)).toEqual(["an@tinh.example", "so@tinh.example", "motcua@tinh.example"])
})

test("nothing is read while the directory has not moved", async () => {
  expect(await all({ since: 2 })).toEqual([])
  expect(await all({ since: 1 })).toHaveLength(1)
})

test.each([
  ["motcua@tinh.example", ["sở tất cả"]],
  ["binh@tinh.example", undefined],
  ["cu@tinh.example", undefined],
  ["khongai@tinh.example", undefined],
])("%s alone has %j", async (address, expected) => {
  const entry = await entries().find(address)
  expect(entry && names(entry)).toEqual(expected)
})
