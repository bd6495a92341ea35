import { expect, test } from "vitest"
import { askedDomain } from "../../../src/console/client-setup/asked-domain.ts"
import { clientSetup } from "../../support/client-setup.ts"

test.each([
  ["an@tinh.example", "autoconfig.tinh.example", "tinh.example"],
  ["khong-co@tinh.example", "", "tinh.example"],
  ["an@sở.tinh.example", "autoconfig.tinh.example", "sở.tinh.example"],
  // the address is asked about, wherever the question arrives: by the MX's domain, or by address
  ["an@tinh.example", "192.0.2.7:8443", "tinh.example"],
  ["an@khac.example", "autoconfig.tinh.example", undefined],
  ["tinh.example", "autoconfig.tinh.example", undefined],
  ["", "autoconfig.tinh.example", undefined],
  [`${"a".repeat(400)}@tinh.example`, "", undefined],
  [undefined, "autoconfig.tinh.example", "tinh.example"],
  [undefined, "Autoconfig.Tinh.Example.:443", "tinh.example"],
  [undefined, "tinh.example:8443", "tinh.example"],
  [undefined, "autoconfig.xn--s-lym.tinh.example", "xn--s-lym.tinh.example"],
  [undefined, "mail.tinh.example", undefined],
  [undefined, "autoconfig.khac.example", undefined],
  [undefined, "tinh.example@khac.example", undefined],
  [undefined, "[::1]:8443", undefined],
  [undefined, "", undefined],
])("address %s at host %s is about %s", (address, host, domain) => expect(askedDomain({ address, host }, clientSetup.isLocalDomain)).toBe(domain))
