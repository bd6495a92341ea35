import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { endOfDay, isWithin, minuteOfDay, parseHours, startOfDay, weekdayOf } from "../../src/policy/civil-time.ts"
import { compileMark } from "../../src/policy/document-mark.ts"
import { foldText, maxComparedCharacters, tidyText } from "../../src/policy/policy-text.ts"
import { compilePattern } from "../../src/policy/text-pattern.ts"

const marks = ["MẬT", "TỐI MẬT", "TUYỆT MẬT"].map((source) => compileMark(source))
const isMarked = (text: string): boolean => marks.some((mark) => mark?.matches(tidyText(text)))

describe("a mark of secrecy", () => {
  test.each([
    "MẬT", "mật", "Mật", "TỐI MẬT", "tuyệt mật", "[MẬT] Báo cáo quý III", "[mật] báo cáo", "(TỐI MẬT) Kế hoạch", "Kế hoạch (tối mật)", "MẬT: Báo cáo", "Mật - Báo cáo", "MẬT – Báo cáo",
    "Báo cáo - MẬT", "Báo cáo | Tuyệt mật", "Độ mật: MẬT", "Độ mật: Tuyệt mật", "Re: [MẬT] Báo cáo", "Fwd: Re: mật: báo cáo", "Trả lời: Tối mật", "RE[2]: MẬT", "【MẬT】Báo cáo", "«Tối mật» Kế hoạch",
    "MẬT Báo cáo tình hình", "Công văn TUYỆT MẬT về việc di dời", "CÔNG VĂN TUYỆT MẬT VỀ VIỆC DI DỜI", "MẬT, HỎA TỐC: báo cáo", "[MẬT, HỎA TỐC] báo cáo", "[MẬT/HỎA TỐC] báo cáo", "**MẬT** báo cáo", "Hỏa tốc - Mật - báo cáo",
    "TUYỆT-MẬT", "TUYỆT_MẬT kế hoạch", "Tối–mật: kế hoạch", "[M\ufe0fẬT] kế hoạch", "[M\u3164ẬT] kế hoạch", "[M\u180bẬ\u0001T] kế hoạch", "[MẬT\u0332] kế hoạch", "[M\u0336Ậ\u0336T\u0336] kế hoạch", "[TỐI\u2800MẬT] kế hoạch",
    "[МẬТ] chữ Kirin", "[ΜẬΤ] chữ Hy Lạp", "[ᴍẬᴛ] chữ hoa nhỏ", "[𝐌Ậ𝐓] chữ toán học", "Re : Fw : [MẬT] kế hoạch",
    "M\u200bẬ\u00adT: báo cáo", "ＭẬＴ", "[ MẬT ] báo cáo", "MẬT\tBáo cáo", "MẬT 01/BC", "Báo cáo MẬT!",
  ])("is found in %j, composed and decomposed", (text) => {
    expect(isMarked(text)).toBe(true)
    expect(isMarked(text.normalize("NFD"))).toBe(true)
    expect(isMarked(text.normalize("NFC"))).toBe(true)
  })

  test.each([
    "", "Báo cáo quý III", "Tập huấn bảo vệ bí mật nhà nước", "BẢO VỆ BÍ MẬT NHÀ NƯỚC", "Bí mật nhà nước", "Bảo mật: hướng dẫn đổi mật khẩu", "Mật khẩu mới", "MẬT KHẨU MỚI", "Mật ong rừng U Minh", "MẬT ONG RỪNG", "Giới thiệu mật ong",
    "Hội chợ mật ong, sữa ong chúa", "Mật độ dân số năm 2026", "Đường mật mía", "Túi mật và gan", "Cơ mật viện", "Bố trí dày mật", "Danh mục bí mật nhà nước độ Tuyệt mật, Tối mật, Mật", "Độ mật: Thường",
    "Tập huấn quản lý tài liệu tối mật", "Thân mật gặp gỡ cựu chiến binh", "THÂN MẬT", "bímật", "mậtong", "Họp mặt, mất mát, mắt kính", "[Bảo mật] thông báo", "An toàn bảo mật - Sở TTTT", "Chè mật-ong",
  ])("is not found in %j", (text) => {
    expect(isMarked(text)).toBe(false)
    expect(isMarked(text.normalize("NFD"))).toBe(false)
  })

  test.each(["", "-", "[MẬT]", "MẬT:", "***"])("%j is no mark to look for", (source) => {
    expect(compileMark(source)).toBeUndefined()
  })

  test("in any text is found when it stands in brackets", () => {
    fc.assert(fc.property(fc.string({ maxLength: 60 }), fc.string({ maxLength: 60 }), (before, after) => isMarked(`${before} [MẬT] ${after}`)))
  })
})

