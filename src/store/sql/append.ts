import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import { flagBit, flagBits } from "../../mail/flag.ts"
import type { Change } from "../change.ts"
import type { Appended, NewMessage } from "../mail-store.ts"
import { contentColumns, contentRowsSql, contentRowValues, discardUnused, distinctContents, insertContentsSql } from "./content-rows.ts"
import { type Database, isUnavailable, type Transaction, withRetry } from "./database.ts"
import { gone, withKeywords } from "./open-mailbox.ts"

/**
 * What a client stores itself (APPEND): contents and message rows in one transaction, one modseq for all of them. It is a single
 * statement where nothing has to be decided on what is there: no keyword may be new, and who is over quota gets no row.
 */
export async function appendMessages(database: Database, mailboxId: number, messages: readonly NewMessage[]): Promise<Result<{ readonly appended: Appended; readonly change: Change }, Failure>> {
  const contents = messages.map(({ content }) => content)
  try {
    const result = await withRetry(async () => (await appendAtOnce(database, mailboxId, messages)) ?? (await database.transaction((tx) => append(tx, mailboxId, messages))))
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

/** Undefined when it takes more than one statement, or one that says why there is no row. */
async function appendAtOnce(database: Database, mailboxId: number, messages: readonly NewMessage[]): Promise<AppendResult | undefined> {
  const contents = distinctContents(messages.map(({ content }) => content))
  if (contents.length > contentsPerStatement || messages.some(({ flags }) => flags.some((name) => !name.startsWith("\\")))) return undefined
  const flags = flagSets(messages, [])
  const rows = await database.query<AtOnceRow>(atOnceStatement(contents.length), [...contents.flatMap(contentRowValues), mailboxId, ...messageValues(messages, flags)])
  const moved = rows.find(isMoved)
  if (!moved) return undefined
  return ok({
    storedBlobs: new Set(rows.flatMap(({ blob_key }) => (blob_key === null ? [] : [blob_key]))),
    appended: { uidValidity: moved.uid_validity, uids: messages.map((_, index) => moved.first_uid + index) },
    change: { kind: "appended", accountId: moved.account_id, mailboxId, modSeq: moved.modseq, messages: appendedRows(messages, flags, moved.first_uid) },
  })
}

async function append(tx: Transaction, mailboxId: number, messages: readonly NewMessage[]): Promise<AppendResult> {
  const [head] = await tx.query<HeadRow>(lockHead, [mailboxId])
  if (!head) return failed(gone)
  const total = sizeOf(messages)
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
  const flags = flagSets(messages, keywords.value)
  const [moved] = await tx.query<Moved>(insertMessages, [mailboxId, ...messageValues(messages, flags), keywords.value === head.keywords ? null : keywords.value])
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
            messages: appendedRows(messages, flags, moved.first_uid),
          }
        : { kind: "advanced", accountId: head.account_id, mailboxId, modSeq: moved.modseq },
  })
}

const sizeOf = (messages: readonly NewMessage[]): number => messages.reduce((sum, { content }) => sum + content.size, 0)

const flagSets = (messages: readonly NewMessage[], keywords: readonly string[]): number[] =>
  messages.map((message) => message.flags.reduce((set, name) => set | (1 << (flagBit(name, keywords) ?? 0)), 0) >>> 0)

/** The arrays of `newMessages` and what the counters move by. */
const messageValues = (messages: readonly NewMessage[], flags: readonly number[]): unknown[] => [
  messages.map(({ content }) => content.ref),
  messages.map(({ content }) => content.size),
  messages.map(({ internalDate }) => Math.floor(internalDate / 1000)),
  flags,
  flags.filter((set) => !(set & flagBits.seen)).length,
  flags.filter((set) => set & flagBits.deleted).length,
  sizeOf(messages),
]

const appendedRows = (messages: readonly NewMessage[], flags: readonly number[], firstUid: number) =>
  messages.map(({ content, internalDate }, index) => ({ uid: firstUid + index, flags: flags[index] ?? 0, size: content.size, internalDate }))

interface Moved {
  readonly first_uid: number
  readonly modseq: number
  readonly uid_validity: number
}

interface MovedRow extends Moved {
  readonly account_id: number
  readonly blob_key: null
}

/** The mailbox as it is now, and the blobs that were taken. */
type AtOnceRow = MovedRow | { readonly first_uid: null; readonly blob_key: string | null }

const isMoved = (row: AtOnceRow): row is MovedRow => row.first_uid !== null

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

/** `at` gives the parameters: mailbox, then those of `messageValues`. */
const movedSql = (at: (index: number) => string, more: { readonly set?: string; readonly where?: string } = {}): string => `
      UPDATE mailbox SET uid_next = uid_next + cardinality(${at(2)}::bytea[]), highest_modseq = highest_modseq + 1, messages = messages + cardinality(${at(2)}::bytea[]),
        unseen = unseen + ${at(6)}, deleted = deleted + ${at(7)}, bytes = bytes + ${at(8)}${more.set ?? ""}
      WHERE id = ${at(1)}${more.where ?? ""} RETURNING id, account_id, uid_next - cardinality(${at(2)}::bytea[]) AS first_uid, highest_modseq, uid_validity`

const addedSql = (at: (index: number) => string): string => `
      INSERT INTO message (mailbox_id, uid, modseq, content, size, internal_date, flags)
      SELECT moved.id, moved.first_uid + t.n - 1, moved.highest_modseq, t.content, t.size, to_timestamp(t.internal_date), t.flags
      FROM moved, unnest(${at(2)}::bytea[], ${at(3)}::bigint[], ${at(4)}::bigint[], ${at(5)}::bigint[]) WITH ORDINALITY AS t (content, size, internal_date, flags, n)`

const plain = (index: number): string => `$${index}`

const insertMessages = {
  name: "append-messages",
  text: `
    WITH moved AS (${movedSql(plain, { set: ", keywords = coalesce($9::text[], keywords)" })}
    ), added AS (${addedSql(plain)}
    )
    SELECT first_uid, highest_modseq AS modseq, uid_validity FROM moved`,
}

const atOnceStatements = new Map<number, { readonly name: string; readonly text: string }>()

/** The mailbox's row is locked first, as in the transaction, then contents are stored. */
function atOnceStatement(contents: number): { readonly name: string; readonly text: string } {
  const known = atOnceStatements.get(contents)
  if (known) return known
  const at = (index: number): string => `$${contents * contentColumns + index}`
  const hasRoom = ` AND ${at(8)}::bigint + (SELECT coalesce(sum(other.bytes), 0) FROM mailbox other WHERE other.account_id = mailbox.account_id) <= (SELECT quota_bytes FROM account WHERE account.id = mailbox.account_id)`
  const text = `
    WITH moved AS (${movedSql(at, { where: hasRoom })}
    ), c AS (
      ${insertContentsSql(contentRowsSql(contents), "WHERE EXISTS (SELECT FROM moved)")}
    ), added AS (${addedSql(at)}
    )
    SELECT account_id, first_uid, highest_modseq AS modseq, uid_validity, NULL::text AS blob_key FROM moved
    UNION ALL SELECT NULL, NULL, NULL, NULL, blob_key FROM c WHERE blob_key IS NOT NULL`
  const statement = { name: `append-${contents}`, text }
  atOnceStatements.set(contents, statement)
  return statement
}
