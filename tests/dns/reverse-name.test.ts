import { expect, test } from "vitest"
import { reverseName } from "../../src/dns/reverse-name.ts"

// RFC 1035 §3.5, RFC 3596 §2.5
test.each([
  ["10.2.0.52", "52.0.2.10.in-addr.arpa"],
  ["4321:0:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"],
  ["2001:DB8::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"],
  ["::1", `1.${"0.".repeat(31)}ip6.arpa`],
  ["2001:db8::", `${"0.".repeat(24)}8.b.d.0.1.0.0.2.ip6.arpa`],
  ["64:ff9b::192.0.2.7", "7.0.2.0.0.0.0.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.b.9.f.f.4.6.0.0.ip6.arpa"],
])("PTR of %s is at %s", (address, name) => {
  expect(reverseName(address)).toBe(name)
})
