import { expect, test } from "vitest"
import { autoconfigXml } from "../../../src/console/client-setup/autoconfig.ts"
import { clientSettings, xmllintMissing, xpath } from "../../support/client-setup.ts"

const noXmllint = xmllintMissing()

test.skipIf(noXmllint)("servers stand in the order in which a client should take them, all with TLS and the address as user name", () => {
  const xml = autoconfigXml(clientSettings, "tinh.example")
  const servers = ["incomingServer", "outgoingServer"].flatMap((kind) =>
    [1, 2].map((place) => ["@type", "hostname", "port", "socketType", "authentication", "username"].map((field) => xpath(xml, `string(/clientConfig[@version="1.1"]/emailProvider/${kind}[${place}]/${field})`))),
  )
  const rest = ["password-cleartext", "%EMAILADDRESS%"]
  expect(servers).toEqual([
    ["imap", "mail.tinh.example", "993", "SSL", ...rest],
    ["imap", "mail.tinh.example", "143", "STARTTLS", ...rest],
    ["smtp", "mail.tinh.example", "465", "SSL", ...rest],
    ["smtp", "mail.tinh.example", "587", "STARTTLS", ...rest],
  ])
})

test.skipIf(noXmllint).each([
  ["tinh.example", "tinh.example", "Thư công vụ (tinh.example)"],
  ["sở.tinh.example", "xn--s-lym.tinh.example", "Thư công vụ (sở.tinh.example)"],
])("%s is named in A-labels to clients and in letters to people", (domain, ascii, shown) => {
  const xml = autoconfigXml(clientSettings, domain)
  expect([xpath(xml, "string(//emailProvider/@id)"), xpath(xml, "string(//domain)"), xpath(xml, "string(//displayName)")]).toEqual([ascii, ascii, shown])
})

test.skipIf(noXmllint).each([
  [{}, "https://mail.tinh.example/help"],
  [{ https: 8443 }, "https://mail.tinh.example:8443/help"],
  [{ host: "2001:db8::25" }, "https://[2001:db8::25]/help"],
  [{ helpUrl: 'https://cong.tinh.example/?a=1&b="2"' }, 'https://cong.tinh.example/?a=1&b="2"'],
])("the help page of %j is %s", (changed, url) => {
  expect(xpath(autoconfigXml({ ...clientSettings, ...changed }, "tinh.example"), "string(//documentation/@url)")).toBe(url)
})
