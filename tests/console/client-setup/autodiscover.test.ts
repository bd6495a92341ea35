import { expect, test } from "vitest"
import { autodiscoverFaultXml, autodiscoverXml } from "../../../src/console/client-setup/autodiscover.ts"
import { autodiscoverJson } from "../../../src/console/client-setup/autodiscover-json.ts"
import { clientSettings, xmllintMissing, xpath } from "../../support/client-setup.ts"

const noXmllint = xmllintMissing()
/** Namespaces apart: they have a test of their own. */
const at = (path: string): string => path.split("/").map((name) => (name === "" ? "" : `*[local-name()="${name}"]`)).join("/")

test.skipIf(noXmllint)("Outlook is given IMAP and SMTP with TLS from the first byte, and the address as user name", () => {
  const xml = autodiscoverXml(clientSettings, "o'an&binh@tinh.example")
  const protocols = [1, 2].map((place) =>
    ["Type", "Server", "Port", "LoginName", "SSL", "Encryption", "SPA", "AuthRequired"].map((name) => xpath(xml, `string(${at("/Autodiscover/Response/Account/Protocol")}[${place}]/*[local-name()="${name}"])`)),
  )
  expect(protocols).toEqual([
    ["IMAP", "mail.tinh.example", "993", "o'an&binh@tinh.example", "on", "SSL", "off", "on"],
    ["SMTP", "mail.tinh.example", "465", "o'an&binh@tinh.example", "on", "SSL", "off", "on"],
  ])
})

test.skipIf(noXmllint)("the namespaces are those of MS-OXDSCLI", () => {
  const xml = autodiscoverXml(clientSettings, "an@tinh.example")
  expect(xpath(xml, `namespace-uri(${at("/Autodiscover")})`)).toBe("http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006")
  expect(xpath(xml, `namespace-uri(${at("/Autodiscover/Response")})`)).toBe("http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a")
})

test.skipIf(noXmllint).each([["invalidRequest", "600"], ["unknownSchema", "601"]] as const)("%s is error %s", (fault, code) => {
  const xml = autodiscoverFaultXml(fault, Date.parse("2026-11-26T15:04:05.678Z"))
  expect(xpath(xml, `string(${at("/Autodiscover/Response/Error/ErrorCode")})`)).toBe(code)
  expect(xpath(xml, `string(${at("/Autodiscover/Response/Error")}/@Time)`)).toBe("15:04:05.678")
})

test.each([
  ["AutodiscoverV1", { status: 200, body: { Protocol: "AutodiscoverV1", Url: "https://mail.tinh.example/autodiscover/autodiscover.xml" } }],
  ["autodiscoverv1", { status: 200, body: { Protocol: "AutodiscoverV1", Url: "https://mail.tinh.example/autodiscover/autodiscover.xml" } }],
  ["ActiveSync", { status: 400, body: { ErrorCode: "InvalidProtocol", ErrorMessage: "The protocol asked for is not supported. Supported values are 'AutodiscoverV1'" } }],
  [undefined, { status: 400, body: { ErrorCode: "MandatoryParameterMissing", ErrorMessage: "A valid value must be provided for the query parameter 'Protocol'" } }],
])("Autodiscover v2, protocol %s", (asked, answer) => expect(autodiscoverJson(clientSettings, asked)).toEqual(answer))