describe("a pattern", () => {
  test.each<[string, string, boolean]>([
    ["báo cáo", "Re: BÁO CÁO quý", true], ["báo cáo", "báo cáoquý", false], ["báo cáo*", "báo cáoquý", true], ["số: */qđ-ubnd", "Số: 12/QĐ-UBND ngày 1/1", true], ["số: */qđ-ubnd", "Số: 12/QĐ-UBNDX", false],
    ["số: */qđ-*", "Số: 12/QĐ-UBND", true], ["giấy mời*họp", "Giấy mời dự họp", true], ["giấy mời*họp", "họp giấy mời", false], ["a*a", "a", false], ["a*b*c", "a c b c", true], ["mật*", "bímật", false], ["*mật", "bímật", true],
    ["hop", "họp", false],
  ])("%j in %j: %s", (pattern, text, expected) => {
    expect(compilePattern(pattern)?.matches(foldText(text))).toBe(expected)
    expect(compilePattern(pattern.normalize("NFD"))?.matches(foldText(text.normalize("NFD")))).toBe(expected)
  })

  test.each(["", "*", "***", " - "])("%j matches too much to be one", (source) => {
    expect(compilePattern(source)).toBeUndefined()
  })

  test("agrees with what it means, spelt as a regular expression", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", "b", " ", "-"), maxLength: 4 })
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.string({ unit: fc.constantFrom("a", "b", " ", "-"), maxLength: 30 }), (pieces, text) => {
        const source = foldText(pieces.join("*"))
        const compiled = compilePattern(source)
        fc.pre(compiled !== undefined)
        // \b would ask for a word character on one side; an edge is merely no cut through a word
        const edge = "(?!(?<=[ab])(?=[ab]))"
        const parts = source.split(/\*+/)
        const meaning = new RegExp(`${parts[0] === "" ? "" : edge}${parts.join(".*")}${parts.at(-1) === "" ? "" : edge}`)
        expect(compiled?.matches(foldText(text))).toBe(meaning.test(foldText(text)))
      }),
    )
  })

  test("no pattern and text together take longer than their sizes: what would make a backtracking matcher explode", () => {
    const pattern = compilePattern(`${"a*".repeat(90)}b`)
    const mark = compileMark("a a")
    for (let round = 0; round < 1000; round++) {
      expect(pattern?.matches("a ".repeat(500))).toBe(false)
      expect(mark?.matches(`x${" a".repeat(499)} x`)).toBe(false)
    }
  })
})

test("a subject of replies to replies is looked at once, however many there are and whatever follows", () => {
  for (const prefix of ["re : ", "re: ", "re:", "Trả lời : "]) for (let round = 0; round < 100; round++) expect(isMarked(`${prefix.repeat(600)}x mật y`)).toBe(false)
  expect(isMarked(`${"Re : ".repeat(600)}mật`)).toBe(true)
})

describe("compared text", () => {
  test("is bounded, and the same for every form of the same letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 3000 }), (text) => {
        expect(tidyText(text).length).toBeLessThanOrEqual(maxComparedCharacters)
        if (text.length < 200) expect(foldText(text.normalize("NFD"))).toBe(foldText(text.normalize("NFC")))
      }),
    )
  })
})

describe("civil time", () => {
  test.each([
    ["2026-11-25T16:59:00Z", "wed", 23 * 60 + 59], ["2026-11-25T17:00:00Z", "thu", 0], ["1969-12-31T16:59:00Z", "wed", 23 * 60 + 59], ["2027-01-02T01:30:00Z", "sat", 8 * 60 + 30],
  ])("%s is %s, minute %d in Vietnam", (at, weekday, minute) => {
    expect(weekdayOf(Date.parse(at))).toBe(weekday)
    expect(minuteOfDay(Date.parse(at))).toBe(minute)
  })

  test("days begin and end in Vietnam", () => {
    expect(startOfDay("2027-01-01")).toBe(Date.parse("2026-12-31T17:00:00Z"))
    expect(endOfDay("2027-01-01")).toBe(Date.parse("2027-01-01T17:00:00Z") - 1)
    expect(startOfDay("2027-02-30")).toBeUndefined()
  })

  test.each<[string, string, boolean]>([
    ["07:30-17:30", "07:30", true], ["07:30-17:30", "17:30", false], ["22:00-05:00", "23:00", true], ["22:00-05:00", "04:59", true], ["22:00-05:00", "05:00", false], ["00:00-24:00", "23:59", true],
  ])("%s holds %s: %s", (period, at, expected) => {
    const hours = parseHours(period)
    const [hour = 0, minute = 0] = at.split(":").map(Number)
    expect(hours && isWithin(hours, hour * 60 + minute)).toBe(expected)
  })

  test.each(["7:30-17:30", "07:30-07:30", "25:00-26:00", "07:60-08:00", "07:30", ""])("%j is no period", (text) => {
    expect(parseHours(text)).toBeUndefined()
  })
})
