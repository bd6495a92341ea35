import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { systemFlagNames } from "../../mail/flag.ts"
import type { Change } from "../change.ts"
import type { Copied } from "../mail-store.ts"
import { type Database, withRetry } from "./database.ts"
import { readHead } from "./mailbox-log.ts"
import { gone, type MailboxLog, withKeywords } from "./open-mailbox.ts"

/**
 * COPY and MOVE: message rows are written again in the target, the content is not touched. A move also appends the expunge
 * to the source's log in the same statement, or does nothing when that log has moved on (RFC 6851 §3.3: all or nothing).
 */
export interface Transferred {
  readonly copied: Copied
  /** What happened to the target. */
  readonly change: Change
}

export async function transfer(database: Database, source: MailboxLog, request: { readonly uids: readonly number[]; readonly targetId: number; readonly move: boolean }): Promise<Result<Transferred, Failure>> {
  if (request.move && request.targetId === source.mailboxId) return failed(failure("invalid", "the messages are in that mailbox already"))
  for (let tries = 0; tries < maxTries; tries++) {
    // all of one moment: while the target is asked for its keywords, other sessions move the index on
    const positions = source.positionsOf([...new Set(request.uids)].sort((a, b) => a - b), () => true)
    const { expectedModSeq, ranges, counts } = source.removal(positions)
    const uids = positions.map((at) => source.index.uids[at] ?? 0)
    const sets = positions.map((at) => source.index.flags[at] ?? 0)
    const flags = await flagsInTarget(database, source, sets, request.targetId)
    if (!flags.ok) return flags
    if (uids.length === 0) return (await readHead(database, request.targetId)) ? ok(nothing(source, request.targetId)) : failed(gone)
    const rows = await withRetry(() =>
      database.query<TransferRow>(request.move ? moveStatement : copyStatement, [
        source.mailboxId, request.targetId, uids, flags.value, ...counts, ...(request.move ? [expectedModSeq, ranges] : []),
      ]),
    )
    const [first] = rows
    if (first && request.move && first.expunged_modseq !== null) source.advance({ operation: "expunge", modseq: first.expunged_modseq, uid_ranges: ranges, keep_mask: 0, set_mask: 0 })
    if (first) return ok(transferred(rows, first, request.targetId))
    const full = await targetIsFull(database, request.targetId, counts[3])
    if (full) return failed(full)
    if (!(await source.refresh())) return failed(gone)
  }
  return failed(failure("unavailable", "the mailbox is too busy, try again"))
}

const maxTries = 50

/** Each message's flags as the target writes them: keyword bits differ between mailboxes. Keywords are only ever added, so what was read stays right. */
async function flagsInTarget(database: Database, source: MailboxLog, sets: readonly number[], targetId: number): Promise<Result<readonly number[], Failure>> {
  const used = sets.reduce((all, set) => all | set, 0) >>> systemFlagNames.length
  if (used === 0) return ok(sets)
  const names = source.index.keywords.filter((_, bit) => (used >>> bit) & 1)
  for (;;) {
    const head = await readHead(database, targetId)
    if (!head) return failed(gone)
    const keywords = withKeywords(head.keywords, names)
    if (!keywords.ok) return keywords
    if (keywords.value !== head.keywords) {
      await database.query({ name: "grow-keywords", text: "UPDATE mailbox SET keywords = $3 WHERE id = $1 AND keywords = $2::text[]" }, [targetId, head.keywords, keywords.value])
      continue
    }
    const place = new Map(keywords.value.map((name, bit) => [name.toLowerCase(), bit + systemFlagNames.length]))
    const systemMask = (1 << systemFlagNames.length) - 1
    return ok(
      sets.map((set) => source.index.keywords.reduce((mapped, name, bit) => ((set >>> (bit + systemFlagNames.length)) & 1 ? mapped | (1 << (place.get(name.toLowerCase()) ?? 0)) : mapped), set & systemMask) >>> 0),
    )
  }
}

interface TransferRow {
  readonly account_id: number
  readonly uid_validity: number
  readonly modseq: number
  readonly source_uid: number
  readonly target_uid: number
  readonly flags: number
  readonly size: number
  readonly internal_ms: number
  readonly expunged_modseq: number | null
}

