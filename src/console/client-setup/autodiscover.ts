import type { ClientSettings } from "./client-settings.ts"
import { element, type Xml, xmlDeclaration } from "./write-xml.ts"

/** What Autodiscover answers in "plain old XML", as Outlook and others ask it (MS-OXDSCLI §2.2.4). Pure. */
export const outlookResponseSchema = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

const envelopeSchema = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"

/** Which servers, for this address; Outlook has no way to choose between several of a kind, so it gets the ones with TLS from the first byte. */
export function autodiscoverXml({ host, imaps, submissions }: ClientSettings, address: string): string {
  const account = element("Account", [
    element("AccountType", "email"),
    element("Action", "settings"),
    protocol("IMAP", [element("Server", host), element("Port", String(imaps)), ...signIn(address)]),
    protocol("SMTP", [element("Server", host), element("Port", String(submissions)), ...signIn(address), element("UsePOPAuth", "on"), element("SMTPLast", "off")]),
  ])
  return envelope(element("Response", [element("User", [element("DisplayName", address)]), account], { xmlns: outlookResponseSchema }))
}

/** Hours for which a client may keep the answer. */
const lifetimeHours = 24

const protocol = (type: "IMAP" | "SMTP", rest: readonly Xml[]): Xml => element("Protocol", [element("Type", type), element("TTL", String(lifetimeHours)), ...rest])

/** `SPA` would be NTLM. Clients know either `SSL` or, later ones, `Encryption`. */
const signIn = (address: string): readonly Xml[] => [
  element("DomainRequired", "off"),
  element("LoginName", address),
  element("SPA", "off"),
  element("SSL", "on"),
  element("Encryption", "SSL"),
  element("AuthRequired", "on"),
]

/** MS-OXDSCLI §2.2.4.1.1.1.1 */
const faults = { invalidRequest: { code: 600, message: "Invalid Request" }, unknownSchema: { code: 601, message: "Requested schema version not supported" } } as const

export type AutodiscoverFault = keyof typeof faults

/** An answer of its own with status 200: clients read it and go on to their next way of finding out. `now` in ms. */
export function autodiscoverFaultXml(fault: AutodiscoverFault, now: number): string {
  const { code, message } = faults[fault]
  const time = new Date(now).toISOString().slice(11, 23)
  return envelope(element("Response", [element("Error", [element("ErrorCode", String(code)), element("Message", message), element("DebugData", [])], { Time: time, Id: "0" })]))
}

const envelope = (response: Xml): string => `${xmlDeclaration}${element("Autodiscover", [response], { xmlns: envelopeSchema }).xml}\n`
