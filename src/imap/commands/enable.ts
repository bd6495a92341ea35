import type { Command } from "../command.ts"

/** RFC 5161. What is unknown is left out of the answer and is no error. */
export const enable: Command<readonly string[]> = {
  name: "ENABLE",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    const names: string[] = []
    do {
      reader.sp()
      names.push(reader.keyword())
    } while (!reader.atEnd())
    return names
  },
  async run(session, names, out) {
    const condstore = names.includes("CONDSTORE")
    if (condstore) session.condstore = true
    out.line(condstore ? "* ENABLED CONDSTORE" : "* ENABLED")
    return { kind: "ok", text: "ENABLE completed" }
  },
}
