import type { Command } from "../command.ts"
import { argumentless } from "./argumentless.ts"

/** RFC 3501 §6.1.3. */
export const logout: Command<null> = {
  name: "LOGOUT",
  forms: ["plain"],
  states: ["notAuthenticated", "authenticated", "selected"],
  mayExpunge: "never",
  parse: argumentless,
  async run(session, _args, out) {
    out.line("* BYE See you again")
    session.link.logout()
    return { kind: "ok", text: "LOGOUT completed" }
  },
}
