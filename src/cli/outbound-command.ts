import { provinceTime } from "../delivery/story.ts"
import { outboundRuleId } from "../intake/outbound-watch.ts"
import type { HeldStore } from "../store/held-store.ts"
import { createDirectorySource } from "../store/sql/directory.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { createOutboundStore } from "../store/sql/outbound.ts"
import { openLog } from "../base/log.ts"
import { type CommandContext, CommandError, exitCodes, print, say } from "./context.ts"
import { findAccount } from "./find-account.ts"
import { textTable } from "./text-table.ts"

/** `congthu outbound …`: accounts whose mail is held because they send more than is believable. */
export interface ClearOptions {
  readonly release?: boolean
  readonly refuse?: string
  readonly by?: string
}

export async function listOutbound({ database }: CommandContext): Promise<number> {
  const accounts = await createOutboundStore({ database }).heldAccounts()
  if (accounts.length === 0) say("No account's mail is held.")
  else print(textTable(["ACCOUNT", "SINCE", "MESSAGES", "REASON"], accounts.map(({ address, since, messages, reasonVi }) => [address, provinceTime(since).slice(0, 19), String(messages), reasonVi])))
  return exitCodes.ok
}

export async function clearOutbound(context: CommandContext, address: string, { release = false, refuse, by = "administrator" }: ClearOptions): Promise<number> {
  const { database } = context
  if (release && refuse !== undefined) throw new CommandError("either --release or --refuse")
  const { id } = await accountOf(context, address)
  const outbound = createOutboundStore({ database })
  // what is held is decided on first: while the account is stopped nothing is added
  const waiting = await outbound.heldMessages(id, outboundRuleId)
  const held = createHeldStore({ database })
  const decide = (envelopeId: number): ReturnType<HeldStore["release"] | HeldStore["refuse"]> => (refuse === undefined ? held.release(envelopeId, { by, note: "" }) : held.refuse(envelopeId, { by, note: refuse }))
  let decided = 0
  if (release || refuse !== undefined) for (const envelopeId of waiting) if ((await decide(envelopeId)).ok) decided++
  const cleared = await outbound.clear(id, by)
  if (!cleared && waiting.length === 0) throw new CommandError(`the mail of ${address} is not held; \`congthu outbound list\` shows whose is`)
  const done = decided === 0 ? "" : ` ${decided} held ${decided === 1 ? "message was" : "messages were"} ${refuse === undefined ? "released" : "refused"}.`
  const left = waiting.length - decided
  say(`${address} may send again.${done}${left > 0 ? ` ${left} held ${left === 1 ? "message waits" : "messages wait"} for a decision: \`congthu held list\`.` : ""}`)
  return exitCodes.ok
}

async function accountOf({ database }: CommandContext, address: string): Promise<{ readonly id: number }> {
  const directory = await createDirectorySource({ database, log: openLog({ level: "error", name: "command" }).log, tickMs: 0 })
  try {
    return findAccount(directory.current(), address)
  } finally {
    directory.close()
  }
}
