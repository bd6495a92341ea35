import { provinceTime } from "../delivery/story.ts"
import { canonicalAddress } from "../mail/address.ts"
import type { HeldMessage } from "../store/held-store.ts"
import { createHeldStore } from "../store/sql/held.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { textTable } from "./text-table.ts"

/** `congthu held …`: messages that policy took and that wait for a person's word. */
export interface DecideOptions {
  readonly recipient?: string
  readonly note?: string
  readonly by?: string
}

const mostShown = 200
/** Recipients in a line of the list. */
const mostInList = 2
const maxNoteCharacters = 500

export async function listHeld({ database }: CommandContext): Promise<number> {
  const messages = await createHeldStore({ database }).open(mostShown + 1)
  if (messages.length === 0) say("No message is held.")
  else print(textTable(["NUMBER", "KIND", "HELD SINCE", "FROM", "TO", "RULE", "MESSAGE-ID"], messages.slice(0, mostShown).map(row)))
  if (messages.length > mostShown) say(`… and more: decide on these first.`)
  return exitCodes.ok
}

const row = ({ envelopeId, kind, heldAt, reversePath, recipients, recipientCount, ruleId, messageId }: HeldMessage): readonly string[] =>
  [String(envelopeId), kind, provinceTime(heldAt).slice(0, 19), sender(reversePath), recipientText(recipients.slice(0, mostInList), recipientCount), ruleId, `<${messageId}>`].map(printable)

/** They come from outside, and go to a terminal. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "")

export async function showHeld({ database }: CommandContext, number: string): Promise<number> {
  const message = await createHeldStore({ database }).find(envelopeNumber(number))
  if (!message) throw new CommandError(`no message ${number} is or was held; \`congthu held list\` shows those that wait`)
  const lines: readonly (readonly [string, string])[] = [
    ["envelope", String(message.envelopeId)],
    ["held", `${provinceTime(message.heldAt)} (${message.kind})`],
    ["from", sender(message.reversePath)],
    ["to", recipientText(message.recipients, message.recipientCount)],
    ["message-id", `<${message.messageId}>`],
    ["size", `${message.size} bytes`],
    ["rule", message.ruleId],
    ["reason", message.reasonVi],
    ["", message.reasonEn],
    ["decision", message.decision === null ? "none yet" : `${message.decision} ${provinceTime(message.decidedAt ?? 0)} by ${message.decidedBy}${message.note === "" ? "" : `: ${message.note}`}`],
  ]
  for (const [name, value] of lines) print(`${name.padEnd(10)} ${printable(value)}`)
  return exitCodes.ok
}

export async function releaseHeld({ database }: CommandContext, number: string, options: DecideOptions): Promise<number> {
  const { recipient } = options
  const held = createHeldStore({ database })
  const released = await (recipient === undefined ? held.release(envelopeNumber(number), decider(options)) : held.releaseFor(envelopeNumber(number), canonicalAddress(recipient), decider(options)))
  if (!released.ok && recipient !== undefined && released.failure.kind === "notFound") throw new CommandError(`no message ${number} is held for ${recipient}; \`congthu trace ${number}\` names its recipients`)
  if (!released.ok) throw new CommandError(undecidable(number, released.failure.kind))
  const { local, remote } = released.value
  say(`Released ${number}: ${local.length} ${local.length === 1 ? "mailbox" : "mailboxes"} here, ${remote.length} on other servers. It goes out within seconds.`)
  return exitCodes.ok
}

export async function refuseHeld({ database }: CommandContext, number: string, options: DecideOptions): Promise<number> {
  const refused = await createHeldStore({ database }).refuse(envelopeNumber(number), decider(options))
  if (!refused.ok) throw new CommandError(undecidable(number, refused.failure.kind))
  say(`Refused ${number}: its sender is told, with the note as the reason.`)
  return exitCodes.ok
}

const undecidable = (number: string, kind: string): string =>
  kind === "notFound" ? `no message ${number} is held; \`congthu held list\` shows those that wait` : `message ${number} has been decided already; \`congthu held show ${number}\` says how`

function envelopeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CommandError(`"${text}" is not the number of a message; \`congthu held list\` shows them`)
  return Number(text)
}

function decider({ note = "", by = "administrator" }: DecideOptions): { readonly by: string; readonly note: string } {
  if (note.length > maxNoteCharacters) throw new CommandError(`a note has at most ${maxNoteCharacters} characters`)
  return { by, note }
}

const sender = (reversePath: string): string => (reversePath === "" ? "<>" : reversePath)

const recipientText = (recipients: readonly string[], count: number): string => `${recipients.join(", ")}${count > recipients.length ? ` and ${count - recipients.length} more` : ""}`
