import type { Failure } from "../../mail/failure.ts"
import type { Copied } from "../../store/mail-store.ts"
import type { Command, Reply } from "../command.ts"
import { noFrom, noTarget } from "../failure-code.ts"
import type { Reader } from "../grammar/reader.ts"
import { formatNumbers, type SequenceSet } from "../grammar/sequence-set.ts"
import { findMailbox } from "../mailbox-access.ts"
import { untaggedLine } from "../response/status-response.ts"
import type { Session } from "../session.ts"
import { choose, expungeIssued, readOnlyMailbox, selectedOf, someExpunged, uidsOf } from "./view.ts"

export interface CopyArgs {
  readonly set: SequenceSet
  readonly target: string
}

const parse = (reader: Reader): CopyArgs => {
  reader.sp()
  const set = reader.sequenceSet()
  reader.sp()
  const target = reader.mailbox()
  reader.end()
  return { set, target }
}

/** RFC 4315 §3: where each message went; nothing when none was there. */
const copyUid = (copied: Copied): string | undefined =>
  copied.sourceUids.length === 0 ? undefined : `COPYUID ${copied.uidValidity} ${formatNumbers(copied.sourceUids)} ${formatNumbers(copied.targetUids)}`

/** A mailbox is gone: [TRYCREATE] is said only of the target, and the source may be the one (RFC 3501 §6.4.7). */
const refused = async (session: Session, target: string, failure: Failure): Promise<Reply> =>
  failure.kind === "notFound" && (await findMailbox(session, target, "write")).ok ? noFrom(failure) : noTarget(failure)

const ok = (code: string | undefined, text: string): Reply => ({ kind: "ok", text, ...(code !== undefined && { code }) })

/** COPY and UID COPY (RFC 9051 §6.4.7): all or nothing, so it is refused when a numbered message is gone (RFC 2180 §4.4.1). */
export const copy: Command<CopyArgs> = {
  name: "COPY",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "always",
  parse,

  async run(session, args, _out, form) {
    const view = selectedOf(session)
    const chosen = choose(view, args.set, form)
    if ("kind" in chosen) return chosen
    const target = await findMailbox(session, args.target, "write")
    if (!target.ok) return noTarget(target.failure)
    const uids = uidsOf(view, chosen)
    if (form === "plain" && someExpunged(view, uids)) return expungeIssued
    const copied = await view.mailbox.copy(uids, target.value.info.id)
    if (!copied.ok) return refused(session, args.target, copied.failure)
    // Copies made in the selected mailbox itself are there at once.
    if (target.value.info.id === view.mailbox.mailboxId) await view.mailbox.refresh()
    return ok(copyUid(copied.value), copied.value.sourceUids.length === 0 ? "There was nothing to copy" : "Copied")
  },
}

/** MOVE and UID MOVE (RFC 6851): COPYUID comes before the EXPUNGEs, which the dispatcher tells before the tagged reply. */
export const move: Command<CopyArgs> = {
  name: "MOVE",
  forms: ["plain", "uid"],
  states: ["selected"],
  mayExpunge: "always",
  parse,

  async run(session, args, out, form) {
    const view = selectedOf(session)
    if (view.readOnly) return readOnlyMailbox
    const chosen = choose(view, args.set, form)
    if ("kind" in chosen) return chosen
    const target = await findMailbox(session, args.target, "write")
    if (!target.ok) return noTarget(target.failure)
    const uids = uidsOf(view, chosen)
    if (form === "plain" && someExpunged(view, uids)) return expungeIssued
    const moved = await view.mailbox.move(uids, target.value.info.id)
    if (!moved.ok) return refused(session, args.target, moved.failure)
    const code = copyUid(moved.value)
    // RFC 6851 §4.3: in an untagged OK, so that the client can use it while the messages still have their numbers.
    if (code !== undefined) out.line(untaggedLine({ kind: "ok", code, text: "Moved" }))
    return ok(undefined, code === undefined ? "There was nothing to move" : "Done")
  },
}
