import type { Logger } from "pino"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { Change } from "../change.ts"
import type { ChangeFeed } from "../change-feed.ts"
import type { ContentStore } from "../content-store.ts"
import type { MailStore, OpenMailbox } from "../mail-store.ts"
import type { Sealer } from "../sealing.ts"
import { appendMessages } from "./append.ts"
import { type Database, isUnavailable } from "./database.ts"
import { loadIndex, readHead } from "./mailbox-log.ts"
import { createMailbox, deleteMailbox, findMailbox, listMailboxes, listSubscriptions, renameMailbox, setSubscribed } from "./mailboxes.ts"
import { createMessageReader, type MessageReader } from "./message-details.ts"
import { gone, MailboxLog } from "./open-mailbox.ts"
import { transfer } from "./transfer.ts"

/** The mail store on PostgreSQL. Keeps the logs of open mailboxes, and of some closed ones for the next SELECT; commits first, then tells. */
export interface MailStoreOptions {
  readonly database: Database
  readonly feed: ChangeFeed
  readonly contents: ContentStore
  readonly sealer: Sealer
  /** Memory for message structures and search texts. */
  readonly cacheBytes: number
  readonly log: Logger
}

/** Indexes of mailboxes that nobody has open any more are kept up to this many messages in all: 24 bytes each. */
const idleMessages = 2_000_000

export function createMailStore(options: MailStoreOptions): MailStore & { close(): void } {
  const { database, feed } = options
  const reader = createMessageReader(options)
  const logs = new Map<number, { readonly opening: Promise<MailboxLog | undefined>; log?: MailboxLog; users: number }>()

  const unsubscribe = feed.subscribe((changes) => {
    for (const change of changes) if (change.kind === "appended" || change.kind === "advanced") logs.get(change.mailboxId)?.log?.hear(change)
  }, () => void catchUpOpen())

  /** What nobody has open is brought up to date when it is opened. A few at a time, so that others find a free connection. */
  const catchUpOpen = async (): Promise<void> => {
    const behind = [...logs.values()].filter(({ users }) => users > 0)
    const next = async (): Promise<void> => {
      for (let entry = behind.pop(); entry; entry = behind.pop()) await entry.log?.refresh().catch((error: unknown) => options.log.debug({ err: error }, "a mailbox could not be read again"))
    }
    await Promise.all([next(), next()])
  }

  const publish = (...changes: Change[]): void => {
    for (const change of changes) if (change.kind === "appended" || change.kind === "advanced") logs.get(change.mailboxId)?.log?.hear(change)
    feed.publish(changes)
  }

  const open = async (mailboxId: number): Promise<MailboxLog | undefined> => {
    const head = await readHead(database, mailboxId)
    if (!head) return undefined
    const index = await loadIndex(database, mailboxId, head)
    return new MailboxLog({ database, mailboxId, accountId: head.accountId, uidValidity: head.uidValidity, name: head.name, index })
  }

  const acquire = async (mailboxId: number): Promise<MailboxLog | undefined> => {
    const known = logs.get(mailboxId)
    const entry = known ?? { opening: open(mailboxId), users: 0 }
    logs.delete(mailboxId)
    logs.set(mailboxId, entry)
    entry.users++
    try {
      const log = await entry.opening
      if (log) entry.log = log
      // one kept from before, or opened while changes went past unheard, may be behind
      if (log && (await log.refresh())) return log
    } catch (error) {
      entry.users--
      // one that others have open must go on hearing of changes
      if (!entry.log) logs.delete(mailboxId)
      throw error
    }
    logs.delete(mailboxId)
    return undefined
  }

  const release = (mailboxId: number): void => {
    const entry = logs.get(mailboxId)
    if (entry) entry.users--
    let messages = 0
    for (const [id, { users, log }] of [...logs].toReversed()) {
      if (users > 0) continue
      messages += (log?.index.count ?? 0) + 100
      if (messages > idleMessages) logs.delete(id)
    }
  }

  return {
    listMailboxes: (accountId) => listMailboxes(database, accountId),
    findMailbox: (accountId, name) => findMailbox(database, accountId, name),
    async createMailbox(accountId, name, specialUse) {
      const made = await createMailbox(database, { accountId, name, ...(specialUse ? { specialUse } : {}) })
      if (made.ok) publish({ kind: "mailboxes", accountId })
      return made
    },
    async deleteMailbox(accountId, name) {
      const done = await deleteMailbox(database, accountId, name)
      if (!done.ok) return done
      publish({ kind: "mailboxes", accountId }, { kind: "advanced", accountId, mailboxId: done.value.id, modSeq: Number.MAX_SAFE_INTEGER })
      return ok(undefined)
    },
    async renameMailbox(accountId, from, to) {
      const done = await renameMailbox(database, { accountId, from, to })
      if (!done.ok) return done
      publish({ kind: "mailboxes", accountId })
      return ok(undefined)
    },
    listSubscriptions: (accountId) => listSubscriptions(database, accountId),
    setSubscribed: (accountId, name, subscribed) => setSubscribed(database, { accountId, name, subscribed }),
    async quota(accountId) {
      const [row] = await database.query<{ usedBytes: number; limitBytes: number; messages: number }>(selectQuota, [accountId])
      return row ?? { usedBytes: 0, limitBytes: 0, messages: 0 }
    },
    async openMailbox(mailboxId): Promise<Result<OpenMailbox, Failure>> {
      const log = await acquire(mailboxId)
      if (!log) return failed(gone)
      return ok(openMailbox({ log, options, reader, publish, release: () => release(mailboxId) }))
    },
    async append(mailboxId, messages) {
      const result = await appendMessages(database, mailboxId, messages)
      if (!result.ok) return result
      publish(result.value.change)
      return ok(result.value.appended)
    },
    close: unsubscribe,
  }
}

