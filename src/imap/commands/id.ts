import type { Command } from "../command.ts"

/** RFC 2971. What a client says of itself decides nothing here, so it is read and forgotten. */
export const id: Command<null> = {
  name: "ID",
  forms: ["plain"],
  states: ["notAuthenticated", "authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    if (reader.peek("(")) {
      reader.list(() => {
        reader.string()
        reader.sp()
        reader.nstring()
      })
    } else reader.nstring()
    reader.end()
    return null
  },
  async run(_session, _args, out) {
    out.line('* ID ("name" "Cong Thu")')
    return { kind: "ok", text: "ID completed" }
  },
}
