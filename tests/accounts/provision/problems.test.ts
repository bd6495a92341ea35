import { expect, test } from "vitest"
import type { DirectoryChange } from "../../../src/accounts/provision/changes.ts"
import { problemsOf } from "../../../src/accounts/provision/check-change.ts"
import { fieldWords, problemText, problemWords } from "../../../src/accounts/provision/problems.ts"
import { dateOf, readFields } from "../../../src/accounts/provision/read-fields.ts"

test("every problem and every field has both languages, with the same values in them", () => {
  const values = (text: string): readonly string[] => (text.match(/\{\w+\}/g) ?? []).toSorted()
  for (const [key, { vi, en }] of [...Object.entries(problemWords), ...Object.entries(fieldWords)]) {
    expect(vi.trim(), key).not.toBe("")
    expect(en.trim(), key).not.toBe("")
    expect(values(vi), key).toEqual(values(en))
  }
})

const person = { principalId: "", kind: "individual", name: "Nguyễn Văn An", unitCode: "SNV", title: "", phone: "" } as const
const account = { address: null, kind: "personal", displayName: "Nguyễn Văn An", unitCode: "SNV", quotaBytes: 1, ownerId: null } as const
const unit = { code: "SNV", name: "Sở Nội vụ", kind: "department", parentCode: null, domain: "sonv.tinh.example", addressRule: null }
const group = { address: "nhom@tinh.example", displayName: "Nhóm", unitCode: "SNV", allowedSenders: null, moderators: null, members: [] }
const assignment = { address: "an@tinh.example", principalId: "CN1", rights: ["owner"], from: null, until: null } as const

test.each<[string, DirectoryChange, readonly string[]]>([
  ["a good person", { kind: "addPerson", person }, []],
  ["a person without a name, of no unit, with letters for a phone", { kind: "addPerson", person: { ...person, name: " ", unitCode: "", phone: "không" } }, ["name empty", "unitCode empty", "phone notPhone"]],
  ["a name with something in it that nobody sees", { kind: "addPerson", person: { ...person, name: "Nguyễn\u200b Văn An" } }, ["name control"]],
  ["a name with a mark of direction", { kind: "addPerson", person: { ...person, name: "An\u200f\u061c" } }, ["name control"]],
  ["a name that turns what follows", { kind: "addPerson", person: { ...person, name: "An\u202eexe" } }, ["name control"]],
  ["a change needs an id", { kind: "changePerson", seen: "x", person }, ["principalId empty"]],
  ["an address that turns what follows", { kind: "addAccount", account: { ...account, address: '"an\u202e"@tinh.example' } }, ["address notAddress"]],
  ["an address that looks like another", { kind: "addAccount", account: { ...account, address: "an\u200b@tinh.example" } }, ["address notAddress"]],
  ["an address that is not canonical", { kind: "addAccount", account: { ...account, address: "An@Tinh.example" } }, ["address notAddress"]],
  ["a quota beyond all disks", { kind: "addAccount", account: { ...account, quotaBytes: 2 ** 52 } }, ["quotaBytes tooLarge"]],
  ["a quota that is no number", { kind: "addAccount", account: { ...account, quotaBytes: Number.NaN } }, ["quotaBytes notSize"]],
  ["a unit of no kind and domain", { kind: "addUnit", unit: { ...unit, kind: "x", domain: "sonv tinh" } }, ["kind notOneOf", "domain notDomain"]],
  ["a unit's rule for another domain", { kind: "addUnit", unit: { ...unit, addressRule: "{ten}@khac.example" } }, ["addressRule ruleNoDomain"]],
  ["an assignment that ends first and gives nothing", { kind: "putAssignment", seen: null, assignment: { ...assignment, rights: [], from: "2026-02-01", until: "2026-01-31" } }, ["rights noRight", "until untilBeforeFrom"]],
  ["a day that is not in the calendar", { kind: "putAssignment", seen: null, assignment: { ...assignment, from: "2026-02-30" } }, ["from notDate"]],
  ["a moderated group without a moderator", { kind: "addGroup", group: { ...group, moderators: [] } }, ["moderators empty"]],
])("%s", (_name, change, problems) => {
  expect(problemsOf(change).map(({ field, problem }) => `${field} ${problem}`)).toEqual(problems)
})

test("a problem is said with its field and its values", () => {
  const problem = { field: "unitCode", problem: "noUnit", values: { value: "XYZ" } } as const
  expect(problemText(problem, "vi")).toBe("Đơn vị: Không có đơn vị “XYZ”")
  expect(problemText(problem, "en")).toBe('Unit: there is no unit "XYZ"')
  expect(problemText({ field: "address", problem: "addressTaken", values: { value: "a@b.example", use: "alias" } }, "vi")).toBe("Địa chỉ thư: Địa chỉ a@b.example đã là một bí danh")
})

test("what people write becomes values", () => {
  const read = readFields((field) => ({ name: "Nguye\u0302\u0303n  Văn\u00a0An ", quota: "2 GB", half: "1,5G", from: "1/2/2026", bad: "31.2.2026", who: "An@Tinh.Example; b@tinh.example", rights: "read, owner" })[field])
  expect([read.text("name"), read.bytes("quota", 0), read.bytes("half", 0), read.bytes("none", 7), read.date("from"), read.date("none")]).toEqual(["Nguyễn Văn An", 2 ** 31, 1.5 * 2 ** 30, 7, "2026-02-01", null])
  expect([read.addresses("who"), read.rights("rights")]).toEqual([["an@tinh.example", "b@tinh.example"], ["owner", "read"]])
  expect(read.problems).toEqual([])
  expect([read.date("bad"), dateOf("2026-02-30"), dateOf("29/2/2028")]).toEqual([null, undefined, "2028-02-29"])
  expect(read.problems).toEqual([{ field: "bad", problem: "notDate", values: { value: "31.2.2026" } }])
})
