import type { Command } from "../command.ts"
import { argumentless } from "./argumentless.ts"

/** RFC 3501 §6.2.1. The connection drops what was sent in clear behind it and begins a new session under TLS. */
export const starttls: Command<null> = {
  name: "STARTTLS",
  forms: ["plain"],
  states: ["notAuthenticated"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session) {
    if (session.tls !== null) return { kind: "bad", text: "TLS is on already" }
    session.link.startTls()
    return { kind: "ok", text: "Begin TLS" }
  },
}
