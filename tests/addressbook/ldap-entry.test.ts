import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { withoutDiacritics } from "../../src/base/folded-name.ts"
import { entryDigest, type LdapAttributes, ldapEntry, managedAttributes } from "../../src/addressbook/ldap-entry.ts"
import { childName, firstPart } from "../../src/addressbook/ldap-name.ts"
import type { AddressBookEntry } from "../../src/store/address-book-source.ts"

const an: AddressBookEntry = {
  accountId: 1, address: "an@tinh.example", aliases: ["nguyen.an@tinh.example"], kind: "personal", displayName: "Nguyễn Văn An",
  units: ["Phòng Tổng hợp", "Sở Nội vụ", "Tỉnh Giang Khê"], title: "Chuyên viên", phone: "(+84) 24 3000.1000", certificates: [],
}

test("a person has family name, own name, unit, province and title", () => {
  expect(ldapEntry(an, { showPhones: true })).toEqual({
    uid: "an@tinh.example",
    attributes: {
      objectClass: ["top", "person", "organizationalPerson", "inetOrgPerson", "pkiUser"], uid: ["an@tinh.example"], cn: ["Nguyễn Văn An", "Nguyen Van An"], sn: ["Nguyễn"], givenName: ["An"],
      displayName: ["Nguyễn Văn An"], mail: ["an@tinh.example", "nguyen.an@tinh.example"], title: ["Chuyên viên"], telephoneNumber: ["(+84) 24 3000.1000"], ou: ["Phòng Tổng hợp", "Sở Nội vụ"], o: ["Tỉnh Giang Khê"],
    },
  })
})

test.each<[string, Partial<AddressBookEntry>, Partial<LdapAttributes>, readonly string[]]>([
  ["an office has no own name", { kind: "organizational", displayName: "Văn phòng" }, { sn: ["Văn phòng"], cn: ["Văn phòng", "Van phong"] }, ["givenName"]],
  ["a name of one word is the family name", { displayName: "An" }, { sn: ["An"], cn: ["An"] }, ["givenName"]],
  ["without a name the address stands for it", { displayName: " \t" }, { cn: ["an@tinh.example"], sn: ["an@tinh.example"] }, ["givenName"]],
  ["what is empty is absent", { title: "  ", units: [] }, {}, ["title", "ou", "o"]],
  ["a unit at the top is both", { units: ["Tỉnh"] }, { ou: ["Tỉnh"], o: ["Tỉnh"] }, []],
  ["what a telephone cannot dial is left out", { phone: "máy lẻ 12" }, {}, ["telephoneNumber"]],
  ["an address in UTF-8 is no IA5 String", { address: "hộp.thư@tinh.example" }, { uid: ["hộp.thư@tinh.example"], mail: ["nguyen.an@tinh.example"] }, []],
  ["values that LDAP takes for the same are there once", { aliases: ["AN@tinh.example"], displayName: "An AN an" }, { mail: ["AN@tinh.example"], cn: ["An AN an"] }, []],
  ["what is no certificate is not handed out", { certificates: [Buffer.from("x")] }, {}, ["userCertificate;binary", "userSMIMECertificate"]],
])("%s", (_name, change, expected, absent) => {
  const { attributes } = ldapEntry({ ...an, ...change }, { showPhones: true })
  expect(attributes).toMatchObject(expected)
  for (const name of absent) expect(attributes).not.toHaveProperty([name])
})

test("telephone numbers are shown only where that is wanted", () => {
  expect(ldapEntry(an, { showPhones: false }).attributes).not.toHaveProperty("telephoneNumber")
})

test.each([
  ["Nguyễn Thị Đào", "Nguyen Thi Dao"], ["ĐỖ VĂN ƯỚC", "DO VAN UOC"], ["Nguyễn".normalize("NFD"), "Nguyen"], ["Ủy ban nhân dân xã Ea H'đing", "Uy ban nhan dan xa Ea H'ding"], ["An", "An"], ["", ""],
])("%s is also written %s", (name, plain) => expect(withoutDiacritics(name)).toBe(plain))

describe("digest", () => {
  const values = fc.array(fc.oneof(fc.string(), fc.uint8Array({ maxLength: 20 })), { maxLength: 4 })
  const attributes = fc.record(Object.fromEntries(managedAttributes.map((name) => [name, values])), { requiredKeys: [] }) as fc.Arbitrary<LdapAttributes>

  test("does not depend on the order of values, and an empty attribute is an absent one", () => {
    fc.assert(fc.property(attributes, (some) => {
      const turned = Object.fromEntries([...managedAttributes].map((name) => [name, [...(some[name] ?? [])].toReversed()]))
      expect(entryDigest(turned)).toBe(entryDigest(some))
    }))
  })

  test("differs when a value is added, or moves to another attribute", () => {
    fc.assert(fc.property(attributes, fc.string({ minLength: 1 }), (some, more) => {
      const [cn, ou] = [{ ...some, cn: [...(some.cn ?? []), more] }, { ...some, ou: [...(some.ou ?? []), more] }]
      expect(new Set([entryDigest(some), entryDigest(cn), entryDigest(ou)]).size).toBe(3)
    }))
  })
})

test("an entry of anything keeps to the schema: no empty value, none twice, required attributes there", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 })
  fc.assert(fc.property(fc.record({ address: text.filter((address) => /[\p{L}\p{N}]/u.test(address)), displayName: text, title: text, phone: text, units: fc.array(text, { maxLength: 4 }), aliases: fc.array(text, { maxLength: 3 }) }), (some) => {
    const { attributes } = ldapEntry({ ...an, ...some }, { showPhones: true })
    for (const required of ["objectClass", "uid", "cn", "sn"] as const) expect(attributes[required]?.length).toBeGreaterThan(0)
    for (const given of Object.values(attributes)) {
      expect(given.every((value) => value.length > 0)).toBe(true)
      expect(new Set(given.map((value) => String(value).normalize("NFKC").toLowerCase())).size).toBe(given.length)
    }
  }))
})

describe("names", () => {
  test.each([
    ["an@tinh.example", "uid=an@tinh.example,dc=x"], ["a+b, c=d", "uid=a\\2bb\\2c\\20c\\3dd,dc=x"], ['"<>;\\#', "uid=\\22\\3c\\3e\\3b\\5c\\23,dc=x"], ["hộp", "uid=hộp,dc=x"], ["\u2003\u0000", "uid=\\e2\\80\\83\\00,dc=x"],
  ])("%j is escaped (RFC 4514 §2.4)", (value, name) => expect(childName("uid", value, "dc=x")).toBe(name))

  test.each([["dc=tinh,dc=example", { type: "dc", value: "tinh" }], [" O = Tỉnh Giang Khê , c=VN", { type: "o", value: "Tỉnh Giang Khê" }], ["ou=a", { type: "ou", value: "a" }], ["tinh", undefined], ["dc=", undefined], ["cn=a+b=c", undefined]])(
    "%j begins with %j", (name, part) => expect(firstPart(name)).toEqual(part))
})
