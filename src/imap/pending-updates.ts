import type { MailboxIndex } from "../store/mailbox-index.ts"

/** Which messages a client knows, in order: its sequence numbers. The first `count` uids are valid. */
export interface View {
  readonly uids: Uint32Array
  readonly count: number
}

/** What a client has yet to be told, in the order in which it must be told. */
export interface PendingUpdates {
  /** Sequence numbers to expunge, highest first, so that each is right when it is read (RFC 9051 §7.5.1). */
  readonly expunged: readonly number[]
  /** EXISTS, null when nothing was added. */
  readonly exists: number | null
  /** Sequence numbers after that whose flags changed. */
  readonly changed: readonly number[]
  /** What the client knows once it has been told. */
  readonly view: View
}

/**
 * Compares what a client knows with what is. While expunges may not be told (RFC 9051 §7.5.1, RFC 2180 §4.1) expunged
 * messages stay in the view, and new ones come after them, so that no number changes its meaning.
 * `toldModSeq`: changes of flags up to there are known to the client.
 */
export function pendingUpdates(view: View, index: Pick<MailboxIndex, "uids" | "count" | "modSeqs" | "modSeq">, toldModSeq: number, mayExpunge: boolean): PendingUpdates {
  const gone = view.uids === index.uids ? none : missingFrom(view, index)
  const known = view.count - gone.length
  const added = index.count - known
  // each MODSEQ is one change: when the only one since then added these messages, no flags changed, and nothing has to be looked through. Messages
  // that are in the index ahead of the log's rest are of a later one.
  const flagsSince = added > 0 && index.modSeq === toldModSeq + 1 && index.modSeqs[known] === index.modSeq ? index.modSeq : toldModSeq
  if (gone.length > 0 && !mayExpunge) {
    const next = added > 0 ? appended(view, index, known) : view
    return { expunged: none, exists: added > 0 ? next.count : null, changed: changedFlags(view, index, known, flagsSince), view: next }
  }
  const next = { uids: index.uids, count: index.count }
  return { expunged: gone.toReversed(), exists: added > 0 ? index.count : null, changed: changedFlags(next, index, known, flagsSince), view: next }
}

/** Sequence numbers of the view's messages that the index no longer has, ascending. */
function missingFrom(view: View, index: Pick<MailboxIndex, "uids" | "count">): readonly number[] {
  const gone: number[] = []
  let at = 0
  for (let seq = 1; seq <= view.count; seq++) {
    const uid = view.uids[seq - 1] ?? 0
    if (at < index.count && index.uids[at] === uid) at++
    else gone.push(seq)
  }
  return gone
}

/** Sequence numbers in `view` of the index's first `known` messages that changed after `toldModSeq`. New ones are not among them: the client will ask. */
function changedFlags(view: View, index: Pick<MailboxIndex, "uids" | "modSeqs" | "modSeq">, known: number, toldModSeq: number): readonly number[] {
  if (index.modSeq === toldModSeq) return none
  let changed: number[] | undefined
  let seq = 1
  for (let at = 0; at < known; at++) {
    if ((index.modSeqs[at] ?? 0) <= toldModSeq) continue
    const uid = index.uids[at]
    if (view.uids === index.uids) seq = at + 1
    else while (view.uids[seq - 1] !== uid) seq++
    changed ??= []
    changed.push(seq)
  }
  return changed ?? none
}

/** The view with the index's messages from `known` on put after it, in an array of its own. */
function appended(view: View, index: Pick<MailboxIndex, "uids" | "count">, known: number): View {
  const count = view.count + index.count - known
  const uids = new Uint32Array(count)
  uids.set(view.uids.subarray(0, view.count))
  uids.set(index.uids.subarray(known, index.count), view.count)
  return { uids, count }
}

const none: readonly number[] = []