const selectQuota = {
  name: "quota",
  text: `SELECT coalesce(sum(m.bytes), 0)::bigint AS "usedBytes", a.quota_bytes AS "limitBytes", coalesce(sum(m.messages), 0)::bigint AS messages
    FROM account a LEFT JOIN mailbox m ON m.account_id = a.id WHERE a.id = $1 GROUP BY a.id`,
}

interface OpenParts {
  readonly log: MailboxLog
  readonly options: MailStoreOptions
  readonly reader: MessageReader
  readonly publish: (...changes: Change[]) => void
  readonly release: () => void
}

function openMailbox({ log, options, reader, publish, release }: OpenParts): OpenMailbox {
  const { mailboxId, accountId } = log
  let open = true
  /** Others hear where the log is now; this process has applied it already. */
  const tell = (): void => publish({ kind: "advanced", accountId, mailboxId, modSeq: log.index.modSeq })
  const moveOrCopy = async (uids: readonly number[], targetId: number, move: boolean) => {
    const done = await transfer(options.database, log, { uids, targetId, move })
    if (!done.ok) return done
    publish(done.value.change)
    if (move) tell()
    return ok(done.value.copied)
  }
  return {
    mailboxId,
    accountId,
    name: log.name,
    uidValidity: log.uidValidity,
    index: log.index,
    async refresh() {
      await log.refresh()
    },
    onAdvance: (listener) => log.onAdvance(listener),
    async setFlags(uids, change) {
      const done = await unlessDown(log.setFlags(uids, change))
      if (done.ok && done.value.modSeq !== null) tell()
      return done
    },
    async expunge(uids) {
      const done = await unlessDown(log.expunge(uids))
      if (done.ok && done.value.length > 0) tell()
      return done
    },
    copy: (uids, targetMailboxId) => unlessDown(moveOrCopy(uids, targetMailboxId, false)),
    move: (uids, targetMailboxId) => unlessDown(moveOrCopy(uids, targetMailboxId, true)),
    async takeRecent(claim) {
      const [row] = await options.database.query<{ first: number }>(claim ? claimRecent : peekRecent, [mailboxId])
      return row?.first ?? log.index.uidNext
    },
    details: (uids) => reader.details(mailboxId, uids),
    searchTexts: (uids) => reader.searchTexts(mailboxId, uids),
    async *read(uid, range) {
      const [message] = await reader.details(mailboxId, [uid])
      if (!message) return
      const prefix = message.tracePrefix
      const start = range?.start ?? 0
      const end = Math.min(range?.end ?? message.size, message.size)
      if (start < prefix.length && end > start) yield prefix.subarray(start, end)
      if (end > prefix.length) yield* options.contents.read(message.content, { start: Math.max(0, start - prefix.length), end: end - prefix.length })
    },
    release() {
      if (open) release()
      open = false
    },
  }
}

async function unlessDown<T>(work: Promise<Result<T, Failure>>): Promise<Result<T, Failure>> {
  try {
    return await work
  } catch (error) {
    if (isUnavailable(error)) return failed(failure("unavailable", "the store cannot be reached, try again"))
    throw error
  }
}

const peekRecent = { name: "recent-peek", text: "SELECT first_recent_uid AS first FROM mailbox WHERE id = $1" }
/** Only the session that moves the mark gets the messages below it. */
const claimRecent = {
  name: "recent-claim",
  text: `WITH old AS (SELECT id, first_recent_uid AS first, uid_next FROM mailbox WHERE id = $1),
    claimed AS (UPDATE mailbox m SET first_recent_uid = m.uid_next FROM old WHERE m.id = old.id AND old.first < old.uid_next AND m.first_recent_uid = old.first RETURNING m.id)
    SELECT CASE WHEN EXISTS (SELECT FROM claimed) OR old.first = old.uid_next THEN old.first ELSE old.uid_next END AS first FROM old`,
}
