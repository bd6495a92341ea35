import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { withoutDiacritics } from "../../src/base/folded-name.ts"
import type { DirectoryQuestion, DirectoryView } from "../../src/store/directory-view.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { unwrap } from "../support/store.ts"
import { below, everywhere, importProvince } from "../support/whole-province.ts"

let database: TestDatabase
let view: DirectoryView
beforeAll(async () => {
  database = await createTestDatabase()
  await importProvince(database)
  view = createDirectoryView(database)
})
afterAll(() => database.drop())

const find = (text: string, more: Partial<DirectoryQuestion> = {}) => view.find({ scope: everywhere, text, limit: 20, ...more })
const keys = async (text: string, more: Partial<DirectoryQuestion> = {}): Promise<readonly string[]> => (await find(text, more)).hits.map(({ kind, key }) => `${kind} ${key}`)

test("the tree counts what is in each unit and below it, parents before children", async () => {
  const tree = await view.tree(everywhere)
  expect(tree).toHaveLength(363)
  expect(tree[0]).toMatchObject({ code: "UBND", depth: 0, parentCode: null, all: { accounts: 3000, people: 4228, groups: 30 } })
  const places = new Map(tree.map(({ code }, at) => [code, at]))
  expect(tree.filter(({ code, parentCode }) => parentCode !== null && (places.get(parentCode) ?? Infinity) > (places.get(code) ?? 0))).toEqual([])
  const own = tree.reduce((sum, unit) => sum + unit.own.accounts, 0)
  expect(own).toBe(3000)
})

test("a delegated administrator's tree is the subtree, its top at depth 0", async () => {
  const tree = await view.tree(below("SNV"))
  expect(tree[0]).toMatchObject({ code: "SNV", depth: 0 })
  expect(tree.length).toBeGreaterThan(2)
  expect(tree.every(({ code }) => code === "SNV" || code.startsWith("SNV."))).toBe(true)
})

test("what is typed without marks finds names with them, in any order of words, those that begin so first", async () => {
  const [one] = await database.query<{ id: string; name: string }>({ text: "SELECT id, name FROM principal WHERE name ~ 'Đ' AND kind = 'individual' ORDER BY id LIMIT 1" })
  if (!one) throw new Error("nobody has a Đ")
  const bare = withoutDiacritics(one.name).toLowerCase()
  expect(await keys(bare, { kinds: ["person"], limit: 500 })).toContain(`person ${one.id}`)
  expect(await keys(one.name.normalize("NFD"), { kinds: ["person"], limit: 500 })).toContain(`person ${one.id}`)
  expect(await keys(bare.split(" ").toReversed().join(" "), { kinds: ["person"], limit: 500 })).toContain(`person ${one.id}`)
  const begin = (await find("nguy", { kinds: ["person"], limit: 5 })).hits
  expect(begin.map(({ name }) => withoutDiacritics(name).toLowerCase().startsWith("nguy"))).toEqual([true, true, true, true, true])
  expect(await keys("CN00003")).toContain("person CN00003")
  expect(await keys("lanhdao@sonv")).toEqual(["alias lanhdao@sonv.tinh.example"])
  expect(await keys("toancoquan sonv", { kinds: ["group"] })).toEqual(["group toancoquan@sonv.tinh.example"])
})

test("what means something to LIKE means itself, and nothing at all lists everything page by page", async () => {
  expect((await find("%")).hits).toEqual([])
  expect((await find("_____@")).hits).toEqual([])
  expect((await find("\\")).hits).toEqual([])
  const first = await find("", { kinds: ["unit"], limit: 200 })
  const second = await find("", { kinds: ["unit"], limit: 200, offset: 200 })
  expect([first.hits.length, first.more, second.hits.length, second.more]).toEqual([200, true, 163, false])
  expect(new Set([...first.hits, ...second.hits].map(({ key }) => key)).size).toBe(363)
})

