import { expect, test } from "vitest"
import { createNetworks } from "../../src/base/networks.ts"

test.each([
  ["192.0.2.7", true], ["192.0.3.1", false], ["::ffff:192.0.2.7", true], ["2001:db8::1", true], ["2001:db9::1", false], ["198.51.100.9", true], ["198.51.100.8", false], ["::1", false], ["", false], ["no address", false],
])("%s is in one of the networks: %s", (address, is) => {
  expect(createNetworks(["192.0.2.0/24", "2001:db8::/32", "198.51.100.9"])(address)).toBe(is)
})

test("none is in no network", () => {
  expect(createNetworks([])("127.0.0.1")).toBe(false)
})
