import { readFile } from "node:fs/promises"
import { parse } from "csv-parse/sync"
import { expect, test } from "vitest"
import { generateSeedFiles } from "../../mailboxes-seed/generate.ts"

const folder = new URL("../../mailboxes-seed/", import.meta.url)
const files = generateSeedFiles()
const rows = (name: string): Record<string, string>[] => parse<Record<string, string>>(files.get(name) ?? "", { columns: true })
const count = (name: string, column: string): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const row of rows(name)) counts[row[column] ?? ""] = (counts[row[column] ?? ""] ?? 0) + 1
  return counts
}

test.each([...files.keys()])("%s is what the script makes, byte for byte", async (name) => {
  expect((await readFile(new URL(name, folder), "utf8")) === files.get(name)).toBe(true)
})

test("the province has the numbers of its contract", () => {
  expect(rows("accounts.csv")).toHaveLength(3000)
  expect(rows("principals.csv")).toHaveLength(4228)
  expect(count("organization-units.csv", "kind")).toMatchObject({ department: 15, commune: 106, company: 2 })
  const { district = 0, town = 0 } = count("organization-units.csv", "kind")
  expect(district + town).toBe(8)
})

test("every address is ASCII on the reserved domain, and given once", () => {
  const addresses = [...rows("accounts.csv"), ...rows("aliases.csv"), ...rows("groups.csv")].map(({ address }) => address ?? "")
  expect(new Set(addresses).size).toBe(addresses.length)
  for (const address of addresses) expect(address).toMatch(/^[a-z0-9.]+@([a-z0-9]+\.)?tinh\.example$/)
})

test("everybody has an account to work with", () => {
  const holders = new Set(rows("assignments.csv").map(({ principal_id }) => principal_id))
  expect(rows("principals.csv").filter(({ principal_id }) => !holders.has(principal_id))).toEqual([])
})

test("phone numbers are of a range that nobody has", () => {
  for (const { phone, kind } of rows("principals.csv")) expect(phone).toMatch(kind === "individual" ? /^0000 \d{3} \d{3}$/ : /^$/)
})

test("certificates have the numbers of their contract, and holders that may sign for what they are bound to", () => {
  const certificates = rows("certificates/signing-certificates.csv")
  expect(count("certificates/signing-certificates.csv", "use")).toEqual({ personal: 1266, organizational: 490, mobile: 120 })
  const kinds = new Map(rows("principals.csv").map(({ principal_id, kind }) => [principal_id, kind]))
  const maySign = new Set(rows("assignments.csv").filter(({ rights }) => /\b(owner|sign)\b/.test(rights ?? "")).map(({ principal_id, address }) => `${principal_id} ${address}`))
  for (const { principal_id, use, addresses } of certificates) {
    expect(kinds.get(principal_id)).toBe(use === "organizational" ? "organization" : "individual")
    for (const address of (addresses ?? "").split(" ").filter(Boolean)) expect(maySign).toContain(`${principal_id} ${address}`)
  }
  expect(certificates.filter(({ addresses }) => addresses?.includes(" ")).length).toBeGreaterThan(100)
})

test("about a thousand people may sign for an office", () => {
  const signing = rows("assignments.csv").filter(({ rights }) => rights?.split(" ").includes("sign"))
  expect(signing.length).toBeGreaterThan(900)
  expect(signing.length).toBeLessThan(1100)
})
