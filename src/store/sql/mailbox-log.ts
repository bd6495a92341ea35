import { MailboxIndex } from "../mailbox-index.ts"
import type { Database } from "./database.ts"

/**
 * Reads a mailbox's log into its index. A committed HIGHESTMODSEQ means that everything up to it is committed too, because
 * modseqs are allocated under the mailbox's row lock; so the head is read first and the rest needs no snapshot isolation.
 */
export interface MailboxHead {
  readonly accountId: number
  readonly name: string
  readonly uidValidity: number
  readonly uidNext: number
  readonly highestModSeq: number
  readonly keywords: readonly string[]
  readonly messages: number
}

interface HeadRow {
  readonly account_id: number
  readonly name: string
  readonly uid_validity: number
  readonly uid_next: number
  readonly highest_modseq: number
  readonly keywords: string[]
  readonly messages: number
}

export async function readHead(database: Database, mailboxId: number): Promise<MailboxHead | undefined> {
  const [row] = await database.query<HeadRow>(selectHead, [mailboxId])
  return row && { accountId: row.account_id, name: row.name, uidValidity: row.uid_validity, uidNext: row.uid_next, highestModSeq: row.highest_modseq, keywords: row.keywords, messages: row.messages }
}

const selectHead = { name: "mailbox-head", text: "SELECT account_id, name, uid_validity, uid_next, highest_modseq, keywords, messages FROM mailbox WHERE id = $1" }

/** The index of a mailbox as of `head`: the snapshot, then what the log says since. A log that has grown long is folded into a new snapshot. */
export async function loadIndex(database: Database, mailboxId: number, head: MailboxHead): Promise<MailboxIndex> {
  const [snapshot] = await database.query<{ modseq: number; packed: Buffer }>(selectSnapshot, [mailboxId])
  const index = snapshot ? unpackIndex(snapshot.packed, { modSeq: snapshot.modseq, keywords: head.keywords }) : new MailboxIndex({ modSeq: 0, uidNext: 1, keywords: head.keywords, capacity: Math.max(16, head.messages) })
  const replayed = await catchUp(database, mailboxId, index, head)
  if (replayed >= foldAfter) await database.query(saveSnapshot, [mailboxId, index.modSeq, packIndex(index)])
  return index
}

/** So many rows are read quicker one by one than it costs to keep them out of the next reading. */
const foldAfter = 1000

const selectSnapshot = { name: "mailbox-snapshot", text: "SELECT modseq, packed FROM mailbox_snapshot WHERE mailbox_id = $1" }
const saveSnapshot = {
  name: "mailbox-snapshot-save",
  text: `INSERT INTO mailbox_snapshot (mailbox_id, modseq, packed) VALUES ($1, $2, $3)
    ON CONFLICT (mailbox_id) DO UPDATE SET modseq = excluded.modseq, packed = excluded.packed WHERE mailbox_snapshot.modseq < excluded.modseq`,
}

/** Moves the index up to `head`. Returns how many rows it took. When it breaks off, messages may be in the index that its `modSeq` does not cover; the next call goes on behind them. */
export async function catchUp(database: Database, mailboxId: number, index: MailboxIndex, head: MailboxHead): Promise<number> {
  if (head.highestModSeq <= index.modSeq) return 0
  index.keywords = head.keywords
  let rows = 0
  for (let from = index.uidNext; ; ) {
    const page = await database.query<MessageRow>(selectMessages, [mailboxId, from, head.highestModSeq, messagePage])
    for (const row of page) index.push({ uid: row.uid, flags: row.flags, modSeq: row.modseq, size: row.size, internalDate: row.internal_ms })
    rows += page.length
    if (page.length < messagePage) break
    from = index.uidNext
  }
  const changes = await database.query<ChangeRow>(selectChanges, [mailboxId, index.modSeq, head.highestModSeq])
  for (const change of changes) applyChange(index, change)
  index.modSeq = head.highestModSeq
  index.uidNext = Math.max(index.uidNext, head.uidNext)
  return rows + changes.length
}

/** A page is parsed and pushed in a few milliseconds. */
const messagePage = 5000

interface MessageRow {
  readonly uid: number
  readonly modseq: number
  readonly flags: number
  readonly size: number
  readonly internal_ms: number
}

