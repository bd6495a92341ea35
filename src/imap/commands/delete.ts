import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { noteAccess } from "../foreign-access.ts"
import { locateForChange } from "../mailbox-access.ts"
import { deselect } from "./select.ts"

/** RFC 3501 §6.3.4. */
export const deleteMailbox: Command<string> = {
  name: "DELETE",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const name = reader.mailbox()
    reader.end()
    return name
  },
  async run(session, name) {
    const place = locateForChange(session, name)
    if (!place.ok) return noFrom(place.failure)
    const { accountId, name: inner } = place.value
    const found = await session.services.mailStore.findMailbox(accountId, inner)
    await noteAccess(session, { accountId, mailbox: inner, how: "deleted" })
    const deleted = await session.services.mailStore.deleteMailbox(accountId, inner)
    if (!deleted.ok) return noFrom(deleted.failure)
    if (found.ok && session.selected?.mailbox.mailboxId === found.value.id) await deselect(session)
    return { kind: "ok", text: "DELETE completed" }
  },
}
