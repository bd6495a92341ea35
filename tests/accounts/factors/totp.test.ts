import { expect, test } from "vitest"
import { newTotpSecret, stepMs, totpStep, totpUri, typedSecret } from "../../../src/accounts/factors/totp.ts"

/** RFC 6238 Appendix B, the last six of its eight digits. */
const secret = Buffer.from("12345678901234567890")

test.each([
  [59, "287082"],
  [1111111109, "081804"],
  [1111111111, "050471"],
  [1234567890, "005924"],
  [2000000000, "279037"],
  [20000000000, "353130"],
])("at %i s the code of RFC 6238 is %s", (seconds, code) => {
  expect(totpStep({ secret, code, now: seconds * 1000 })).toBe(Math.floor(seconds / 30))
})

test("a code counts one step before and after its own, and no further", () => {
  const step = Math.floor(1111111109 / 30)
  const at = (steps: number) => totpStep({ secret, code: "081804", now: (step + steps) * stepMs })
  expect([-2, -1, 0, 1, 2].map(at)).toEqual([undefined, step, step, step, undefined])
})

test.each(["", "08180", "0818040", "08180a", " 081804", "०८१८०४", "081804\n"])("%j is no code", (code) => {
  expect(totpStep({ secret, code, now: 1111111109_000 })).toBeUndefined()
})

test("the app is told secret, name and service; by hand the same secret is typed", () => {
  expect(totpUri({ secret, issuer: "Thư công vụ", label: "an@so.example" })).toBe("otpauth://totp/Th%C6%B0%20c%C3%B4ng%20v%E1%BB%A5:an%40so.example?issuer=Th%C6%B0%20c%C3%B4ng%20v%E1%BB%A5&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30")
  expect(typedSecret(secret)).toBe("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ")
  expect(newTotpSecret()).toHaveLength(20)
  expect(newTotpSecret().equals(newTotpSecret())).toBe(false)
})
