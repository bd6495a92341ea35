import { createSecretKey } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { isValidMailbox } from "../../src/mail/address.ts"
import { createSrs } from "../../src/mail/srs.ts"

const day = 86_400_000
const now = 20_000 * day + 5
const srs = createSrs({ key: createSecretKey(Buffer.alloc(32, 1)), domain: "mail.tinh.example" })
const others = createSrs({ key: createSecretKey(Buffer.alloc(32, 2)), domain: "chuyen.example" })
const path = srs.rewrite("An.Binh@ngoai.example", now)

test("a reverse-path is rewritten and found again", () => {
  expect(path).toMatch(/^SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=ngoai\.example=An\.Binh@mail\.tinh\.example$/)
  expect(srs.reverse(path, now)).toEqual({ kind: "original", address: "An.Binh@ngoai.example" })
})

test.each([
  { what: "nothing for the null reverse-path", from: "", to: "" },
  { what: "nothing for our own", from: "an@mail.tinh.example", to: "an@mail.tinh.example" },
  { what: "nothing for a quoted local part", from: '"a b"@ngoai.example', to: '"a b"@ngoai.example' },
  { what: "nothing for what would be too long for any server", from: `a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(50)}.example`, to: `a@${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(50)}.example` },
])("rewriting does $what", ({ from, to }) => {
  expect(srs.rewrite(from, now)).toBe(to)
})

test("what another server has passed on goes back through that server, however many came between", () => {
  const once = others.rewrite("an@ngoai.example", now)
  const twice = srs.rewrite(once, now)
  expect(twice).toMatch(/^SRS1=[A-Z2-7]{6}=chuyen\.example==[A-Z2-7]{6}=[A-Z2-7]{2}=ngoai\.example=an@mail\.tinh\.example$/)
  expect(srs.reverse(twice, now)).toEqual({ kind: "original", address: once })
  const third = createSrs({ key: createSecretKey(Buffer.alloc(32, 3)), domain: "ba.example" })
  const thrice = third.rewrite(twice, now)
  expect(third.reverse(thrice, now)).toEqual({ kind: "original", address: once })
  expect(others.reverse(once, now)).toEqual({ kind: "original", address: "an@ngoai.example" })
})

test.each([
  { what: "another's local part", address: path.replace("An.Binh", "Ke.Gian"), reading: { kind: "invalid", why: "hash" } },
  { what: "another's domain", address: path.replace("ngoai.example", "khac.example"), reading: { kind: "invalid", why: "hash" } },
  { what: "another hash", address: path.replace(/^SRS0=./, (start) => start.slice(0, -1) + (start.endsWith("A") ? "B" : "A")), reading: { kind: "invalid", why: "hash" } },
  { what: "a shortened hash", address: path.replace(/^(SRS0=...)...=/, "$1="), reading: { kind: "invalid", why: "hash" } },
  { what: "another stamp", address: path.replace(/^(SRS0=[^=]+)=../, "$1=AA"), reading: { kind: "invalid", why: "hash" } },
  { what: "another server's key", address: others.rewrite("an@ngoai.example", now).replace("chuyen.example", "mail.tinh.example"), reading: { kind: "invalid", why: "hash" } },
  { what: "no parts", address: "SRS0=x@mail.tinh.example", reading: { kind: "invalid", why: "form" } },
  { what: "no parts of the second kind", address: "SRS1=x=y@mail.tinh.example", reading: { kind: "invalid", why: "form" } },
  { what: "a hash without its letters", address: "SRS1=ÀÀÀÀÀÀ=y.example==z@mail.tinh.example", reading: { kind: "invalid", why: "hash" } },
  { what: "another domain", address: path.replace("mail.tinh", "tinh"), reading: { kind: "other" } },
  { what: "an ordinary address", address: "srs0@mail.tinh.example", reading: { kind: "other" } },
])("not taken: $what", ({ address, reading }) => {
  expect(srs.reverse(address, now)).toEqual(reading)
})

test.each([
  { days: 0, kind: "original" },
  { days: 21, kind: "original" },
  { days: 22, kind: "invalid" },
  { days: 500, kind: "invalid" },
  { days: 1023, kind: "original" },
])("$days days later: $kind", ({ days, kind }) => {
  // 1023 days later is, to a stamp that counts to 1024, a day before: the clock that made it was fast
  expect(srs.reverse(path, now + days * day).kind).toBe(kind)
})

test("case is lost on the way, and does not matter", () => {
  expect(srs.reverse(path.toLowerCase(), now)).toEqual({ kind: "original", address: "an.binh@ngoai.example" })
  expect(srs.reverse(path.toUpperCase(), now)).toEqual({ kind: "original", address: "AN.BINH@NGOAI.EXAMPLE" })
})

test("a rewritten address is taken although its local part is longer than others may be", () => {
  const long = srs.rewrite(`${"x".repeat(60)}@mot-co-quan-o-xa.example`, now)
  expect(isValidMailbox(long)).toBe(true)
  expect(isValidMailbox(long.replace("SRS0", "SRS9"))).toBe(false)
})

test("any reverse-path comes back as it was, and no text is misread as another's", () => {
  const localPart = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,40}$/)
  fc.assert(
    fc.property(localPart, (local) => {
      const from = `${local}@ngoai.example`
      const rewritten = srs.rewrite(from, now)
      const back = srs.reverse(rewritten, now)
      expect(back.kind).toBe("original")
      if (!/^srs[01][=+-]/i.test(local)) expect(back).toEqual({ kind: "original", address: from })
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => void expect(["other", "invalid"]).toContain(srs.reverse(`SRS0=${text}@mail.tinh.example`, now).kind)))
})
