import { afterAll, beforeAll, expect, test } from "vitest"
import type { AddressBookEntry } from "../../src/store/address-book-source.ts"
import { createAddressBookSource } from "../../src/store/sql/address-book.ts"
import { createCertificateEntries } from "../../src/store/sql/certificate-entries.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { registerRows } from "../support/certificates.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { freeLoopbackPort } from "../support/free-port.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const clock = { now: () => now }
const day = 86_400_000
/** More than two readings of each kind, with certificates here and there. */
const crowd = 450
let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase(2)
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES
        ('UBND', 'Ủy ban nhân dân tỉnh', 'province', NULL, 'tinh.example'), ('SNV', 'Sở Nội vụ', 'department', 'UBND', 'tinh.example'), ('SNV.VP', 'Văn phòng', 'division', 'SNV', 'tinh.example');
      INSERT INTO principal (id, kind, name, unit_code, title, phone, suspended_at) VALUES
        ('an', 'individual', 'An', 'SNV.VP', 'Chánh Văn phòng', '024 3000 1000', NULL), ('binh', 'individual', 'Bình', 'SNV', 'Chuyên viên', '', NULL),
        ('dung', 'individual', 'Dũng', 'SNV', 'Thanh tra', '', now()), ('so', 'organization', 'Sở Nội vụ', 'SNV', 'Sở', '', NULL);
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at) VALUES
        ('an@tinh.example', 'personal', 'Nguyễn Văn An', 'SNV.VP', 1, NULL), ('binh@tinh.example', 'personal', 'Trần Thị Bình', 'SNV', 1, NULL), ('dung@tinh.example', 'personal', 'Dũng', 'SNV', 1, NULL),
        ('so@tinh.example', 'organizational', 'Sở Nội vụ', 'SNV', 1, NULL), ('cu@tinh.example', 'personal', 'Cũ', 'SNV', 1, now());
      INSERT INTO alias (address, account_id) SELECT v.alias, a.id FROM (VALUES ('van.an@tinh.example'), ('an.nguyen@tinh.example')) AS v (alias) JOIN account a ON a.address = 'an@tinh.example';
      INSERT INTO assignment (account_id, principal_id, rights, valid_until)
        SELECT a.id, v.p, v.rights, v.u::date FROM (VALUES
          ('an@tinh.example', 'an', ARRAY['owner'], NULL), ('binh@tinh.example', 'binh', ARRAY['owner'], '2026-06-14'), ('dung@tinh.example', 'dung', ARRAY['owner'], NULL), ('so@tinh.example', 'so', ARRAY['owner'], NULL),
          ('so@tinh.example', 'an', ARRAY['read'], NULL)) AS v (address, p, rights, u)
        JOIN account a ON a.address = v.address;`,
  })
  await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) SELECT 'p' || n, 'individual', 'Người ' || n, 'SNV' FROM generate_series(1, $1) n" }, [crowd])
  await database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) SELECT 'p' || n || '@tinh.example', 'personal', 'Người ' || n, 'SNV', 1 FROM generate_series(1, $1) n" }, [crowd])
  await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, split_part(address, '@', 1), ARRAY['owner'] FROM account WHERE address LIKE 'p%'" })
  await registerRows(database, [
    { name: "an", holder: "an", notAfter: now + day }, { name: "sở", holder: "so", use: "organizational", notAfter: now + day },
    ...Array.from({ length: crowd }, (_, index) => index + 1).filter((n) => n % 3 !== 0).map((n) => ({ name: `c${n}`, holder: `p${n}`, notAfter: now + day })),
  ])
}, 60_000)
afterAll(() => database.drop())

const source = () => createAddressBookSource({ database, certificates: createCertificateEntries({ database, clock }), clock })

async function all(): Promise<readonly AddressBookEntry[]> {
  const entries: AddressBookEntry[] = []
  for await (const batch of source().entries()) entries.push(...batch)
  return entries
}

const texts = (certificates: readonly Uint8Array[]): string[] => certificates.map((der) => Buffer.from(der).toString())

test("everybody who is not suspended is there once, with units, aliases, and the title of the owner in force", async () => {
  const entries = await all()
  expect(entries.slice(0, 4).map(({ certificates, ...entry }) => ({ ...entry, certificates: texts(certificates) }))).toMatchObject([
    {
      address: "an@tinh.example", aliases: ["an.nguyen@tinh.example", "van.an@tinh.example"], kind: "personal", displayName: "Nguyễn Văn An", units: ["Văn phòng", "Sở Nội vụ", "Ủy ban nhân dân tỉnh"],
      title: "Chánh Văn phòng", phone: "024 3000 1000", certificates: ["an"],
    },
    // whose time ended yesterday; who is suspended as a person; an organization's title is nobody's
    { address: "binh@tinh.example", aliases: [], kind: "personal", displayName: "Trần Thị Bình", units: ["Sở Nội vụ", "Ủy ban nhân dân tỉnh"], title: "", phone: "", certificates: [] },
    { address: "dung@tinh.example", aliases: [], kind: "personal", displayName: "Dũng", units: ["Sở Nội vụ", "Ủy ban nhân dân tỉnh"], title: "", phone: "", certificates: [] },
    { address: "so@tinh.example", aliases: [], kind: "organizational", displayName: "Sở Nội vụ", units: ["Sở Nội vụ", "Ủy ban nhân dân tỉnh"], title: "", phone: "", certificates: ["sở"] },
  ])
  expect(entries).toHaveLength(4 + crowd)
  expect(new Set(entries.map(({ accountId }) => accountId)).size).toBe(entries.length)
})

test("each has its own certificates, however both are divided into readings", async () => {
  const people = (await all()).slice(4)
  expect(people.map(({ address, certificates }) => [address, ...texts(certificates)])).toEqual(
    Array.from({ length: crowd }, (_, index) => index + 1).map((n) => (n % 3 === 0 ? [`p${n}@tinh.example`] : [`p${n}@tinh.example`, `c${n}`])),
  )
})

test("a circle of units ends", async () => {
  await database.query({ text: "UPDATE organization_unit SET parent_code = 'SNV.VP' WHERE code = 'UBND'" })
  const [an] = await all()
  await database.query({ text: "UPDATE organization_unit SET parent_code = NULL WHERE code = 'UBND'" })
  expect(an?.units.slice(0, 4)).toEqual(["Văn phòng", "Sở Nội vụ", "Ủy ban nhân dân tỉnh", "Văn phòng"])
  expect(an?.units.length).toBeLessThan(50)
})

test.each([["so@tinh.example", ["sở"]], ["binh@tinh.example", []], ["khongai@tinh.example", []]])("%s alone has %j", async (address, expected) => {
  const found = await source().certificatesOf(address)
  expect(found.ok && texts(found.value)).toEqual(expected)
})

test("a store that is away is said to be unavailable", async () => {
  const away = openDatabase({ url: `postgres://nobody@127.0.0.1:${await freeLoopbackPort()}/none`, poolSize: 1, applicationName: "tests" })
  const broken = createAddressBookSource({ database: away, certificates: createCertificateEntries({ database: away, clock }), clock })
  expect(await broken.certificatesOf("an@tinh.example")).toMatchObject({ ok: false, failure: { kind: "unavailable" } })
  await expect(broken.version()).rejects.toThrow(/ECONNREFUSED/)
  await away.close()
})
