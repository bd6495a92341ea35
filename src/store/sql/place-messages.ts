import { maxKeywords, systemFlagNames } from "../../mail/flag.ts"
import type { Change } from "../change.ts"

/**
 * Name of the mailbox that takes a message in: of what is marked as junk, the one for it (RFC 6154 §2), or INBOX where somebody has deleted that.
 * `account` is an expression; `e` is the envelope.
 */
export const placeNameSql = (account: string): string =>
  `CASE WHEN e.marks <> '' AND '$junk' = ANY (string_to_array(lower(e.marks), ' ')) THEN coalesce((SELECT junk.name FROM mailbox junk WHERE junk.account_id = ${account} AND junk.special_use = '\\Junk' LIMIT 1), 'INBOX') ELSE 'INBOX' END`

/**
 * The steps of a statement that turn deliveries into messages of mailboxes here. They follow a step `job` with one row for each delivery: id, envelope_id,
 * content, marks, size, internal_date, mailbox_id and the mailbox's keywords, in the order of mailbox and delivery, with the mailboxes' rows locked.
 * Uids follow the order of deliveries; each mailbox's modseq rises once. What belongs to one mailbox travels as arrays: joins between the
 * steps would be compared row by row. A mark that the mailbox does not know yet becomes its keyword, if it has room for one; `grown` tells
 * that its head must be read anew.
 */
export const placeJobsSql = `
    moved AS (
      UPDATE mailbox m
      SET uid_next = m.uid_next + n.messages, highest_modseq = m.highest_modseq + 1, messages = m.messages + n.messages, unseen = m.unseen + n.messages, bytes = m.bytes + n.bytes,
        keywords = m.keywords || n.new_marks
      FROM (
        SELECT mailbox_id, count(*) AS messages, sum(size)::bigint AS bytes, array_agg(id) AS delivery_ids, array_agg(envelope_id) AS envelope_ids,
          array_agg(content) AS contents, array_agg(size) AS sizes, array_agg(internal_date) AS internal_dates, array_agg(marks) AS marks,
          CASE WHEN max(marks) = '' THEN '{}' ELSE (
            SELECT coalesce((array_agg(mark ORDER BY mark))[:${maxKeywords} - cardinality(keywords)], '{}')
            FROM (SELECT DISTINCT unnest(string_to_array(string_agg(marks, ' '), ' ')) AS mark) AS wanted WHERE mark <> '' AND NOT mark = ANY (keywords)
          ) END AS new_marks
        FROM job GROUP BY mailbox_id, keywords
      ) n
      WHERE m.id = n.mailbox_id
      RETURNING m.id, m.account_id, m.highest_modseq, m.uid_next - n.messages AS first_uid, n.delivery_ids, n.envelope_ids, n.contents, n.sizes, n.internal_dates, n.marks, m.keywords, n.new_marks <> '{}' AS grown
    ), placed AS (
      SELECT moved.account_id, moved.id AS mailbox_id, moved.highest_modseq AS modseq, moved.first_uid + t.n - 1 AS uid, t.delivery_id, t.envelope_id, t.content, t.size, t.internal_date, moved.grown,
        CASE WHEN t.marks = '' THEN 0 ELSE (
          SELECT coalesce(bit_or(1::bigint << (${systemFlagNames.length - 1} + array_position(moved.keywords, mark))), 0) FROM unnest(string_to_array(t.marks, ' ')) AS mark WHERE mark = ANY (moved.keywords)
        ) END AS flags
      FROM moved, unnest(moved.delivery_ids, moved.envelope_ids, moved.contents, moved.sizes, moved.internal_dates, moved.marks) WITH ORDINALITY AS t (delivery_id, envelope_id, content, size, internal_date, marks, n)
    ), added AS (
      INSERT INTO message (mailbox_id, uid, modseq, content, envelope_id, delivery_id, size, internal_date, flags)
      SELECT mailbox_id, uid, modseq, content, envelope_id, delivery_id, size, internal_date, flags FROM placed
    )`

const columns = ["account_id", "mailbox_id", "modseq", "uid", "size", "(extract(epoch FROM internal_date) * 1000)::bigint AS internal_ms", "flags", "grown"]

/** A row of `placed`, in the order of `placed`: those of one mailbox stand together. */
export const placedColumns = columns.join(", ")
/** The same columns where nothing was placed. */
export const noPlacedColumns = columns.map(() => "NULL").join(", ")

export interface PlacedRow {
  readonly account_id: number
  readonly mailbox_id: number
  readonly modseq: number
  readonly uid: number
  readonly size: number
  readonly internal_ms: number
  readonly flags: number
  /** The mailbox has a new keyword. */
  readonly grown: boolean
}

export function appendedChanges(rows: readonly PlacedRow[]): Change[] {
  const changes: Change[] = []
  for (let at = 0; at < rows.length; ) {
    const first = rows[at]
    if (!first) break
    let end = at
    while (rows[end]?.mailbox_id === first.mailbox_id) end++
    const messages = rows.slice(at, end).map((row) => ({ uid: row.uid, flags: row.flags, size: row.size, internalDate: row.internal_ms }))
    const where = { accountId: first.account_id, mailboxId: first.mailbox_id, modSeq: first.modseq }
    changes.push(first.grown ? { kind: "advanced", ...where } : { kind: "appended", ...where, messages })
    at = end
  }
  return changes
}
