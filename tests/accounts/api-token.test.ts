import { expect, test } from "vitest"
import { apiTokenHash, bearerHash, newApiToken } from "../../src/accounts/api-token.ts"

test("a key has 256 random bits and is found by its hash in the header", () => {
  const [one, two] = [newApiToken(), newApiToken()]
  expect(one).toMatch(/^congthu_[\w-]{43}$/)
  expect(one).not.toBe(two)
  expect(bearerHash(`Bearer ${one}`)).toEqual(apiTokenHash(one))
  expect(bearerHash(`bearer  ${one}`)).toEqual(apiTokenHash(one))
})

test.each([undefined, "", "Bearer", "Bearer abc", `Basic ${newApiToken()}`, newApiToken(), `Bearer ${newApiToken()}x`, `Bearer ${newApiToken()} `, `Bearer ${"x".repeat(10_000)}`])("%j carries none", (header) => {
  expect(bearerHash(header)).toBeUndefined()
})
