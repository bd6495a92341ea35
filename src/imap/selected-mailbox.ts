import { setImmediate as yieldToOthers } from "node:timers/promises"
import { isVerdictKeyword, maxKeywords, systemFlagNames } from "../mail/flag.ts"
import type { OpenMailbox } from "../store/mail-store.ts"
import type { MailboxIndex } from "../store/mailbox-index.ts"
import { type PendingUpdates, pendingUpdates } from "./pending-updates.ts"
import type { ResponseWriter } from "./response/writer.ts"
import type { SelectedMailbox } from "./selected.ts"

/**
 * One client's view of its selected mailbox over the index that all sessions share: sequence numbers mean what the client
 * was last told, whatever the index has become. Costs a few numbers while view and index are one.
 * Must not know: commands, sockets.
 */
export class SelectedView implements SelectedMailbox {
  readonly mailbox: OpenMailbox
  readOnly: boolean
  uids: Uint32Array
  count: number
  recentFrom: number
  /** How the client names the mailbox. */
  readonly clientName: string
  /** Changes of flags up to here are known to the client. */
  private toldModSeq: number
  private toldRecent: number
  private firstNewUid: number
  private toldKeywords: number

  constructor(mailbox: OpenMailbox, options: { readonly readOnly: boolean; readonly recentFrom: number; readonly clientName: string }) {
    this.mailbox = mailbox
    this.readOnly = options.readOnly
    this.recentFrom = options.recentFrom
    this.clientName = options.clientName
    this.uids = mailbox.index.uids
    this.count = mailbox.index.count
    this.toldModSeq = mailbox.index.modSeq
    this.firstNewUid = mailbox.index.uidNext
    this.toldKeywords = mailbox.index.keywords.length
    this.toldRecent = this.recent
  }

  seqOf(uid: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.uids[middle] ?? 0) < uid) low = middle + 1
      else high = middle
    }
    return low < this.count && this.uids[low] === uid ? low + 1 : 0
  }

  uidAt(seq: number): number {
    return seq >= 1 && seq <= this.count ? (this.uids[seq - 1] ?? 0) : 0
  }

  /** Number of \Recent messages in view. */
  get recent(): number {
    let seq = this.count
    while (seq > 0 && (this.uids[seq - 1] ?? 0) >= this.recentFrom) seq--
    return this.count - seq
  }

  /** Only when nothing else happened in between is the client's picture complete; otherwise it is told its own change again, which does no harm. */
  silence(modSeq: number): void {
    if (modSeq === this.toldModSeq + 1) this.toldModSeq = modSeq
  }

  /** True when the client is up to date, expunges apart that it may not be told yet. */
  get current(): boolean {
    const { index } = this.mailbox
    return index.modSeq <= this.toldModSeq && this.uids === index.uids && this.count === index.count && index.keywords.length === this.toldKeywords
  }

  /** Tells the client what happened. `withUid`: the command in progress is a UID command (RFC 9051 §6.4.9). */
  async tell(out: ResponseWriter, options: { readonly mayExpunge: boolean; readonly withUid: boolean; readonly condstore: boolean }): Promise<void> {
    if (this.current) return
    const { index } = this.mailbox
    const modSeq = index.modSeq
    const updates = pendingUpdates(this, index, this.toldModSeq, options.mayExpunge)
    this.toldModSeq = Math.max(this.toldModSeq, modSeq)
    await tellNumbers(out, "EXPUNGE", updates.expunged)
    this.uids = updates.view.uids
    this.count = updates.view.count
    if (updates.exists !== null) out.line(`* ${updates.exists} EXISTS`)
    this.tellRecent(out)
    if (index.keywords.length !== this.toldKeywords) {
      this.toldKeywords = index.keywords.length
      for (const line of flagLines(index, this.readOnly)) out.line(line)
    }
    await this.tellFlags(out, updates, options)
  }

  /** Gives the mailbox back. New messages that this session was the first to be told of are nobody's recent ones any more (RFC 3501 §2.3.2). */
  async leave(): Promise<void> {
    const last = this.uidAt(this.count)
    try {
      if (!this.readOnly && last >= this.firstNewUid) await this.mailbox.takeRecent(true)
    } finally {
      this.mailbox.release()
    }
  }

  private tellRecent(out: ResponseWriter): void {
    const recent = this.recent
    if (recent === this.toldRecent) return
    this.toldRecent = recent
    out.line(`* ${recent} RECENT`)
  }

  private async tellFlags(out: ResponseWriter, updates: PendingUpdates, options: { readonly withUid: boolean; readonly condstore: boolean }): Promise<void> {
    const { index } = this.mailbox
    const names = new Map<number, string>()
    for (let next = 0; next < updates.changed.length; next++) {
      if (next % slice === slice - 1) await pause(out)
      const seq = updates.changed[next] ?? 0
      const uid = this.uidAt(seq)
      const at = index.find(uid)
      if (at < 0) continue
      const bits = index.flags[at] ?? 0
      let flags = names.get(bits)
      if (flags === undefined) names.set(bits, (flags = index.flagNames(bits).join(" ")))
      const recent = uid >= this.recentFrom ? (flags === "" ? "\\Recent" : " \\Recent") : ""
      // RFC 7162 §3.2.4: a client that enabled CONDSTORE is given MODSEQ in every unsolicited FETCH
      out.line(`* ${seq} FETCH (${options.withUid ? `UID ${uid} ` : ""}FLAGS (${flags}${recent})${options.condstore ? ` MODSEQ (${index.modSeqs[at] ?? 0})` : ""})`)
    }
  }
}

/** FLAGS and PERMANENTFLAGS (RFC 3501 §7.2.6, §7.1). `\\*`: new keywords may be made, while there is room for them. */
export function flagLines(index: MailboxIndex, readOnly: boolean): readonly string[] {
  const names = [...systemFlagNames, ...index.keywords].join(" ")
  const own = [...systemFlagNames, ...index.keywords.filter((name) => !isVerdictKeyword(name))].join(" ")
  const permanent = readOnly ? "" : index.keywords.length < maxKeywords ? `${own} \\*` : own
  return [`* FLAGS (${names})`, `* OK [PERMANENTFLAGS (${permanent})] Flags that are kept`]
}

async function tellNumbers(out: ResponseWriter, what: string, seqs: readonly number[]): Promise<void> {
  for (let next = 0; next < seqs.length; next++) {
    if (next % slice === slice - 1) await pause(out)
    out.line(`* ${seqs[next]} ${what}`)
  }
}

/** Lines told before others get their turn on the event loop. */
const slice = 2000

async function pause(out: ResponseWriter): Promise<void> {
  await out.ready()
  await yieldToOthers()
}
