import { expect, test } from "vitest"
import { type Capability, capabilities, covers, type Grant, may, scopeOf } from "../../src/accounts/administrator.ts"
import { buildOrganization } from "../../src/accounts/organization.ts"

const organization = buildOrganization({
  units: [
    { code: "T", kind: "province", parentCode: null }, { code: "A", kind: "department", parentCode: "T" }, { code: "A.1", kind: "division", parentCode: "A" }, { code: "A.1.x", kind: "division", parentCode: "A.1" },
    { code: "B", kind: "department", parentCode: "T" }, { code: "AB", kind: "department", parentCode: "T" },
  ],
  groups: [],
})

const province: Grant = { role: "province", unitCode: null }
const unitA: Grant = { role: "unit", unitCode: "A" }
const unitB: Grant = { role: "unit", unitCode: "B" }
const auditor: Grant = { role: "auditor", unitCode: null }
const operator: Grant = { role: "operator", unitCode: null }

test.each<[readonly Grant[], Capability, string | undefined, boolean]>([
  [[], "overview:read", undefined, false],
  [[], "directory:read", "A", false],
  [[province], "policy:write", undefined, true],
  [[province], "directory:write", "A.1.x", true],
  [[province], "directory:write", "nowhere", true],
  [[unitA], "directory:write", undefined, true],
  [[unitA], "directory:write", "A", true],
  [[unitA], "directory:write", "A.1.x", true],
  [[unitA], "directory:write", "T", false],
  [[unitA], "directory:write", "B", false],
  [[unitA], "directory:write", "AB", false],
  [[unitA], "directory:write", "nowhere", false],
  [[unitA], "queue:read", undefined, false],
  [[unitA], "policy:read", undefined, false],
  [[unitA], "administrators:write", undefined, false],
  [[unitA, unitB], "directory:read", "B", true],
  [[unitA, auditor], "directory:read", "B", true],
  // what one role lets see, another does not let change
  [[unitA, auditor], "directory:write", "B", false],
  [[auditor], "audit:read", undefined, true],
  [[auditor], "held:decide", undefined, false],
  [[operator], "held:decide", undefined, true],
  [[operator], "queue:write", undefined, true],
  [[operator], "directory:read", undefined, false],
  [[operator], "policy:read", undefined, false],
])("%j may %s at %s: %s", (grants, capability, unitCode, expected) => {
  expect(may({ grants, organization }, capability, unitCode)).toBe(expected)
})

test("an auditor changes nothing", () => {
  expect(capabilities.filter((capability) => may({ grants: [auditor], organization }, capability))).toEqual(capabilities.filter((capability) => capability.endsWith(":read")))
})

test("a scope names the tops of the subtrees, and everything only where a role is for everything", () => {
  expect(scopeOf([unitA, unitB], "directory:read")?.roots).toEqual(["A", "B"])
  expect(scopeOf([unitA, auditor], "directory:read")?.roots).toBeNull()
  expect(scopeOf([unitA, auditor], "directory:write")?.roots).toEqual(["A"])
  expect(scopeOf([operator], "directory:read")).toBeUndefined()
  const scope = scopeOf([unitA], "directory:read")
  expect(scope && ["A", "A.1", "B", "T", "x"].map((code) => covers(scope, code, organization))).toEqual([true, true, false, false, false])
})
