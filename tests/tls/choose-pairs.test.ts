import { expect, test } from "vitest"
import type { CertificatePair } from "../../src/tls/certificate-pair.ts"
import { defaultPairs, pairForName } from "../../src/tls/choose-pairs.ts"

const pair = (fingerprint: string, kind: string, ...names: readonly string[]): CertificatePair => ({ cert: "", key: "", names, kind, notAfter: 0, fingerprint })

const pairs = [
  pair("mail-ec", "ec", "mail.tinh.example", "smtp.tinh.example"),
  pair("wild", "ec", "*.so.tinh.example"),
  pair("mail-rsa", "rsa", "smtp.tinh.example", "mail.tinh.example"),
  pair("half", "ed25519", "mail.tinh.example"),
  pair("exact", "ec", "thu.so.tinh.example"),
  pair("later", "ec", "mail.tinh.example"),
  pair("accents", "ec", "xn--th-e0a.example"),
]

test("everybody is served with the first pair, and with those of other keys for the same names", () => {
  expect(defaultPairs(pairs).map(({ fingerprint }) => fingerprint)).toEqual(["mail-ec", "mail-rsa"])
  expect(defaultPairs([pair("bare", "ec"), pair("other", "rsa", "a.example")]).map(({ fingerprint }) => fingerprint)).toEqual(["bare"])
  expect(defaultPairs([])).toEqual([])
})

test.each([
  ["mail.tinh.example", undefined],
  ["MAIL.tinh.example", undefined],
  ["smtp.tinh.example", undefined],
  ["khac.so.tinh.example", "wild"],
  ["KHAC.so.tinh.example", "wild"],
  ["thu.so.tinh.example", "exact"],
  // RFC 9525 §6.3: one label, and a whole one
  ["a.b.so.tinh.example", undefined],
  ["so.tinh.example", undefined],
  // smtp-server hands over U-labels
  ["thư.example", "accents"],
  ["nobody.example", undefined],
  ["", undefined],
  ["a..b", undefined],
])("%s is served with %s", (name, expected) => {
  expect(pairForName(pairs, name)?.fingerprint).toBe(expected)
})
