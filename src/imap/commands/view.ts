import type { Reply } from "../command.ts"
import { exceedsView, positionCount, positionRanges, type SequenceSet } from "../grammar/sequence-set.ts"
import type { SelectedMailbox } from "../selected.ts"
import type { Session } from "../session.ts"

/** The selected mailbox. The command table lets message commands run only in the selected state, so its absence is a bug. */
export const selectedOf = (session: Session): SelectedMailbox => {
  if (!session.selected) throw new Error("a message command ran without a selected mailbox")
  return session.selected
}

/** Messages a command was given, as the client knows them. */
export interface Chosen {
  /** Half-open ranges of positions in the view (sequence number - 1). */
  readonly ranges: readonly number[]
  readonly count: number
}

/** Resolves a set; a sequence number that the client's mailbox does not have is its mistake (RFC 9051 §9 "seq-number"). */
export const choose = (view: SelectedMailbox, set: SequenceSet, form: "plain" | "uid"): Chosen | Reply => {
  if (form === "plain" && exceedsView(set, view)) return { kind: "bad", text: `There are only ${view.count} messages` }
  const ranges = positionRanges(set, view, form)
  return { ranges, count: positionCount(ranges) }
}

/** The uids of chosen messages, ascending. */
export const uidsOf = (view: SelectedMailbox, chosen: Chosen): number[] => {
  const uids: number[] = []
  for (let at = 0; at < chosen.ranges.length; at += 2) {
    const end = chosen.ranges[at + 1] ?? 0
    for (let position = chosen.ranges[at] ?? 0; position < end; position++) uids.push(view.uids[position] ?? 0)
  }
  return uids
}

/** True when some of `uids` are not in the shared index any more: expunged, and this client not yet told (RFC 2180 §4). */
export const someExpunged = (view: SelectedMailbox, uids: readonly number[]): boolean => {
  const { index } = view.mailbox
  let at = -1
  for (const uid of uids) {
    at = at + 1 < index.count && index.uids[at + 1] === uid ? at + 1 : index.find(uid)
    if (at < 0) return true
  }
  return false
}

/** RFC 5530 §3 EXPUNGEISSUED: someone else has expunged messages that this client still counts. */
export const expungeIssued: Reply = { kind: "no", code: "EXPUNGEISSUED", text: "Some of the messages no longer exist" }

export const readOnlyMailbox: Reply = { kind: "no", text: "The mailbox is selected read-only" }
