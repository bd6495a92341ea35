import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { argumentless } from "./argumentless.ts"
import { deselect } from "./select.ts"

/** RFC 3501 §6.4.2: \Deleted messages go without a word, unless the mailbox is read-only. */
export const close: Command<null> = {
  name: "CLOSE",
  forms: ["plain"],
  states: ["selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session) {
    const view = session.selected
    const expunged = view && !view.readOnly ? await view.mailbox.expunge(null) : null
    await deselect(session)
    if (expunged && !expunged.ok && expunged.failure.kind !== "notFound") return noFrom(expunged.failure)
    return { kind: "ok", text: "CLOSE completed" }
  },
}

/** RFC 3691: the same without the expunge. */
export const unselect: Command<null> = {
  ...close,
  name: "UNSELECT",
  async run(session) {
    await deselect(session)
    return { kind: "ok", text: "UNSELECT completed" }
  },
}
