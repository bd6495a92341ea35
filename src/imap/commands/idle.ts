import type { Command } from "../command.ts"
import { IdlePush } from "../idle-push.ts"
import { argumentless } from "./argumentless.ts"

/** RFC 2177. */
export const idle: Command<null> = {
  name: "IDLE",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session, _args, out) {
    out.line("+ idling")
    const view = session.selected
    const push = view ? new IdlePush(view, session, out) : null
    let line: Buffer | null
    try {
      line = await session.link.nextLine()
    } finally {
      await push?.stop()
    }
    if (line === null) return { kind: "no", text: "IDLE ended" }
    return line.toString("latin1").toUpperCase() === "DONE" ? { kind: "ok", text: "IDLE completed" } : { kind: "bad", text: "Expected DONE" }
  },
}