/** `$1` source, `$2` target, `$3` uids, `$4` flags, `$5`-`$8` messages, unseen, deleted and bytes of them; a move has `$9` the source's modseq and `$10` its uid ranges. */
const statementText = (move: boolean): string => `
  WITH locked AS (
    SELECT id, account_id, highest_modseq FROM mailbox WHERE id IN ($1, $2) ORDER BY id FOR NO KEY UPDATE
  ), taken AS (
    SELECT m.uid, m.content, m.envelope_id, m.size, m.internal_date, f.flags, row_number() OVER (ORDER BY m.uid) AS n
    FROM message m JOIN unnest($3::bigint[], $4::bigint[]) AS f (uid, flags) ON m.uid = f.uid WHERE m.mailbox_id = $1
  ), target AS (
    UPDATE mailbox t
    SET uid_next = t.uid_next + $5, highest_modseq = t.highest_modseq + 1, messages = t.messages + $5, unseen = t.unseen + $6, deleted = t.deleted + $7, bytes = t.bytes + $8
    FROM locked l
    WHERE t.id = $2 AND l.id = t.id AND (SELECT count(*) FROM taken) = $5
      ${move ? "AND EXISTS (SELECT FROM locked WHERE id = $1 AND highest_modseq = $9)" : ""}
      AND (${move ? "(SELECT count(DISTINCT account_id) FROM locked) = 1 OR" : ""}
           (SELECT coalesce(sum(bytes), 0) FROM mailbox WHERE account_id = l.account_id) + $8 <= (SELECT quota_bytes FROM account WHERE id = l.account_id))
    RETURNING t.id, t.account_id, t.uid_validity, t.highest_modseq, t.uid_next - $5 AS first_uid
  ), added AS (
    INSERT INTO message (mailbox_id, uid, modseq, content, envelope_id, size, internal_date, flags)
    SELECT target.id, target.first_uid + taken.n - 1, target.highest_modseq, taken.content, taken.envelope_id, taken.size, taken.internal_date, taken.flags FROM taken, target
  )${
    move
      ? `, source AS (
    UPDATE mailbox s SET highest_modseq = s.highest_modseq + 1, messages = s.messages - $5, unseen = s.unseen - $6, deleted = s.deleted - $7, bytes = s.bytes - $8
    FROM target WHERE s.id = $1 RETURNING s.id, s.highest_modseq
  ), gone AS (
    DELETE FROM message USING source WHERE message.mailbox_id = source.id AND message.uid = ANY ($3::bigint[])
  ), logged AS (
    INSERT INTO mailbox_change (mailbox_id, modseq, operation, uid_ranges) SELECT id, highest_modseq, 'expunge', $10::bigint[] FROM source RETURNING modseq
  )`
      : ""
  }
  SELECT target.account_id, target.uid_validity, target.highest_modseq AS modseq, taken.uid AS source_uid, target.first_uid + taken.n - 1 AS target_uid, taken.flags, taken.size,
    (extract(epoch FROM taken.internal_date) * 1000)::bigint AS internal_ms, ${move ? "(SELECT modseq FROM logged)" : "NULL::bigint"} AS expunged_modseq
  FROM taken, target ORDER BY taken.n`

const copyStatement = { name: "copy-messages", text: statementText(false) }
const moveStatement = { name: "move-messages", text: statementText(true) }

function transferred(rows: readonly TransferRow[], first: TransferRow, targetId: number): Transferred {
  return {
    copied: { uidValidity: first.uid_validity, sourceUids: rows.map((row) => row.source_uid), targetUids: rows.map((row) => row.target_uid) },
    // keywords may be new to who hears of it: only the log has them
    change: rows.some((row) => row.flags >>> systemFlagNames.length)
      ? { kind: "advanced", accountId: first.account_id, mailboxId: targetId, modSeq: first.modseq }
      : {
          kind: "appended",
          accountId: first.account_id,
          mailboxId: targetId,
          modSeq: first.modseq,
          messages: rows.map((row) => ({ uid: row.target_uid, flags: row.flags, size: row.size, internalDate: row.internal_ms })),
        },
  }
}

const nothing = (source: MailboxLog, targetId: number): Transferred => ({
  copied: { uidValidity: source.uidValidity, sourceUids: [], targetUids: [] },
  change: { kind: "advanced", accountId: source.accountId, mailboxId: targetId, modSeq: 0 },
})

async function targetIsFull(database: Database, targetId: number, bytes: number): Promise<Failure | undefined> {
  const [row] = await database.query<{ full: boolean }>(
    {
      name: "target-is-full",
      text: `SELECT (SELECT sum(bytes) FROM mailbox WHERE account_id = a.id) + $2 > a.quota_bytes AS full FROM mailbox m JOIN account a ON a.id = m.account_id WHERE m.id = $1`,
    },
    [targetId, bytes],
  )
  if (!row) return gone
  return row.full ? failure("overQuota", "the mailbox is full") : undefined
}
