import type { Account, Directory } from "../accounts/directory.ts"
import type { Login } from "../accounts/login.ts"
import { ok, failed, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"

/**
 * Which mailbox a client means: its own account's mailboxes have plain names, those of accounts that the person is assigned
 * to are under `Shared/<address>/` (RFC 2342). Pure: a directory snapshot and a login in, a place out, so that a lost
 * assignment or a suspension counts at the very next name. Must not know: sessions, the store.
 */
export const sharedPrefix = "Shared"
export const hierarchyDelimiter = "/"

export interface MailboxPlace {
  readonly accountId: number
  /** Name inside that account; empty for `Shared/<address>` itself. */
  readonly name: string
  readonly writable: boolean
}

export interface VisibleAccount {
  readonly account: Account
  readonly writable: boolean
  /** Put before the account's mailbox names: empty for the login's own account, else `Shared/<address>/`. */
  readonly prefix: string
}

/** The account that was signed in to, then those reachable as shared, by address. Empty when access was lost or suspended. */
export function visibleAccounts(directory: Directory, login: Login, now: number): readonly VisibleAccount[] {
  const own = ownAccount(directory, login, now)
  if (!own) return []
  return [own, ...sharedAccounts(directory, login, now)]
}

/** Where `name` points for this login. `notFound` also hides accounts that the person may not read. */
export function locateMailbox(directory: Directory, login: Login, name: string, now: number): Result<MailboxPlace, Failure> {
  const own = ownAccount(directory, login, now)
  if (!own) return failed(failure("noPermission", "This account is closed to you."))
  if (!isShared(name)) return ok({ accountId: own.account.id, name: upperInbox(name), writable: own.writable })
  for (const { account, writable, prefix } of sharedAccounts(directory, login, now)) {
    if (name.startsWith(prefix)) return ok({ accountId: account.id, name: upperInbox(name.slice(prefix.length)), writable })
    if (name + hierarchyDelimiter === prefix) return ok({ accountId: account.id, name: "", writable })
  }
  return failed(failure("notFound", "There is no such shared mailbox."))
}

/** How this login's client names a mailbox of an account; the inverse of `locateMailbox`. */
export function clientName(visible: VisibleAccount, name: string): string {
  return visible.prefix + name
}

/** The shared namespace belongs to no account: no mailbox of one's own may be made in it. */
export const isShared = (name: string): boolean => name === sharedPrefix || name.startsWith(sharedPrefix + hierarchyDelimiter)

function ownAccount(directory: Directory, login: Login, now: number): VisibleAccount | null {
  const account = directory.account(login.accountId)
  if (!account || account.suspended) return null
  if (login.principalId === null) return { account, writable: true, prefix: "" }
  if (directory.principal(login.principalId)?.suspended ?? true) return null
  const assignment = directory.assignmentsOfPrincipal(login.principalId, now).find((candidate) => candidate.accountId === account.id)
  const rights = rightsOf(assignment?.rights ?? [])
  return rights.read ? { account, writable: rights.write, prefix: "" } : null
}

function sharedAccounts(directory: Directory, login: Login, now: number): readonly VisibleAccount[] {
  if (login.via !== "password" || login.principalId === null) return []
  const shared: VisibleAccount[] = []
  for (const assignment of directory.assignmentsOfPrincipal(login.principalId, now)) {
    if (assignment.accountId === login.accountId) continue
    const account = directory.account(assignment.accountId)
    const rights = rightsOf(assignment.rights)
    if (!account || account.suspended || !rights.read) continue
    shared.push({ account, writable: rights.write, prefix: `${sharedPrefix}${hierarchyDelimiter}${account.address}${hierarchyDelimiter}` })
  }
  return shared.sort((a, b) => (a.prefix < b.prefix ? -1 : 1))
}

const rightsOf = (rights: readonly string[]): { readonly read: boolean; readonly write: boolean } => {
  const owner = rights.includes("owner")
  return { read: owner || rights.includes("read"), write: owner || rights.includes("write") }
}

/** RFC 3501 §5.1: INBOX is case-insensitive; we take that for the first level of `inbox/…` too, as clients expect. */
const upperInbox = (name: string): string => (/^inbox(\/|$)/i.test(name) ? `INBOX${name.slice(5)}` : name)
