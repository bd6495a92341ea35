import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { flagBit, flagBits } from "../../mail/flag.ts"
import type { Change } from "../change.ts"
import type { Appended, NewMessage } from "../mail-store.ts"
import { contentRowsSql, contentRowValues, discardUnused, distinctContents, insertContentsSql } from "./content-rows.ts"
import { type Database, isUnavailable, type Transaction, withRetry } from "./database.ts"
import { gone, withKeywords } from "./open-mailbox.ts"

/** What a client stores itself (APPEND): contents and message rows in one transaction, one modseq for all of them. */
export async function appendMessages(database: Database, mailboxId: number, messages: readonly NewMessage[]): Promise<Result<{ readonly appended: Appended; readonly change: Change }, Failure>> {
  const contents = messages.map(({ content }) => content)
  try {
    const result = await withRetry(() => database.transaction((tx) => append(tx, mailboxId, messages)))
    await discardUnused(contents, result.ok ? result.value.storedBlobs : new Set())
    return result
  } catch (error) {
    // whether a broken commit took place is not known: blobs stay for housekeeping to judge
    if (isUnavailable(error)) return failed(failure("unavailable", "the message could not be stored"))
    throw error
  }
}

type AppendResult = Result<{ readonly appended: Appended; readonly change: Change; readonly storedBlobs: ReadonlySet<string> }, Failure>

/** So many contents travel in one statement: their parameters are few enough and a MULTIAPPEND of small messages needs few round trips. */
const contentsPerStatement = 16

async function append(tx: Transaction, mailboxId: number, messages: readonly NewMessage[]): Promise<AppendResult> {
  const [head] = await tx.query<HeadRow>(lockHead, [mailboxId])
  if (!head) return failed(gone)
  const total = messages.reduce((sum, { content }) => sum + content.size, 0)
  if (head.used + total > head.quota_bytes) return failed(failure("overQuota", "the mailbox is full"))
  const keywords = withKeywords(head.keywords, messages.flatMap(({ flags }) => flags))
  if (!keywords.ok) return keywords
  const storedBlobs = new Set<string>()
  const contents = distinctContents(messages.map(({ content }) => content))
  for (let at = 0; at < contents.length; at += contentsPerStatement) {
    const some = contents.slice(at, at + contentsPerStatement)
    const rows = await tx.query<{ blob_key: string | null }>({ name: `append-contents-${some.length}`, text: insertContentsSql(contentRowsSql(some.length)) }, some.flatMap(contentRowValues))
    for (const { blob_key } of rows) if (blob_key !== null) storedBlobs.add(blob_key)
  }
  const flags = messages.map((message) => message.flags.reduce((set, name) => set | (1 << (flagBit(name, keywords.value) ?? 0)), 0) >>> 0)
  const [moved] = await tx.query<{ first_uid: number; modseq: number; uid_validity: number }>(insertMessages, [
    mailboxId,
    messages.map(({ content }) => content.ref),
    messages.map(({ content }) => content.size),
    messages.map(({ internalDate }) => Math.floor(internalDate / 1000)),
    flags,
    flags.filter((set) => !(set & flagBits.seen)).length,
    flags.filter((set) => set & flagBits.deleted).length,
    total,
    keywords.value === head.keywords ? null : keywords.value,
  ])
  if (!moved) return failed(gone)
  const uids = messages.map((_, index) => moved.first_uid + index)
  return ok({
    storedBlobs,
    appended: { uidValidity: moved.uid_validity, uids },
    change:
      keywords.value === head.keywords
        ? {
            kind: "appended",
            accountId: head.account_id,
            mailboxId,
            modSeq: moved.modseq,
            messages: messages.map(({ content, internalDate }, index) => ({ uid: moved.first_uid + index, flags: flags[index] ?? 0, size: content.size, internalDate })),
          }
        : { kind: "advanced", accountId: head.account_id, mailboxId, modSeq: moved.modseq },
  })
}

interface HeadRow {
  readonly account_id: number
  readonly keywords: readonly string[]
  readonly quota_bytes: number
  readonly used: number
}

const lockHead = {
  name: "append-lock",
  text: `SELECT m.account_id, m.keywords, a.quota_bytes, (SELECT coalesce(sum(bytes), 0)::bigint FROM mailbox WHERE account_id = m.account_id) AS used
    FROM mailbox m JOIN account a ON a.id = m.account_id WHERE m.id = $1 FOR NO KEY UPDATE OF m`,
}

const insertMessages = {
  name: "append-messages",
  text: `
    WITH moved AS (
      UPDATE mailbox SET uid_next = uid_next + cardinality($2::bytea[]), highest_modseq = highest_modseq + 1, messages = messages + cardinality($2::bytea[]),
        unseen = unseen + $6, deleted = deleted + $7, bytes = bytes + $8, keywords = coalesce($9::text[], keywords)
      WHERE id = $1 RETURNING id, uid_next - cardinality($2::bytea[]) AS first_uid, highest_modseq, uid_validity
    ), added AS (
      INSERT INTO message (mailbox_id, uid, modseq, content, size, internal_date, flags)
      SELECT moved.id, moved.first_uid + t.n - 1, moved.highest_modseq, t.content, t.size, to_timestamp(t.internal_date), t.flags
      FROM moved, unnest($2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[]) WITH ORDINALITY AS t (content, size, internal_date, flags, n)
    )
    SELECT first_uid, highest_modseq AS modseq, uid_validity FROM moved`,
}
