import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import type { SequenceSet } from "../grammar/sequence-set.ts"
import { choose, readOnlyMailbox, selectedOf, uidsOf } from "./view.ts"

/** EXPUNGE and UID EXPUNGE (RFC 9051 §6.4.3, §6.4.9; RFC 4315 §2.1). The EXPUNGE responses are told by the dispatcher, before the tagged reply. */
export const expunge: Command<SequenceSet | null> = {
  name: "EXPUNGE",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "always",

  parse(reader, form) {
    if (form === "plain") {
      reader.end()
      return null
    }
    reader.sp()
    const set = reader.sequenceSet()
    reader.end()
    return set
  },

  async run(session, set) {
    const view = selectedOf(session)
    if (view.readOnly) return readOnlyMailbox
    const chosen = set && choose(view, set, "uid")
    if (chosen && "kind" in chosen) return chosen
    const gone = await view.mailbox.expunge(chosen && uidsOf(view, chosen))
    return gone.ok ? { kind: "ok", text: "Expunged" } : noFrom(gone.failure)
  },
}
