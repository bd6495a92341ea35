import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { MailboxInfo, SpecialUse } from "../mail-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Mailboxes by name: listed, found, created, renamed, deleted. Their messages are elsewhere. */
const columns = `id, account_id AS "accountId", name, special_use AS "specialUse", uid_validity AS "uidValidity", uid_next AS "uidNext", highest_modseq AS "highestModSeq",
  messages, unseen, deleted, bytes, first_recent_uid AS "firstRecentUid"`

const selectAll = { name: "mailboxes-list", text: `SELECT ${columns} FROM mailbox WHERE account_id = $1 ORDER BY name` }
const selectOne = { name: "mailbox-find", text: `SELECT ${columns} FROM mailbox WHERE account_id = $1 AND name = $2` }

/** Names are kept short and shallow enough for any client and any index. */
const maxNameBytes = 1000
const maxLevels = 20
const maxMailboxes = 1000

const notFound = failure("notFound", "there is no such mailbox")

export const listMailboxes = (database: Database, accountId: number): Promise<MailboxInfo[]> => database.query<MailboxInfo>(selectAll, [accountId])

export async function findMailbox(database: Database, accountId: number, name: string): Promise<Result<MailboxInfo, Failure>> {
  const [found] = await database.query<MailboxInfo>(selectOne, [accountId, name])
  return found ? ok(found) : failed(notFound)
}

export async function createMailbox(database: Database, request: { readonly accountId: number; readonly name: string; readonly specialUse?: SpecialUse }): Promise<Result<MailboxInfo, Failure>> {
  const { accountId, name, specialUse } = request
  const bad = badName(name)
  if (bad) return failed(bad)
  return database.transaction(async (tx): Promise<Result<MailboxInfo, Failure>> => {
    const { names, special } = await lockNames(tx, accountId)
    if (names.has(name)) return failed(failure("alreadyExists", "the mailbox exists already"))
    if (names.size >= maxMailboxes) return failed(failure("limit", `an account has at most ${maxMailboxes} mailboxes`))
    if (specialUse && special.has(specialUse)) return failed(failure("alreadyExists", `there is a mailbox for ${specialUse} already`))
    const parents = parentsOf(name).filter((parent) => !names.has(parent))
    await tx.query({ text: "INSERT INTO mailbox (account_id, name) SELECT $1, unnest($2::text[])" }, [accountId, parents])
    const [made] = await tx.query<MailboxInfo>({ text: `INSERT INTO mailbox (account_id, name, special_use) VALUES ($1, $2, $3) RETURNING ${columns}` }, [accountId, name, specialUse ?? null])
    return made ? ok(made) : failed(notFound)
  })
}

/** RFC 3501 §6.3.4: the mailbox goes with its messages, its inferiors stay; as their parent its name is still listed, as \NonExistent (RFC 5258 §3). */
export async function deleteMailbox(database: Database, accountId: number, name: string): Promise<Result<{ readonly id: number }, Failure>> {
  if (name === "INBOX") return failed(failure("noPermission", "INBOX cannot be deleted"))
  return database.transaction(async (tx): Promise<Result<{ readonly id: number }, Failure>> => {
    const { names } = await lockNames(tx, accountId)
    const id = names.get(name)
    if (id === undefined) return failed(notFound)
    await tx.query({ text: "DELETE FROM mailbox WHERE id = $1" }, [id])
    return ok({ id })
  })
}

