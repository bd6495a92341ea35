import { expect, test } from "vitest"
import { MailCount } from "../../src/store/mail-count.ts"
import { reportTree, type UnitMonth } from "../../src/store/unit-months.ts"

const month = (code: string, parentCode: string | null, received = 1): UnitMonth => ({ code, name: `Đơn vị ${code}`, parentCode, accounts: null, holders: null, storageBytes: null, sentInternal: 0, sentAgencies: 0, sentOutside: 0, sentSigned: 0, received, documents: 0, copies: 0 })
const units = [month("T", null), month("A", "T", 2), month("A.1", "A", 4), month("A.2", "A", 8), month("B", "T", 16), month("B.1", "B", 32)]

const shown = (roots: readonly string[] | null, asked?: string) => {
  const tree = reportTree(units, roots, asked)
  return tree && { unit: tree.unit?.code, above: tree.above.map(({ code }) => code), rows: Object.fromEntries(tree.rows.map(({ code, own, figures }) => [own ? `(${code})` : code, figures.received])), total: tree.total.received, choices: tree.choices.map(({ code, depth }) => `${"-".repeat(depth)}${code}`) }
}

test.each([
  ["everything", null, undefined, { unit: "T", above: [], rows: { "(T)": 1, A: 14, B: 48 }, total: 63, choices: ["T", "-A", "-B"] }],
  ["a unit within", null, "A", { unit: "A", above: ["T"], rows: { "(A)": 2, "A.1": 4, "A.2": 8 }, total: 14, choices: ["T", "-A", "-B"] }],
  ["one without others below it", null, "A.2", { unit: "A.2", above: ["T", "A"], rows: { "(A.2)": 8 }, total: 8, choices: ["T", "-A", "--A.2", "-B"] }],
  ["what is one's own, up to its top", ["A"], "A.1", { unit: "A.1", above: ["A"], rows: { "(A.1)": 4 }, total: 4, choices: ["A", "-A.1"] }],
  ["several, one of them within another", ["A.1", "A", "B", "A"], undefined, { unit: undefined, above: [], rows: { A: 14, B: 48 }, total: 62, choices: ["A", "B"] }],
  ["none that was there", ["X"], undefined, { unit: undefined, above: [], rows: {}, total: 0, choices: [] }],
] as const)("%s", (_name, roots, asked, expected) => {
  expect(shown(roots, asked)).toEqual(expected)
})

test("a unit that was not there is no report", () => {
  expect(shown(null, "X")).toBeUndefined()
})

test("a tree with a cycle in it counts each unit once", () => {
  const cycle = [month("C", "D", 1), month("D", "C", 2), month("E", "D", 4)]
  expect(reportTree(cycle, ["C"], undefined)).toMatchObject({ total: { received: 7 }, rows: [{ code: "C", own: true }, { code: "D", figures: { received: 7 } }] })
  expect(reportTree(cycle, null, undefined)?.rows).toEqual([])
})

test("units above that are gone make a top of what was below them", () => {
  expect(reportTree([month("A.1", "A", 4)], null, undefined)).toMatchObject({ unit: { code: "A.1", parentName: null }, total: { received: 4 } })
})

const agencies: Readonly<Record<string, string>> = { "A.1": "A", "A.2": "A", B: "B" }

test.each([
  ["to nobody but the own agency", { units: ["A.1", "A.2"], outside: false }, "sentInternal"],
  ["to another agency as well", { units: ["A.2", "B"], outside: false }, "sentAgencies"],
  ["to somebody outside as well", { units: ["A.2", "B"], outside: true }, "sentOutside"],
  ["to accounts that are gone", { units: [], outside: false }, "sentInternal"],
] as const)("a message %s counts once", (_name, to, kind) => {
  const count = new MailCount((code) => agencies[code] ?? null)
  count.sent({ unitCode: "A.1", signed: true, hasDocuments: true, copies: 3, ...to })
  count.sent({ unitCode: "A.1", signed: false, hasDocuments: false, copies: 5, ...to })
  expect(count.units.get("A.1")).toMatchObject({ sentInternal: 0, sentAgencies: 0, sentOutside: 0, [kind]: 2, sentSigned: 1, documents: 1, copies: 3 })
})
