import type { Command, Reply } from "../command.ts"
import { privacyRequired, signIn } from "../sign-in.ts"

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
    if (mechanism !== "PLAIN") return { kind: "no", code: "CANNOT", text: "Only AUTHENTICATE PLAIN is offered" }
    if (initial !== null) return withPlain(initial === "=" ? "" : initial, (credentials) => signIn(session, credentials))
    out.line("+ ")
    const line = await session.link.nextLine()
    if (line === null) return { kind: "no", text: "Not signed in" }
    const answer = line.toString("latin1")
    // RFC 3501 §6.2.2: how a client calls it off
    if (answer === "*") return { kind: "bad", text: "Authentication cancelled" }
    return withPlain(answer, (credentials) => signIn(session, credentials))
  },
}

interface Plain {
  readonly username: string
  readonly password: string
}

/** RFC 4616 §2: `[authzid] NUL authcid NUL passwd` in UTF-8. */
async function withPlain(base64: string, use: (credentials: Plain) => Promise<Reply>): Promise<Reply> {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) return { kind: "bad", text: "The response is not base64" }
  const parts = decodeUtf8(Buffer.from(base64, "base64"))?.split("\0") ?? []
  const [authorizeAs, username, password] = parts
  if (parts.length !== 3 || !username || !password) return { kind: "bad", text: "The response is not a PLAIN message" }
  if (authorizeAs && authorizeAs !== username) return { kind: "no", code: "AUTHORIZATIONFAILED", text: "Nobody may act as somebody else here" }
  return use({ username, password })
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
