import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { flagBits, isVerdictKeyword, maxKeywordBytes, maxKeywords, systemFlagNames } from "../../mail/flag.ts"
import type { Change } from "../change.ts"
import type { FlagChange, FlagsChanged } from "../mail-store.ts"
import type { MailboxIndex } from "../mailbox-index.ts"
import { type Database, withRetry } from "./database.ts"
import { applyChange, catchUp, type ChangeRow, rangesOf, readHead, uidsWithin } from "./mailbox-log.ts"

/**
 * One mailbox that this process has open: its index, and how its log is appended to. A change is decided on the index and
 * committed only if the log has not moved past it (the row's HIGHESTMODSEQ is compared under its lock); else the index
 * catches up and the change is decided again. So counters and UNCHANGEDSINCE are exact without a lock held over a round trip.
 */
export class MailboxLog {
  readonly mailboxId: number
  readonly accountId: number
  readonly uidValidity: number
  readonly index: MailboxIndex
  /** As of the last reading of the head. */
  name: string
  private readonly database: Database
  private readonly listeners = new Set<() => void>()
  private catchingUp: Promise<boolean> | undefined
  private again = false

  constructor(options: { readonly database: Database; readonly mailboxId: number; readonly accountId: number; readonly uidValidity: number; readonly name: string; readonly index: MailboxIndex }) {
    this.database = options.database
    this.mailboxId = options.mailboxId
    this.accountId = options.accountId
    this.uidValidity = options.uidValidity
    this.index = options.index
    this.name = options.name
  }

