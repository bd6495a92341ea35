import { expect, test } from "vitest"
import { clientNetwork } from "../../src/accounts/login-throttle.ts"

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["::1", "0:0:0:0"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["2001:DB8:0:0:1:2:3:4", "2001:db8:0:0"],
  ["2001:db8:1:2::", "2001:db8:1:2"],
  ["fe80::1%eth0", "fe80:0:0:0"],
  ["", ""],
])("%s guesses from network %s", (address, network) => {
  expect(clientNetwork(address)).toBe(network)
})