export async function renameMailbox(database: Database, request: { readonly accountId: number; readonly from: string; readonly to: string }): Promise<Result<{ readonly movedInbox: boolean }, Failure>> {
  const { accountId, from, to } = request
  const bad = badName(to)
  if (bad) return failed(bad)
  if (to.startsWith(`${from}/`)) return failed(failure("invalid", "a mailbox cannot be moved below itself"))
  return database.transaction(async (tx): Promise<Result<{ readonly movedInbox: boolean }, Failure>> => {
    const { names } = await lockNames(tx, accountId)
    const id = names.get(from)
    if (id === undefined) return failed(notFound)
    const moving = from === "INBOX" ? [] : [...names.keys()].filter((name) => name.startsWith(`${from}/`))
    const targets = [to, ...moving.map((name) => to + name.slice(from.length))]
    if (targets.some((target) => names.has(target))) return failed(failure("alreadyExists", "a mailbox of that name exists already"))
    if (targets.some((target) => badName(target))) return failed(failure("limit", "a name would become too long"))
    await tx.query({ text: "INSERT INTO mailbox (account_id, name) SELECT $1, unnest($2::text[])" }, [accountId, parentsOf(to).filter((parent) => !names.has(parent))])
    if (from === "INBOX") await renameInbox(tx, { accountId, inboxId: id, to })
    else {
      await tx.query({ text: "UPDATE mailbox SET name = $3 || substr(name, length($2) + 1) WHERE account_id = $1 AND (name = $2 OR starts_with(name, $2 || '/'))" }, [accountId, from, to])
    }
    return ok({ movedInbox: from === "INBOX" })
  })
}

/** RFC 9051 §6.3.6: the messages of INBOX go to a new mailbox, INBOX stays and is empty. The row changes its name, so uids stay valid there; INBOX begins anew. */
async function renameInbox(tx: Transaction, { accountId, inboxId, to }: { readonly accountId: number; readonly inboxId: number; readonly to: string }): Promise<void> {
  await tx.query({ text: "UPDATE mailbox SET name = $2 WHERE id = $1" }, [inboxId, to])
  await tx.query({ text: "INSERT INTO mailbox (account_id, name) VALUES ($1, 'INBOX')" }, [accountId])
}

export async function listSubscriptions(database: Database, accountId: number): Promise<readonly string[]> {
  return (await database.query<{ name: string }>({ name: "subscriptions", text: "SELECT name FROM subscription WHERE account_id = $1 ORDER BY name" }, [accountId])).map(({ name }) => name)
}

export async function setSubscribed(database: Database, request: { readonly accountId: number; readonly name: string; readonly subscribed: boolean }): Promise<void> {
  const text = request.subscribed ? "INSERT INTO subscription (account_id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING" : "DELETE FROM subscription WHERE account_id = $1 AND name = $2"
  await database.query({ text }, [request.accountId, request.name])
}

/** The account row is the lock under which its set of names changes. */
async function lockNames(tx: Transaction, accountId: number): Promise<{ readonly names: ReadonlyMap<string, number>; readonly special: ReadonlySet<string> }> {
  await tx.query({ text: "SELECT 1 FROM account WHERE id = $1 FOR NO KEY UPDATE" }, [accountId])
  const rows = await tx.query<{ id: number; name: string; special_use: string | null }>({ text: "SELECT id, name, special_use FROM mailbox WHERE account_id = $1" }, [accountId])
  return { names: new Map(rows.map((row) => [row.name, row.id])), special: new Set(rows.flatMap((row) => row.special_use ?? [])) }
}

const parentsOf = (name: string): string[] => {
  const levels = name.split("/")
  return levels.slice(1).map((_, index) => levels.slice(0, index + 1).join("/"))
}

function badName(name: string): Failure | undefined {
  const levels = name.split("/")
  if (levels.some((level) => level.trim() === "")) return failure("invalid", "a mailbox name has no empty level")
  // eslint-disable-next-line no-control-regex -- these are just what must not be there (RFC 5198 §2)
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029*%]/u.test(name)) return failure("invalid", "a mailbox name has no control characters, * or %")
  if (levels[0]?.toUpperCase() === "INBOX" && levels[0] !== "INBOX") return failure("invalid", "INBOX is written in capitals")
  if (Buffer.byteLength(name) > maxNameBytes || levels.length > maxLevels) return failure("limit", `a mailbox name has at most ${maxNameBytes} bytes and ${maxLevels} levels`)
  return undefined
}
