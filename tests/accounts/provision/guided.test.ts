import { expect, test } from "vitest"
import { monthsKept, monthsLater } from "../../../src/accounts/provision/guided/plan-action.ts"
import { type ActionStep, stepsTag, stepText, stepWords } from "../../../src/accounts/provision/guided/steps.ts"

const rules = { leaverMonths: 6, headMonths: 12, headTitles: ["Chủ tịch", "Giám đốc", "Trưởng"] }

test.each([
  ["Giám đốc Sở", 12], ["giam doc", 12], ["CHỦ TỊCH Ủy ban nhân dân", 12], ["Trưởng phòng", 12], ["Phó Giám đốc Sở", 6], ["Chuyên viên", 6], ["", 6], ["Trưởngphòng", 6],
])("the mailbox of a %s is kept %i months", (title, months) => {
  expect(monthsKept(title, rules)).toBe(months)
})

test.each([["2026-11-27", 6, "2027-05-27"], ["2026-08-31", 6, "2027-02-28"], ["2027-08-31", 6, "2028-02-29"], ["2026-12-31", 12, "2027-12-31"]])("%s and %i months is %s", (date, months, later) => {
  expect(monthsLater(date, months)).toBe(later)
})

test("every step is said in both languages, with all that it names", () => {
  const step: ActionStep = { step: "endAssignment", address: "a@b.example", principalId: "CN1", rights: ["read", "write"], from: null, until: null }
  expect(stepText(step, "vi")).toBe("Kết thúc quyền “đọc, sắp xếp, xóa” của CN1 trên hộp thư a@b.example")
  for (const { vi, en } of Object.values(stepWords)) expect((vi.match(/\{\w+\}/g) ?? []).toSorted()).toEqual((en.match(/\{\w+\}/g) ?? []).toSorted())
  expect(stepsTag([step])).not.toBe(stepsTag([{ ...step, principalId: "CN2" }]))
})
