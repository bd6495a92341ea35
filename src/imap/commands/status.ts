import type { MailboxInfo } from "../../store/mail-store.ts"
import type { Command } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { type StatusItem, statusItems } from "../grammar/status-items.ts"
import { findMailbox } from "../mailbox-access.ts"
import { statusLine } from "../response/list-response.ts"
import type { Session } from "../session.ts"

/** RFC 3501 §6.3.10, with SIZE (RFC 8438), DELETED (RFC 9051 §6.3.11) and HIGHESTMODSEQ (RFC 7162 §3.1.7). */
export const status: Command<{ readonly name: string; readonly items: readonly StatusItem[] }> = {
  name: "STATUS",
  forms: ["plain"],
  states: ["authenticated", "selected"],
  mayExpunge: "always",
  parse(reader) {
    reader.sp()
    const name = reader.mailbox()
    reader.sp()
    const items = statusItems(reader)
    reader.end()
    return { name, items }
  },
  async run(session, { name, items }, out) {
    const found = await findMailbox(session, name, "read")
    if (!found.ok) return noFrom(found.failure)
    // RFC 7162 §3.1: asking for it enables CONDSTORE
    if (items.includes("HIGHESTMODSEQ")) session.condstore = true
    out.line(statusLine(name, await statusValues(session, found.value.info, items), false))
    return { kind: "ok", text: "STATUS completed" }
  },
}

/** The items of one mailbox. All but RECENT are counters of its row. */
export async function statusValues(session: Session, info: MailboxInfo, items: readonly StatusItem[]): Promise<[StatusItem, number][]> {
  const counters: Readonly<Record<Exclude<StatusItem, "RECENT">, number>> = {
    MESSAGES: info.messages,
    UIDNEXT: info.uidNext,
    UIDVALIDITY: info.uidValidity,
    UNSEEN: info.unseen,
    DELETED: info.deleted,
    SIZE: info.bytes,
    HIGHESTMODSEQ: info.highestModSeq,
  }
  const values: [StatusItem, number][] = []
  for (const item of items) values.push([item, item === "RECENT" ? await recentCount(session, info) : counters[item]])
  return values
}

/** Only a mailbox that has recent messages is opened for them. */
async function recentCount(session: Session, info: MailboxInfo): Promise<number> {
  if (info.firstRecentUid >= info.uidNext) return 0
  const opened = await session.services.mailStore.openMailbox(info.id)
  if (!opened.ok) return 0
  const { index } = opened.value
  const recent = index.count - index.lowerBound(info.firstRecentUid)
  opened.value.release()
  return recent
}
