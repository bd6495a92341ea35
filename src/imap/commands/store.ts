import type { FlagChange } from "../../store/mail-store.ts"
import type { Command, Reply } from "../command.ts"
import { noFrom } from "../failure-code.ts"
import { ImapSyntaxError, type Reader } from "../grammar/reader.ts"
import { formatNumbers, type SequenceSet } from "../grammar/sequence-set.ts"
import type { IndexItem } from "../response/fetch-rows.ts"
import { writeIndexRows } from "../response/index-rows.ts"
import type { ResponseWriter } from "../response/writer.ts"
import type { SelectedMailbox } from "../selected.ts"
import type { Session } from "../session.ts"
import { choose, type Chosen, expungeIssued, readOnlyMailbox, selectedOf, someExpunged, uidsOf } from "./view.ts"

export interface StoreArgs {
  readonly set: SequenceSet
  readonly change: FlagChange
  readonly silent: boolean
}

/** STORE and UID STORE (RFC 9051 §6.4.6, RFC 7162 §3.1.3). */
export const store: Command<StoreArgs> = {
  name: "STORE",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "uidForm",

  parse(reader) {
    reader.sp()
    const set = reader.sequenceSet()
    reader.sp()
    const unchangedSince = reader.peek("(") ? storeModifiers(reader) : null
    const mode = reader.skip("+") ? "add" : reader.skip("-") ? "remove" : "replace"
    const name = reader.dottedName()
    if (name !== "FLAGS" && name !== "FLAGS.SILENT") throw new ImapSyntaxError("Only FLAGS can be stored")
    reader.sp()
    const flags = reader.peek("(") ? reader.flagList() : bareFlags(reader)
    reader.end()
    return { set, silent: name === "FLAGS.SILENT", change: { mode, flags, ...(unchangedSince !== null && { unchangedSince }) } }
  },

  async run(session, args, out, form) {
    const view = selectedOf(session)
    if (view.readOnly) return readOnlyMailbox
    const chosen = choose(view, args.set, form)
    if ("kind" in chosen) return chosen
    // RFC 7162 §3.1: UNCHANGEDSINCE is a CONDSTORE enabling command.
    if (args.change.unchangedSince !== undefined) session.condstore = true
    const uids = uidsOf(view, chosen)
    const changed = await view.mailbox.setFlags(uids, args.change)
    if (!changed.ok) return noFrom(changed.failure)
    const { modSeq, modified } = changed.value
    if (modSeq !== null) view.silence(modSeq)
    await tell(session, out, { view, chosen, args, modified, form })
    if (modified.length > 0) return notModified(view, modified, form)
    // RFC 2180 §4.2: the others have been changed all the same.
    return form === "plain" && someExpunged(view, uids) ? expungeIssued : { kind: "ok", text: "Stored" }
  },
}

/** `(UNCHANGEDSINCE 12121231000) `, with the space after it. */
const storeModifiers = (reader: Reader): number => {
  const [since] = reader.list(() => {
    if (reader.keyword() !== "UNCHANGEDSINCE") throw new ImapSyntaxError("Unknown STORE modifier")
    reader.sp()
    return reader.number64()
  })
  reader.sp()
  return since ?? reader.fail("a STORE modifier")
}

const bareFlags = (reader: Reader): string[] => {
  const flags = [reader.flag()]
  while (reader.skip(" ")) flags.push(reader.flag())
  return flags
}

interface Told {
  readonly view: SelectedMailbox
  readonly chosen: Chosen
  readonly args: StoreArgs
  readonly modified: readonly number[]
  readonly form: "plain" | "uid"
}

/** RFC 7162 §3.1.3: MODSEQ is told even to .SILENT once CONDSTORE is on, or the client's next UNCHANGEDSINCE would fail. */
const tell = async (session: Session, out: ResponseWriter, { view, chosen, args, modified, form }: Told): Promise<void> => {
  if (args.silent && !session.condstore) return
  const items: IndexItem[] = form === "uid" ? ["uid"] : []
  if (!args.silent) items.push("flags")
  if (session.condstore) items.push("modSeq")
  const left = new Set(modified)
  const { index } = view.mailbox
  await writeIndexRows(out, view, { ranges: chosen.ranges, items, ...(left.size > 0 && { wants: (at: number) => !left.has(index.uids[at] ?? 0) }) })
}

/** RFC 7162 §3.1.3: which messages were left alone, in the numbers the command used. */
const notModified = (view: SelectedMailbox, modified: readonly number[], form: "plain" | "uid"): Reply => {
  const numbers = form === "uid" ? modified : modified.map((uid) => view.seqOf(uid))
  return { kind: "ok", code: `MODIFIED ${formatNumbers(numbers)}`, text: "Some messages have changed since" }
}
