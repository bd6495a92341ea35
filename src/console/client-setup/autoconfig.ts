import { domainToUnicode } from "node:url"
import { asciiDomain } from "../../mail/address.ts"
import { setupText } from "../text/vi.ts"
import { type ClientSettings, helpUrl } from "./client-settings.ts"
import { element, type Xml, xmlDeclaration } from "./write-xml.ts"

/**
 * Autoconfig, the format of Thunderbird and of those who learnt it (config file format 1.1, draft-ietf-mailmaint-autoconfig). A client takes the
 * first server of each kind that it can do: TLS from the first byte before STARTTLS (RFC 8314 §3). It knows no LDAP address books.
 */
export function autoconfigXml(settings: ClientSettings, domain: string): string {
  const ascii = asciiDomain(domain) ?? domain
  const provider = element(
    "emailProvider",
    [
      element("domain", ascii),
      element("displayName", `${settings.serviceName} (${domainToUnicode(ascii)})`),
      element("displayShortName", settings.serviceName),
      server("incomingServer", "imap", settings.host, settings.imaps, "SSL"),
      server("incomingServer", "imap", settings.host, settings.imap, "STARTTLS"),
      server("outgoingServer", "smtp", settings.host, settings.submissions, "SSL"),
      server("outgoingServer", "smtp", settings.host, settings.submission, "STARTTLS"),
      element("documentation", [element("descr", setupText.helpPage, { lang: "vi" }), element("descr", setupText.helpPageEnglish, { lang: "en" })], { url: helpUrl(settings) }),
    ],
    { id: ascii },
  )
  return `${xmlDeclaration}${element("clientConfig", [provider], { version: "1.1" }).xml}\n`
}

/** `password-cleartext` is a password as it is, inside TLS: there is no other way to sign in. */
const server = (name: string, type: string, host: string, port: number, socketType: "SSL" | "STARTTLS"): Xml =>
  element(
    name,
    [element("hostname", host), element("port", String(port)), element("socketType", socketType), element("authentication", "password-cleartext"), element("username", "%EMAILADDRESS%")],
    { type },
  )
