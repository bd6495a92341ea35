import type { Command } from "../command.ts"

/** RFC 2971 §3.3: name and version alone are kept, for whoever looks at who is connected; they decide nothing. */
const maxCharacters = 100

export const id: Command<string> = {
  name: "ID",
  forms: ["plain"],
  states: ["notAuthenticated", "authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const said = new Map<string, string>()
    if (reader.peek("(")) {
      reader.list(() => {
        const name = reader.string().toLowerCase()
        reader.sp()
        const value = reader.nstring()
        if ((name === "name" || name === "version") && value !== null) said.set(name, value.slice(0, maxCharacters))
      })
    } else reader.nstring()
    reader.end()
    return [said.get("name"), said.get("version")].filter(Boolean).join(" ")
  },
  async run(session, clientId, out) {
    session.clientId = clientId
    session.services.presence?.named(session.id, clientId)
    out.line('* ID ("name" "Cong Thu")')
    return { kind: "ok", text: "ID completed" }
  },
}