  onAdvance(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** False when the mailbox is gone. A call while another reads the head waits for a reading that began after it. */
  async refresh(): Promise<boolean> {
    if (this.catchingUp) {
      this.again = true
      await this.catchingUp
      if (this.catchingUp) return this.catchingUp
    }
    this.catchingUp = this.readOn().finally(() => (this.catchingUp = undefined))
    return this.catchingUp
  }

  private async readOn(): Promise<boolean> {
    for (;;) {
      this.again = false
      const head = await readHead(this.database, this.mailboxId)
      if (!head) return false
      this.name = head.name
      if ((await catchUp(this.database, this.mailboxId, this.index, head)) > 0) this.tell()
      if (!this.again) return true
    }
  }

  /** Takes in what another process or a delivery committed. What follows on directly is applied at once, the rest is read. */
  hear(change: Change): void {
    if (change.kind !== "appended" && change.kind !== "advanced") return
    if (change.modSeq <= this.index.modSeq) return
    // by uid, too: a catching up that broke off has taken in messages that `modSeq` does not cover yet
    if (change.kind === "appended" && change.modSeq === this.index.modSeq + 1 && (change.messages[0]?.uid ?? 0) >= this.index.uidNext && !this.catchingUp) {
      for (const message of change.messages) this.index.push({ ...message, modSeq: change.modSeq })
      this.index.modSeq = change.modSeq
      this.tell()
    } else void this.refresh().catch(() => undefined)
  }

  async setFlags(uids: readonly number[], change: FlagChange): Promise<Result<FlagsChanged, Failure>> {
    for (let tries = 0; tries < maxTries; tries++) {
      const flags = change.flags.filter((name) => !isVerdictKeyword(name))
      const keywords = withKeywords(this.index.keywords, flags)
      if (!keywords.ok) return keywords
      const bits = bitsOf(keywords.value, flags)
      const kept = bitsOf(this.index.keywords, this.index.keywords.filter(isVerdictKeyword))
      const [keepMask, setMask] = { add: [0xffffffff, bits], remove: [~bits >>> 0, 0], replace: [kept, bits] }[change.mode] as [number, number]
      const { positions, modified, unseen, deleted } = this.planFlags(uids, { keepMask, setMask, unchangedSince: change.unchangedSince })
      if (positions.length === 0) {
        if (change.unchangedSince === undefined || (await this.isCurrent())) return ok({ modSeq: null, modified })
        continue
      }
      const row = { operation: "flags", uid_ranges: rangesOf(this.index, positions), keep_mask: keepMask, set_mask: setMask } as const
      const grown = keywords.value === this.index.keywords ? null : keywords.value
      const [committed] = await this.database.query<{ modseq: number }>(appendFlags, [this.mailboxId, this.index.modSeq, unseen, deleted, grown, row.uid_ranges, keepMask, setMask])
      if (committed) {
        this.index.keywords = keywords.value
        this.advance({ ...row, modseq: committed.modseq })
        return ok({ modSeq: committed.modseq, modified })
      }
      if (!(await this.refresh())) return failed(gone)
    }
    return failed(tooBusy)
  }

  async expunge(uids: readonly number[] | null): Promise<Result<readonly number[], Failure>> {
    for (let tries = 0; tries < maxTries; tries++) {
      const positions = this.positionsOf(uids, (at) => ((this.index.flags[at] ?? 0) & flagBits.deleted) !== 0)
      if (positions.length === 0) return ok([])
      const removed = await this.removePositions(positions)
      if (removed) return ok(removed)
      if (!(await this.refresh())) return failed(gone)
    }
    return failed(tooBusy)
  }

  /** The log row and counters of taking these messages out, for a caller that does so in its own statement. */
  removal(positions: readonly number[]): { readonly expectedModSeq: number; readonly ranges: readonly number[]; readonly counts: readonly [messages: number, unseen: number, deleted: number, bytes: number] } {
    let [unseen, deleted, bytes] = [0, 0, 0]
    for (const at of positions) {
      const flags = this.index.flags[at] ?? 0
      if (!(flags & flagBits.seen)) unseen++
      if (flags & flagBits.deleted) deleted++
      bytes += this.index.sizes[at] ?? 0
    }
    return { expectedModSeq: this.index.modSeq, ranges: rangesOf(this.index, positions), counts: [positions.length, unseen, deleted, bytes] }
  }

  private async removePositions(positions: readonly number[]): Promise<readonly number[] | undefined> {
    const { expectedModSeq, ranges, counts } = this.removal(positions)
    const removed = uidsWithin(this.index, ranges)
    const [committed] = await withRetry(() => this.database.query<{ modseq: number }>(appendExpunge, [this.mailboxId, expectedModSeq, ranges, ...counts]))
    if (!committed) return undefined
    this.advance({ operation: "expunge", modseq: committed.modseq, uid_ranges: ranges, keep_mask: 0, set_mask: 0 })
    return removed
  }

  /** Applies a row of the log that this process has just committed on top of the index. */
  advance(row: ChangeRow): void {
    if (row.modseq <= this.index.modSeq) return
    if (row.modseq !== this.index.modSeq + 1) return void this.refresh().catch(() => undefined)
    applyChange(this.index, row)
    this.index.modSeq = row.modseq
    this.tell()
  }

  positionsOf(uids: readonly number[] | null, want: (at: number) => boolean): number[] {
    const positions: number[] = []
    if (uids === null) {
      for (let at = 0; at < this.index.count; at++) if (want(at)) positions.push(at)
    } else
      for (const uid of uids) {
        const at = this.index.find(uid)
        if (at >= 0 && want(at)) positions.push(at)
      }
    return positions
  }

  private planFlags(uids: readonly number[], change: { readonly keepMask: number; readonly setMask: number; readonly unchangedSince: number | undefined }) {
    const positions: number[] = []
    const modified: number[] = []
    let [unseen, deleted] = [0, 0]
    let at = 0
    for (const uid of uids) {
      // uids come in ascending order, nearly always without gaps
      at = this.index.uids[at] === uid && at < this.index.count ? at : this.index.find(uid)
      if (at < 0) {
        at = 0
        continue
      }
      const old = this.index.flags[at] ?? 0
      const now = ((old & change.keepMask) | change.setMask) >>> 0
      if (change.unchangedSince !== undefined && (this.index.modSeqs[at] ?? 0) > change.unchangedSince) modified.push(uid)
      else if (now !== old) {
        positions.push(at)
        unseen += Number(!(now & flagBits.seen)) - Number(!(old & flagBits.seen))
        deleted += Number((now & flagBits.deleted) !== 0) - Number((old & flagBits.deleted) !== 0)
      }
      at++
    }
    return { positions, modified, unseen, deleted }
  }

  private async isCurrent(): Promise<boolean> {
    const before = this.index.modSeq
    return (await this.refresh()) && this.index.modSeq === before
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

/** Each lost round means that somebody else's change went through; so many in a row mean a mailbox under siege. */
const maxTries = 50
const tooBusy = failure("unavailable", "the mailbox is too busy, try again")
export const gone = failure("notFound", "the mailbox has been deleted")

const appendFlags = {
  name: "append-flags",
  text: `
    WITH m AS (
      UPDATE mailbox SET highest_modseq = highest_modseq + 1, unseen = unseen + $3, deleted = deleted + $4, keywords = coalesce($5::text[], keywords)
      WHERE id = $1 AND highest_modseq = $2 RETURNING id, highest_modseq
    )
    INSERT INTO mailbox_change (mailbox_id, modseq, operation, uid_ranges, keep_mask, set_mask)
    SELECT id, highest_modseq, 'flags', $6::bigint[], $7, $8 FROM m RETURNING modseq`,
}

const appendExpunge = {
  name: "append-expunge",
  text: `
    WITH m AS (
      UPDATE mailbox SET highest_modseq = highest_modseq + 1, messages = messages - $4, unseen = unseen - $5, deleted = deleted - $6, bytes = bytes - $7
      WHERE id = $1 AND highest_modseq = $2 RETURNING id, highest_modseq
    ), gone AS (
      DELETE FROM message USING m, unnest($3::bigint[]) WITH ORDINALITY AS f (first, n) JOIN unnest($3::bigint[]) WITH ORDINALITY AS l (last, n) ON l.n = f.n + 1 AND f.n % 2 = 1
      WHERE message.mailbox_id = m.id AND message.uid BETWEEN f.first AND l.last
    )
    INSERT INTO mailbox_change (mailbox_id, modseq, operation, uid_ranges) SELECT id, highest_modseq, 'expunge', $3::bigint[] FROM m RETURNING modseq`,
}

/** The mailbox's keywords with those of `flags` that it does not have yet; the same array when it has them all. */
export function withKeywords(keywords: readonly string[], flags: readonly string[]): Result<readonly string[], Failure> {
  let grown = keywords
  for (const name of flags) {
    if (name.startsWith("\\")) continue
    if (Buffer.byteLength(name) > maxKeywordBytes) return failed(failure("limit", `a keyword has at most ${maxKeywordBytes} bytes`))
    if (!grown.some((known) => known.toLowerCase() === name.toLowerCase())) grown = [...grown, name]
  }
  return grown.length > maxKeywords ? failed(failure("limit", `a mailbox has at most ${maxKeywords} keywords`)) : ok(grown)
}

const bitsOf = (keywords: readonly string[], names: readonly string[]): number => names.reduce((set, name) => set | (1 << bitIn(keywords, name)), 0) >>> 0

const bitIn = (keywords: readonly string[], name: string): number => {
  const folded = name.toLowerCase()
  const system = systemFlagNames.findIndex((flag) => flag.toLowerCase() === folded)
  return system >= 0 ? system : systemFlagNames.length + keywords.findIndex((word) => word.toLowerCase() === folded)
}
