import type { Session } from "./session.ts"

/** What we can do, each with the standard that says what it means. Shown by state: a stranger in clear is shown only how to become safe. */
const capabilities: readonly { readonly name: string; readonly when: "always" | "inClear" | "mayLogin" | "mayShowCertificate" | "signedIn" }[] = [
  { name: "IMAP4rev1", when: "always" }, // RFC 3501
  { name: "LITERAL+", when: "always" }, // RFC 7888
  { name: "ID", when: "always" }, // RFC 2971
  { name: "ENABLE", when: "always" }, // RFC 5161
  { name: "SASL-IR", when: "always" }, // RFC 4959
  { name: "STARTTLS", when: "inClear" }, // RFC 3501 §6.2.1
  { name: "LOGINDISABLED", when: "inClear" }, // RFC 3501 §6.2.3
  { name: "AUTH=PLAIN", when: "mayLogin" }, // RFC 4616
  { name: "AUTH=EXTERNAL", when: "mayShowCertificate" }, // RFC 4422 App. A
  { name: "NAMESPACE", when: "signedIn" }, // RFC 2342
  { name: "IDLE", when: "signedIn" }, // RFC 2177
  { name: "UIDPLUS", when: "signedIn" }, // RFC 4315
  { name: "MOVE", when: "signedIn" }, // RFC 6851
  { name: "UNSELECT", when: "signedIn" }, // RFC 3691
  { name: "CHILDREN", when: "signedIn" }, // RFC 3348
  { name: "SPECIAL-USE", when: "signedIn" }, // RFC 6154
  { name: "CREATE-SPECIAL-USE", when: "signedIn" }, // RFC 6154 §3
  { name: "LIST-EXTENDED", when: "signedIn" }, // RFC 5258
  { name: "LIST-STATUS", when: "signedIn" }, // RFC 5819
  { name: "STATUS=SIZE", when: "signedIn" }, // RFC 8438
  { name: "ESEARCH", when: "signedIn" }, // RFC 4731
  { name: "CONDSTORE", when: "signedIn" }, // RFC 7162
  { name: "MULTIAPPEND", when: "signedIn" }, // RFC 3502
  { name: "QUOTA", when: "signedIn" }, // RFC 9208
  { name: "QUOTA=RES-STORAGE", when: "signedIn" }, // RFC 9208 §5.1
]

type Shown = Pick<Session, "login" | "tls" | "offersExternal">

export function capabilityNames(session: Shown): string {
  const secure = session.tls !== null
  const mayLogin = secure && !session.login
  const shown = { always: true, inClear: !secure && !session.login, mayLogin, mayShowCertificate: mayLogin && session.offersExternal, signedIn: session.login !== null }
  return capabilities.filter(({ when }) => shown[when]).map(({ name }) => name).join(" ")
}

/** The response code of the greeting and of a sign-in: it spares the client a CAPABILITY command (RFC 3501 §7.1). */
export const capabilityCode = (session: Shown): string => `CAPABILITY ${capabilityNames(session)}`