const selectMessages = {
  name: "mailbox-messages-since",
  text: `SELECT uid, modseq, flags, size, (extract(epoch FROM internal_date) * 1000)::bigint AS internal_ms
    FROM message WHERE mailbox_id = $1 AND uid >= $2 AND modseq <= $3 ORDER BY uid LIMIT $4`,
}

export interface ChangeRow {
  readonly modseq: number
  readonly operation: "flags" | "expunge"
  readonly uid_ranges: readonly number[]
  readonly keep_mask: number
  readonly set_mask: number
}

const selectChanges = {
  name: "mailbox-changes-since",
  text: "SELECT modseq, operation, uid_ranges, keep_mask, set_mask FROM mailbox_change WHERE mailbox_id = $1 AND modseq > $2 AND modseq <= $3 ORDER BY modseq",
}

/** Applies one row of the log. Uids that are not there (any more) are skipped. */
export function applyChange(index: MailboxIndex, change: ChangeRow): void {
  if (change.operation === "expunge") return index.remove(uidsWithin(index, change.uid_ranges))
  for (let pair = 0; pair < change.uid_ranges.length; pair += 2) {
    const end = index.lowerBound((change.uid_ranges[pair + 1] ?? 0) + 1)
    for (let at = index.lowerBound(change.uid_ranges[pair] ?? 0); at < end; at++) {
      if ((index.modSeqs[at] ?? 0) >= change.modseq) continue
      index.flags[at] = (((index.flags[at] ?? 0) & change.keep_mask) | change.set_mask) >>> 0
      index.modSeqs[at] = change.modseq
    }
  }
}

/** The uids of the index that lie in `ranges`, ascending. */
export function uidsWithin(index: MailboxIndex, ranges: readonly number[]): number[] {
  const uids: number[] = []
  for (let pair = 0; pair < ranges.length; pair += 2) {
    const end = index.lowerBound((ranges[pair + 1] ?? 0) + 1)
    for (let at = index.lowerBound(ranges[pair] ?? 0); at < end; at++) uids.push(index.uids[at] ?? 0)
  }
  return uids
}

/** Ascending uids as runs that are gapless in the index: `[first, last, first, last, …]`. Uids between two runs' ends that no message has cost no run. */
export function rangesOf(index: MailboxIndex, positions: readonly number[]): number[] {
  const ranges: number[] = []
  let previous = -2
  for (const at of positions) {
    const uid = index.uids[at] ?? 0
    if (at === previous + 1) ranges[ranges.length - 1] = uid
    else ranges.push(uid, uid)
    previous = at
  }
  return ranges
}

const packedBytes = 24

/** 24 bytes a message, little-endian: uid, flags, modseq (double), size, internal date (seconds). After them uidNext as a double. */
export function packIndex(index: MailboxIndex): Buffer {
  const packed = Buffer.allocUnsafe(index.count * packedBytes + 8)
  for (let row = 0; row < index.count; row++) {
    const at = row * packedBytes
    packed.writeUInt32LE(index.uids[row] ?? 0, at)
    packed.writeUInt32LE(index.flags[row] ?? 0, at + 4)
    packed.writeDoubleLE(index.modSeqs[row] ?? 0, at + 8)
    packed.writeUInt32LE(index.sizes[row] ?? 0, at + 16)
    packed.writeUInt32LE(index.internalDates[row] ?? 0, at + 20)
  }
  packed.writeDoubleLE(index.uidNext, index.count * packedBytes)
  return packed
}

export function unpackIndex(packed: Buffer, head: { readonly modSeq: number; readonly keywords: readonly string[] }): MailboxIndex {
  const count = Math.floor((packed.length - 8) / packedBytes)
  const index = new MailboxIndex({ ...head, uidNext: packed.readDoubleLE(count * packedBytes), capacity: Math.max(16, count) })
  for (let row = 0; row < count; row++) {
    const at = row * packedBytes
    index.uids[row] = packed.readUInt32LE(at)
    index.flags[row] = packed.readUInt32LE(at + 4)
    index.modSeqs[row] = packed.readDoubleLE(at + 8)
    index.sizes[row] = packed.readUInt32LE(at + 16)
    index.internalDates[row] = packed.readUInt32LE(at + 20)
  }
  index.count = count
  return index
}
