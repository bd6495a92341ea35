import { expect, test } from "vitest"
import { isReportAddress, reportAddress } from "../../src/accounts/report-address.ts"

const known = new Set(["postmaster@tinh.example", "postmaster@so.tinh.example"])
const directory = {
  resolve: (address: string) => (known.has(address) ? ({ kind: "group", group: { address, displayName: "", allowedSenders: null, members: [] } } as const) : ({ kind: "unknown" } as const)),
  isLocalDomain: (domain: string) => /^(?:so\.|xa\.)?tinh\.example$/i.test(domain),
}

test.each([
  ["", "tinh.example", "postmaster@tinh.example"],
  ["", "so.tinh.example", "postmaster@so.tinh.example"],
  ["", "xa.tinh.example", "postmaster@tinh.example"],
  ["", "khac.example", "postmaster@khac.example"],
  ["bao-cao@tinh.example", "so.tinh.example", "bao-cao@tinh.example"],
])("configured %j, reports about %s are asked for at %s, and read there", (configured, domain, expected) => {
  const address = reportAddress(configured, directory, domain)
  expect(address).toBe(expected)
  if (domain !== "khac.example") expect(isReportAddress(configured, directory, address)).toBe(true)
})

test.each([
  ["", "POSTMASTER@Tinh.example", true],
  ["", "postmaster@khac.example", false],
  ["", "an@tinh.example", false],
  ["", "postmaster", false],
  ["Bao-Cao@tinh.example", "bao-cao@TINH.example", true],
  ["bao-cao@tinh.example", "postmaster@tinh.example", false],
])("configured %j, %s is read: %s", (configured, address, expected) => expect(isReportAddress(configured, directory, address)).toBe(expected))
