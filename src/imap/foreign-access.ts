import { isOwner } from "../accounts/sign-in-audit.ts"
import type { Session } from "./session.ts"

/**
 * What somebody else than its owner does in an account is on record before he sees or changes anything: each mailbox once in a session for reading and
 * for writing, and each mailbox that is made, renamed or deleted.
 */
export interface Access {
  readonly accountId: number
  /** Name inside the account. */
  readonly mailbox: string
  readonly how: "opened" | "written" | "created" | "renamed" | "deleted"
}

export async function noteAccess(session: Session, { accountId, mailbox, how }: Access): Promise<void> {
  const { login, services: { directory, clock, audit }, clientAddress, id: sessionId } = session
  if (!login || login.principalId === null) return
  if (isOwner(directory.current(), { accountId, principalId: login.principalId }, clock.now())) return
  const key = `${how} ${accountId} ${mailbox}`
  if (session.accessed?.has(key)) return
  const kind = how === "opened" ? "access.mailboxOpened" : how === "written" ? "access.mailboxWritten" : "access.mailboxChanged"
  await audit.record({
    kind, principalId: login.principalId, accountId, clientAddress,
    detail: { mailbox, service: "imap", sessionId, via: login.via, signedInTo: login.address, ...(kind === "access.mailboxChanged" && { change: how }) },
  })
  if (kind !== "access.mailboxChanged" && (session.accessed?.size ?? 0) < maxRemembered) (session.accessed ??= new Set()).add(key)
}

/** Beyond this a mailbox is noted each time. */
const maxRemembered = 1_000
