import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { findMailbox } from "../mailbox-access.ts"

/** RFC 3501 §6.3.6. The mailbox must exist now, so that the list of names stays as short as the list of mailboxes; it may go later. */
export const subscribe: Command<string> = {
  name: "SUBSCRIBE",
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
    const found = await findMailbox(session, name, "read")
    if (!found.ok) return noFrom(found.failure)
    if (session.login) await session.services.mailStore.setSubscribed(session.login.accountId, name, true)
    return { kind: "ok", text: "SUBSCRIBE completed" }
  },
}

/** RFC 3501 §6.3.7. */
export const unsubscribe: Command<string> = {
  ...subscribe,
  name: "UNSUBSCRIBE",
  async run(session, name) {
    if (session.login) await session.services.mailStore.setSubscribed(session.login.accountId, name, false)
    return { kind: "ok", text: "UNSUBSCRIBE completed" }
  },
}
