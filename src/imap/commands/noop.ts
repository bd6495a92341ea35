import type { Command } from "../command.ts"
import { refreshNowAndThen } from "../mailbox-refresh.ts"
import { argumentless } from "./argumentless.ts"

/**
 * RFC 3501 §6.1.2. The change feed has already moved the index when it is healthy, so a poll costs no SQL; now and then one
 * asks, in case the feed lost something. The dispatcher tells what is new.
 */
export const noop: Command<null> = {
  name: "NOOP",
  forms: ["plain"],
  states: ["notAuthenticated", "authenticated", "selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session) {
    if (session.selected) await refreshNowAndThen(session.selected.mailbox, session.services.clock.now(), refreshEveryMs)
    return { kind: "ok", text: "NOOP completed" }
  },
}

/** RFC 3501 §6.4.1: a checkpoint. Everything is durable before it is answered, so only currency is left to ask for. */
export const check: Command<null> = {
  name: "CHECK",
  forms: ["plain"],
  states: ["selected"],
  mayExpunge: "always",
  parse: argumentless,
  async run(session) {
    await session.selected?.mailbox.refresh()
    return { kind: "ok", text: "CHECK completed" }
  },
}

const refreshEveryMs = 5_000