test("a delegated administrator finds nothing outside the subtree, by search or by name", async () => {
  const scope = below("SNV")
  const all = (await find("", { scope, limit: 500 })).hits
  expect(all.length).toBeGreaterThan(50)
  expect(all.filter(({ unitCode }) => unitCode !== "SNV" && !unitCode?.startsWith("SNV."))).toEqual([])
  expect(await keys("ubnd@tinh.example", { scope })).toEqual([])
  for (const answer of [view.account(scope, "ubnd@tinh.example"), view.unit(scope, "UBND"), view.person(scope, "CN00001"), view.group(scope, "toantinh@tinh.example")])
    expect(await answer).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  expect(await view.account(scope, "khong.co@tinh.example")).toMatchObject({ ok: false, failure: { kind: "notFound" } })
  expect((await view.group(scope, "toancoquan@sonv.tinh.example")).ok).toBe(true)
})

test("by unit: only its own, or with those below; by state", async () => {
  const own = (await find("", { kinds: ["account"], unit: { code: "SNV", below: false }, limit: 500 })).hits
  const all = (await find("", { kinds: ["account"], unit: { code: "SNV", below: true }, limit: 500 })).hits
  expect(own.every(({ unitCode }) => unitCode === "SNV")).toBe(true)
  expect(all.length).toBeGreaterThan(own.length)
  expect((await find("", { kinds: ["account"], suspended: true })).hits).toEqual([])
})

test("one object with all that belongs to it", async () => {
  await database.query({ text: "UPDATE organization_unit SET address_rule = '{hoten}@{domain}' WHERE code = 'SNV'" })
  const unit = unwrap(await view.unit(everywhere, "SNV.VP"))
  expect(unit).toMatchObject({ record: { code: "SNV.VP", parentCode: "SNV" }, path: [{ code: "UBND" }, { code: "SNV" }], rule: { template: "{hoten}@{domain}", from: "SNV" }, children: 0 })
  const person = unwrap(await view.person(everywhere, "CN00001"))
  expect(person).toMatchObject({ record: { principalId: "CN00001", suspended: false }, unitName: "Ủy ban nhân dân tỉnh Giang Khê" })
  expect(person.assignments.find(({ address }) => address === "votuyetanh.ubnd@tinh.example")).toMatchObject({ rights: ["owner"], accountKind: "personal", suspended: false })
  const account = unwrap(await view.account(everywhere, "ubnd@tinh.example"))
  expect(account).toMatchObject({ usedBytes: 0, record: { kind: "organizational", quotaBytes: 10 * 2 ** 30, archived: false }, aliases: [{ address: "vanthu@tinh.example", expiresOn: null }], credentials: { password: false, oneTime: false, appPasswords: 0 }, roles: [] })
  expect(account.holders.length).toBeGreaterThan(1)
  const group = unwrap(await view.group(everywhere, "toantinh@tinh.example"))
  expect(group.record).toMatchObject({ unitCode: "UBND", allowedSenders: ["ubnd@tinh.example"], moderators: null })
  expect(group.members.map(({ address }) => address)).toEqual(group.record.members)
  expect(group.members[0]).toMatchObject({ kind: "group" })
})

test("property: the database folds names as we do", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: fc.constantFrom(..."aăâáàảãạđĐÂẤẦẨẪẬƠỚÔỘêềưứƯỰýỳỵÝñçü zZ09.@"), maxLength: 40 }), { minLength: 20, maxLength: 20 }), async (names) => {
      const rows = await database.query<{ folded: string }>({ text: "SELECT directory_fold(t.n) AS folded FROM unnest($1::text[]) WITH ORDINALITY AS t (n, at) ORDER BY at" }, [names])
      expect(rows.map(({ folded }) => folded)).toEqual(names.map((name) => withoutDiacritics(name).toLowerCase()))
    }),
    { numRuns: 20 },
  )
})
