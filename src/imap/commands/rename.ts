import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { noteAccess } from "../foreign-access.ts"
import { locateForChange } from "../mailbox-access.ts"

/** RFC 3501 §6.3.5. Within one account: a mailbox belongs to its account's quota, log and audit. */
export const rename: Command<{ readonly from: string; readonly to: string }> = {
  name: "RENAME",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const from = reader.mailbox()
    reader.sp()
    const to = reader.mailbox()
    reader.end()
    return { from, to }
  },
  async run(session, { from, to }) {
    const source = locateForChange(session, from)
    if (!source.ok) return noFrom(source.failure)
    const target = locateForChange(session, to.endsWith("/") ? to.slice(0, -1) : to)
    if (!target.ok) return noFrom(target.failure)
    if (source.value.accountId !== target.value.accountId) return { kind: "no", code: "CANNOT", text: "A mailbox cannot move to another account" }
    await noteAccess(session, { accountId: source.value.accountId, mailbox: `${source.value.name} → ${target.value.name}`, how: "renamed" })
    const renamed = await session.services.mailStore.renameMailbox(source.value.accountId, source.value.name, target.value.name)
    return renamed.ok ? { kind: "ok", text: "RENAME completed" } : noFrom(renamed.failure)
  },
}
