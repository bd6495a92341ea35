import type { Command } from "../command.ts"
import { privacyRequired, signIn } from "../sign-in.ts"

/** RFC 3501 §6.2.3. */
export const login: Command<{ readonly username: string; readonly password: string }> = {
  name: "LOGIN",
  forms: ["plain"],
  states: ["notAuthenticated"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const username = reader.astring()
    reader.sp()
    const password = reader.astring()
    reader.end()
    return { username, password }
  },
  run: async (session, credentials) => (session.tls === null ? privacyRequired : signIn(session, credentials)),
}
