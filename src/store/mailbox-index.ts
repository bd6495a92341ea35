import { flagBit, systemFlagNames } from "../mail/flag.ts"

/**
 * The in-memory index of one open mailbox: parallel typed arrays in uid order, shared by all sessions of the process and
 * moved forward by the log. `uids` is replaced, never edited, when messages are expunged, and only grows otherwise, so a
 * session's view can keep the array it last told its client about at no cost. Must not know: sessions, SQL.
 */
export class MailboxIndex {
  /** Capacity may exceed `count`. The first `count` entries are valid and ascending. */
  uids: Uint32Array
  flags: Uint32Array
  /** Exact in a double up to 2^53; a mailbox at 1,000 changes a second takes 285,000 years to get there. */
  modSeqs: Float64Array
  sizes: Uint32Array
  /** Seconds since the epoch. */
  internalDates: Uint32Array
  count = 0
  /** The log is applied up to here. */
  modSeq: number
  uidNext: number
  /** Keyword names by bit, from bit `systemFlagNames.length` up. Only grows. */
  keywords: readonly string[]

  constructor(options: { readonly modSeq: number; readonly uidNext: number; readonly keywords: readonly string[]; readonly capacity?: number }) {
    const capacity = options.capacity ?? 16
    this.uids = new Uint32Array(capacity)
    this.flags = new Uint32Array(capacity)
    this.modSeqs = new Float64Array(capacity)
    this.sizes = new Uint32Array(capacity)
    this.internalDates = new Uint32Array(capacity)
    this.modSeq = options.modSeq
    this.uidNext = options.uidNext
    this.keywords = options.keywords
  }

  /** Position of `uid`, or -1. */
  find(uid: number): number {
    const at = this.lowerBound(uid)
    return at < this.count && this.uids[at] === uid ? at : -1
  }

  /** First position whose uid is ≥ `uid`; `count` when there is none. */
  lowerBound(uid: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.uids[middle] ?? 0) < uid) low = middle + 1
      else high = middle
    }
    return low
  }

  push(message: { readonly uid: number; readonly flags: number; readonly modSeq: number; readonly size: number; readonly internalDate: number }): void {
    if (this.count === this.uids.length) this.grow()
    const at = this.count++
    this.uids[at] = message.uid
    this.flags[at] = message.flags
    this.modSeqs[at] = message.modSeq
    this.sizes[at] = message.size
    this.internalDates[at] = Math.floor(message.internalDate / 1000)
    if (message.uid >= this.uidNext) this.uidNext = message.uid + 1
  }

  /** Removes messages; `uids` ascending. New arrays are made so that views of the old one stay whole. */
  remove(uids: ArrayLike<number>): void {
    let kept = 0
    let next = 0
    const from = { uids: this.uids, flags: this.flags, modSeqs: this.modSeqs, sizes: this.sizes, internalDates: this.internalDates }
    const capacity = from.uids.length
    this.uids = new Uint32Array(capacity)
    this.flags = new Uint32Array(capacity)
    this.modSeqs = new Float64Array(capacity)
    this.sizes = new Uint32Array(capacity)
    this.internalDates = new Uint32Array(capacity)
    for (let at = 0; at < this.count; at++) {
      const uid = from.uids[at] ?? 0
      while (next < uids.length && (uids[next] ?? 0) < uid) next++
      if (next < uids.length && uids[next] === uid) continue
      this.uids[kept] = uid
      this.flags[kept] = from.flags[at] ?? 0
      this.modSeqs[kept] = from.modSeqs[at] ?? 0
      this.sizes[kept] = from.sizes[at] ?? 0
      this.internalDates[kept] = from.internalDates[at] ?? 0
      kept++
    }
    this.count = kept
  }

  /** Names of the flags set in a bit set, system flags first. */
  flagNames(bits: number): string[] {
    const names: string[] = []
    for (let bit = 0; bit < systemFlagNames.length + this.keywords.length; bit++) {
      if ((bits >>> bit) & 1) names.push(systemFlagNames[bit] ?? this.keywords[bit - systemFlagNames.length] ?? "")
    }
    return names
  }

  /** The bit of a flag name (case-insensitive), or undefined for a keyword this mailbox has never had. */
  bitOf(name: string): number | undefined {
    return flagBit(name, this.keywords)
  }

  private grow(): void {
    const capacity = this.uids.length * 2
    const grown = <A extends Uint32Array | Float64Array>(target: A, source: A): A => {
      target.set(source)
      return target
    }
    this.uids = grown(new Uint32Array(capacity), this.uids)
    this.flags = grown(new Uint32Array(capacity), this.flags)
    this.modSeqs = grown(new Float64Array(capacity), this.modSeqs)
    this.sizes = grown(new Uint32Array(capacity), this.sizes)
    this.internalDates = grown(new Uint32Array(capacity), this.internalDates)
  }
}
