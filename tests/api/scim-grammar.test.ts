import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { holds } from "../../src/api/scim/evaluate.ts"
import { parseFilter, parsePath } from "../../src/api/scim/filter.ts"
import { applyPatch } from "../../src/api/scim/patch.ts"
import type { Result } from "../../src/base/result.ts"

function unwrap<T>(result: Result<T, unknown>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value
}

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
const user = {
  userName: "an@tinh.example", active: true, name: { givenName: "An", familyName: "Nguyễn" }, title: "Chuyên viên",
  emails: [{ type: "work", value: "an@tinh.example", primary: true }, { type: "other", value: "vp@tinh.example" }], [enterprise]: { department: "A.VP" },
}

describe("a filter (RFC 7644 §3.4.2.2, figure 2 and table 3)", () => {
  test.each([
    ['userName Eq "AN@tinh.example"', true], ['name.familyName co "guy"', true], ['userName sw "A"', true], ['userName ew "example"', true], ["title pr", true], ["nickName pr", false],
    ['title ne "x"', true], ["active eq true", true], ['active eq "True"', true], ["active eq false", false], ['title gt "a" and title lt "d"', true], ['title ge "d"', false],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "an"', true], ['emails[type eq "work" and value co "@tinh"]', true], ['emails[type eq "work" and value sw "vp"]', false], ['emails.value sw "vp"', true],
    ['emails[type eq "other"].value eq "vp@tinh.example"', true], ['emails co "vp@"', true], ['not (active eq true)', false], ['userName eq "x" or title pr and active eq true', true],
    ['(userName eq "x" or title pr) and active eq false', false], ['userName eq "x" or (title pr and not (active eq false))', true], ['nickName eq null', true],
  ])("%s is %s", (text, expected) => expect(holds(unwrap(parseFilter(text)), user)).toBe(expected))

  test.each(["", "userName", "userName eq", 'userName is "x"', 'userName eq "x', "userName eq x", 'userName eq "x" and', '(userName eq "x"', 'userName eq "x")', 'emails[type eq "x"', "not userName pr", 'a.b.c eq "x"', "userName eq [1]", "userName eq {}", 'userName eq "\\u0000"', `userName eq "${"x".repeat(3_000)}"`, Array.from({ length: 101 }, () => "a pr").join(" or "), `${"(".repeat(30)}a pr${")".repeat(30)}`])("%s is none", (text) => {
    expect(parseFilter(text).ok).toBe(false)
  })

  test("of any text ends with a filter or a clause", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.array(fc.constantFrom("and", "or", "not", "(", ")", "[", "]", "a", "a.b", "eq", "pr", '"x"', "1", "true", ".value")).map((words) => words.join(" "))), (text) => {
      const filter = parseFilter(text)
      if (filter.ok) expect(typeof holds(filter.value, user)).toBe("boolean")
      else expect(filter.failure).toMatch(/^[a-z]/)
    }))
  })
})

test.each([
  ["userName", { attribute: "username" }], ["name.givenName", { attribute: "name", sub: "givenname" }], [`${enterprise}:department`, { attribute: "department" }],
  ['emails[type eq "work"].value', { attribute: "emails", filter: { kind: "compare", path: "type", operator: "eq", value: "work" }, sub: "value" }],
])("the path %s", (text, expected) => expect(unwrap(parsePath(text))).toEqual(expected))

describe("a PATCH", () => {
  const patched = (...operations: readonly object[]) => applyPatch(user, { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: operations })
  test.each<[string, object, object]>([
    ["replaces a value", { op: "replace", path: "title", value: "Trưởng phòng" }, { title: "Trưởng phòng" }],
    ["finds names whatever their case", { op: "Replace", path: "USERNAME", value: "x" }, { userName: "x" }],
    ["replaces a sub-attribute", { op: "add", path: "name.givenName", value: "Ân" }, { name: { givenName: "Ân", familyName: "Nguyễn" } }],
    ["replaces in the value that a filter chooses", { op: "replace", path: 'emails[type eq "other"].value', value: "x@tinh.example" }, { emails: [user.emails[0], { type: "other", value: "x@tinh.example" }] }],
    ["removes what a filter chooses", { op: "remove", path: 'emails[type eq "other"]' }, { emails: [user.emails[0]] }],
    ["removes an attribute", { op: "remove", path: "title" }, { title: undefined }],
    ["adds to a list what is not there", { op: "add", path: "emails", value: [{ value: "an@tinh.example" }, { value: "moi@tinh.example" }] }, { emails: [{ value: "an@tinh.example" }, user.emails[1], { value: "moi@tinh.example" }] }],
    ["of Entra: a first value where a filter finds none", { op: "Add", path: 'phoneNumbers[type eq "work"].value', value: "0912" }, { phonenumbers: [{ type: "work", value: "0912" }] }],
    ["of Entra: an attribute of the extension by its URN", { op: "Replace", path: `${enterprise}:department`, value: "B" }, { [enterprise]: { department: "B" } }],
    ["of Entra: what is removed is in the value", { op: "Remove", path: "emails", value: [{ value: "vp@tinh.example" }] }, { emails: [user.emails[0]] }],
    ["of Entra: dotted names in a value without a path", { op: "replace", value: { "name.givenName": "Ân", active: "False" } }, { name: { givenName: "Ân", familyName: "Nguyễn" }, active: "False" }],
    ["of Okta: an object without a path", { op: "replace", value: { active: false } }, { active: false }],
    ["of Okta: the extension in a value without a path", { op: "replace", value: { [enterprise]: { department: "B" }, schemas: [] } }, { [enterprise]: { department: "B" } }],
  ])("%s", (_name, operation, expected) => expect(unwrap(patched(operation))).toEqual(JSON.parse(JSON.stringify({ ...user, ...expected }))))

  test.each<[object, string]>([
    [{ op: "move", path: "title" }, "invalidSyntax"], [{ op: "replace", path: "title" }, "invalidValue"], [{ op: "remove" }, "noTarget"], [{ op: "replace", path: "a[b", value: 1 }, "invalidPath"],
    [{ op: "replace", value: "x" }, "invalidValue"], [{ op: "replace", path: 'emails[value co "khong"].type', value: "x" }, "noTarget"], [{ op: "add", path: "__proto__", value: {} }, "invalidPath"], [{ op: "add", path: "constructor.prototype", value: {} }, "invalidPath"],
  ])("%j is %s", (operation, scimType) => expect(patched(operation)).toMatchObject({ ok: false, failure: { scimType } }))

  test("a body that is none", () => {
    for (const body of [{}, [], null, { Operations: [] }, { Operations: [1] }, { Operations: Array.from({ length: 1_001 }, () => ({ op: "remove", path: "title" })) }]) expect(applyPatch(user, body)).toMatchObject({ ok: false, failure: { scimType: "invalidSyntax" } })
  })
})
