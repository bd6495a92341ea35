import fc from "fast-check"
import { expect, test } from "vitest"
import { addressByRule, defaultAddressRule, officeAddressRule, parseAddressRule } from "../../../src/accounts/provision/address-rule.ts"
import { isValidMailbox } from "../../../src/mail/address.ts"

const nobody = (): boolean => false
const unit = { code: "UBND.VP", domain: "tinh.example" }

function made(template: string, name: string, options: { readonly code?: string; readonly taken?: readonly string[]; readonly forOffice?: boolean } = {}): string {
  const rule = parseAddressRule(template, { forOffice: options.forOffice ?? false })
  if (!rule.ok) return `rule: ${rule.failure}`
  const address = addressByRule(rule.value, { name, unit: { ...unit, code: options.code ?? unit.code }, isTaken: (one) => options.taken?.includes(one) ?? false })
  return address.ok ? address.value : address.failure
}

test.each([
  ["Nguyễn Văn Đạt", defaultAddressRule, "datnv.vp@tinh.example"],
  ["Đặng Thị Thu Hường", defaultAddressRule, "huongdtt.vp@tinh.example"],
  ["Ưng Hoàng Phúc", defaultAddressRule, "phucuh.vp@tinh.example"],
  ["ĐINH QUỐC ĐỘ", defaultAddressRule, "dodq.vp@tinh.example"],
  ["  Trần   Bình ", defaultAddressRule, "binht.vp@tinh.example"],
  ["Y Moan", "{hoten}.{coquan}@{domain}", "ymoan.ubnd@tinh.example"],
  ["Lê Anh", "{ho}.{ten}@{domain}", "le.anh@tinh.example"],
  // one word only: no lonely dots
  ["Hoa", "{ho}.{hodem}.{ten}.{donvi}@{domain}", "hoa.vp@tinh.example"],
  ["Nguyễn Thị An (B)", "{ten}.{hodem}@{domain}", "an.nt@tinh.example"],
])("%s by %s is %s", (name, template, address) => {
  expect(made(template, name)).toBe(address)
})

test("a taken address gets a number behind the person's name, or where the rule wants it", () => {
  const taken = ["datnv.vp@tinh.example", "datnv2.vp@tinh.example"]
  expect(made(defaultAddressRule, "Nguyễn Văn Đạt", { taken })).toBe("datnv3.vp@tinh.example")
  expect(made("{ten}{hodem}.{donvi}{so}@{domain}", "Nguyễn Văn Đạt", { taken })).toBe("datnv.vp2@tinh.example")
  expect(made(officeAddressRule, "Văn phòng", { forOffice: true, taken: ["vp@tinh.example"] })).toBe("vp2@tinh.example")
})

test.each([
  ["{ten}@khac.example", "noDomain"],
  ["{ten}@{domain}.khac.example", "noDomain"],
  ["{ten", "noDomain"],
  ["{ten}{sodt}@{domain}", "unknownPlaceholder"],
  ["{ten}}@{domain}", "unknownPlaceholder"],
  ["{ten} {ho}@{domain}", "badLetters"],
  ["{ten}@x@{domain}", "badLetters"],
  ["phong.{donvi}@{domain}", "nobody"],
  [`${"a".repeat(90)}{ten}@{domain}`, "long"],
])("the rule %s is refused: %s", (template, problem) => {
  expect(made(template, "Nguyễn Văn An")).toBe(`rule: ${problem}`)
})

test("names without a letter of ours, of offices of the network, and beyond RFC 5321's length are refused", () => {
  expect(made("{ten}@{domain}", "李")).toBe("noLetters")
  expect(made("{ten}@{domain}", "Ngô Thị ---")).toBe("thi@tinh.example")
  expect(made("{ten}@{domain}", "Quản Trị Admin")).toBe("reserved")
  expect(made("{hoten}@{domain}", "No Reply")).toBe("reserved")
  expect(made("{hoten}@{domain}", "Trang ".repeat(20))).toBe("tooLong")
})

const vietnamese = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Đặng", "Đỗ", "Võ", "Ưng", "Tạ", "Quách", "Văn", "Thị", "Đình", "Ngọc", "Hữu", "Xuân", "Bích", "Quỳnh", "Ánh", "Ảnh", "Ế", "Ỷ", "Ợi", "Đạt", "Đức", "Hường", "Phượng", "Nghĩa", "Thủy", "Uyên", "Y", "Ô"]
const aName = fc.array(fc.constantFrom(...vietnamese), { minLength: 1, maxLength: 6 }).map((words) => words.join(" "))
const aTemplate = fc.constantFrom(defaultAddressRule, "{hoten}.{donvi}@{domain}", "{ho}.{ten}@{domain}", "{ten}-{hodem}{so}@{domain}", "cb.{ten}.{ho}.{coquan}@{domain}")
const aCode = fc.constantFrom("UBND.VP", "SONV", "H03.06", "T01.ĐC", "X")

test("property: every Vietnamese name gives a valid plain address, the same however its letters are composed", () => {
  fc.assert(
    fc.property(aName, aTemplate, aCode, (name, template, code) => {
      const address = made(template, name, { code })
      expect(isValidMailbox(address)).toBe(true)
      expect(address).toMatch(/^[a-z0-9]+(?:[._-][a-z0-9]+)*@tinh\.example$/)
      expect(made(template, name.normalize("NFD"), { code })).toBe(address)
      expect(made(template, name.toUpperCase(), { code })).toBe(address)
    }),
  )
})

test("property: people who come one after another never share an address", () => {
  fc.assert(
    fc.property(fc.array(aName, { minLength: 2, maxLength: 40 }), aTemplate, (names, template) => {
      const taken = new Set<string>()
      const rule = parseAddressRule(template)
      for (const name of names) {
        const address = rule.ok ? addressByRule(rule.value, { name, unit, isTaken: (one) => taken.has(one) }) : undefined
        if (!address?.ok) throw new Error(`${name} has no address`)
        expect(taken.has(address.value)).toBe(false)
        taken.add(address.value)
      }
    }),
  )
})

test("property: whatever the name, the answer is an address or a reason", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (name) => {
      const rule = parseAddressRule(defaultAddressRule)
      const address = rule.ok ? addressByRule(rule.value, { name, unit, isTaken: nobody }) : undefined
      if (address?.ok) expect(isValidMailbox(address.value)).toBe(true)
      else expect(["noLetters", "reserved", "tooLong"]).toContain(address?.failure)
    }),
  )
})

test("namesakes of one plan are numbered without asking again for the numbers that are given", () => {
  const rule = parseAddressRule(defaultAddressRule)
  const taken = new Set<string>()
  const numbers = new Map<string, number>()
  let asked = 0
  const isTaken = (address: string): boolean => (asked++, taken.has(address))
  const made = Array.from({ length: 300 }, () => {
    const address = rule.ok ? addressByRule(rule.value, { name: "Nguyễn Văn Đạt", unit, isTaken, numbers }) : undefined
    if (address?.ok) taken.add(address.value)
    return address?.ok ? address.value : undefined
  })
  expect(made.slice(0, 3)).toEqual(["datnv.vp@tinh.example", "datnv2.vp@tinh.example", "datnv3.vp@tinh.example"])
  expect(new Set(made).size).toBe(300)
  expect(asked).toBeLessThanOrEqual(600)
  // another person's series is his own
  expect(rule.ok && addressByRule(rule.value, { name: "Nguyễn Văn An", unit, isTaken, numbers })).toEqual({ ok: true, value: "annv.vp@tinh.example" })
})
