import { flagBits } from "../../mail/flag.ts"
import type { MailboxIndex } from "../../store/mailbox-index.ts"
import type { Command, Reply } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { noteAccess } from "../foreign-access.ts"
import type { Reader } from "../grammar/reader.ts"
import { ImapSyntaxError } from "../grammar/syntax-error.ts"
import { findMailbox } from "../mailbox-access.ts"
import { markCurrent } from "../mailbox-refresh.ts"
import type { ResponseWriter } from "../response/writer.ts"
import { flagLines, SelectedView } from "../selected-mailbox.ts"
import type { Session } from "../session.ts"

interface SelectArgs {
  readonly name: string
  readonly condstore: boolean
}

/** RFC 3501 §6.3.1, with the CONDSTORE parameter of RFC 7162 §3.1.8. */
export const select: Command<SelectArgs> = {
  name: "SELECT",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse,
  run: (session, args, out) => open(session, args, out, false),
}

/** RFC 3501 §6.3.2. */
export const examine: Command<SelectArgs> = { ...select, name: "EXAMINE", run: (session, args, out) => open(session, args, out, true) }

function parse(reader: Reader): SelectArgs {
  reader.sp()
  const name = reader.mailbox()
  const parameters = reader.skip(" ") ? reader.list(() => reader.keyword()) : []
  reader.end()
  if (parameters.some((parameter) => parameter !== "CONDSTORE")) throw new ImapSyntaxError("Unknown parameter")
  return { name, condstore: parameters.length > 0 }
}

async function open(session: Session, { name, condstore }: SelectArgs, out: ResponseWriter, examined: boolean): Promise<Reply> {
  // RFC 3501 §6.3.1: whatever becomes of the new mailbox, the old one is left first
  if (session.selected) {
    await deselect(session)
    out.line("* OK [CLOSED] Previous mailbox closed")
  }
  const found = await findMailbox(session, name, "read")
  if (!found.ok) return noFrom(found.failure)
  const { info, writable } = found.value
  await noteAccess(session, { accountId: info.accountId, mailbox: info.name, how: "opened" })
  const opened = await session.services.mailStore.openMailbox(info.id)
  if (!opened.ok) return noFrom(opened.failure)
  const mailbox = opened.value
  markCurrent(mailbox, session.services.clock.now())
  const readOnly = examined || !writable
  try {
    const recentFrom = info.firstRecentUid < mailbox.index.uidNext ? await mailbox.takeRecent(!readOnly) : info.firstRecentUid
    session.selected = new SelectedView(mailbox, { readOnly, recentFrom, clientName: name })
  } finally {
    if (!session.selected) mailbox.release()
  }
  if (condstore) session.condstore = true
  describe(session.selected, out)
  return { kind: "ok", code: readOnly ? "READ-ONLY" : "READ-WRITE", text: `${examined ? "EXAMINE" : "SELECT"} completed` }
}

/** RFC 3501 §6.3.1: what every client must be told of the mailbox it has opened. */
function describe(view: SelectedView, out: ResponseWriter): void {
  const { index, uidValidity } = view.mailbox
  for (const line of flagLines(index, view.readOnly)) out.line(line)
  out.line(`* ${view.count} EXISTS`)
  out.line(`* ${view.recent} RECENT`)
  const unseen = firstUnseen(index)
  if (unseen > 0) out.line(`* OK [UNSEEN ${unseen}] First unseen message`)
  out.line(`* OK [UIDVALIDITY ${uidValidity}] UIDs are valid`)
  out.line(`* OK [UIDNEXT ${index.uidNext}] Next UID`)
  out.line(`* OK [HIGHESTMODSEQ ${index.modSeq}] Highest`)
}

function firstUnseen(index: MailboxIndex): number {
  for (let at = 0; at < index.count; at++) if (((index.flags[at] ?? 0) & flagBits.seen) === 0) return at + 1
  return 0
}

/** Leaves the selected mailbox, if there is one. */
export async function deselect(session: Session): Promise<void> {
  const view = session.selected
  session.selected = null
  await view?.leave()
}
