import type { Command, Reply } from "../command.ts"
import type { Session } from "../session.ts"
import { privacyRequired, signIn, signInByCertificate } from "../sign-in.ts"

/** RFC 3501 §6.2.2 with the initial response of RFC 4959. `initial` is base64, "=" for an empty one. */
export const authenticate: Command<{ readonly mechanism: string; readonly initial: string | null }> = {
  name: "AUTHENTICATE",
  forms: ["plain"],
  states: ["notAuthenticated"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const mechanism = reader.keyword()
    const initial = reader.skip(" ") ? reader.atom() : null
    reader.end()
    return { mechanism, initial }
  },
  async run(session, { mechanism, initial }, out) {
    if (session.tls === null) return privacyRequired
    const use = mechanisms.get(mechanism)
    if (!use) return { kind: "no", code: "CANNOT", text: "Only AUTHENTICATE PLAIN is offered" }
    if (initial !== null) return use(session, initial === "=" ? "" : initial)
    out.line("+ ")
    const line = await session.link.nextLine()
    if (line === null) return { kind: "no", text: "Not signed in" }
    const answer = line.toString("latin1")
    // RFC 3501 §6.2.2: how a client calls it off
    if (answer === "*") return { kind: "bad", text: "Authentication cancelled" }
    return use(session, answer)
  },
}

/** What to do with the client's response. */
const mechanisms: ReadonlyMap<string, (session: Session, base64: string) => Promise<Reply>> = new Map([["PLAIN", plain], ["EXTERNAL", external]])

const notBase64: Reply = { kind: "bad", text: "The response is not base64" }

/** RFC 4616 §2: `[authzid] NUL authcid NUL passwd` in UTF-8. */
async function plain(session: Session, base64: string): Promise<Reply> {
  if (!isBase64(base64)) return notBase64
  const parts = decodeUtf8(Buffer.from(base64, "base64"))?.split("\0") ?? []
  const [authorizeAs, username, password] = parts
  if (parts.length !== 3 || !username || !password) return { kind: "bad", text: "The response is not a PLAIN message" }
  if (authorizeAs && authorizeAs !== username) return { kind: "no", code: "AUTHORIZATIONFAILED", text: "Nobody may act as somebody else here" }
  return signIn(session, { username, password })
}

/** RFC 4422 App. A.1: an authorization identity in UTF-8, or nothing. */
async function external(session: Session, base64: string): Promise<Reply> {
  if (!isBase64(base64)) return notBase64
  const authorizeAs = decodeUtf8(Buffer.from(base64, "base64"))
  if (authorizeAs === undefined || authorizeAs.includes("\0")) return { kind: "bad", text: "The response is not an EXTERNAL message" }
  return signInByCertificate(session, authorizeAs)
}

const isBase64 = (text: string): boolean => text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
