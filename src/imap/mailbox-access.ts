import { failed, type Result } from "../base/result.ts"
import { type Failure, failure } from "../mail/failure.ts"
import type { MailboxInfo } from "../store/mail-store.ts"
import { noteAccess } from "./foreign-access.ts"
import { isShared, locateMailbox, type MailboxPlace } from "./namespace.ts"
import type { Session } from "./session.ts"

/** Where a name points for the signed-in person, as the directory is now. `name` is decoded UTF-8. */
export function locate(session: Session, name: string): Result<MailboxPlace, Failure> {
  const { login, services } = session
  if (!login) return failed(failure("noPermission", "Sign in first."))
  return locateMailbox(services.directory.current(), login, name, services.clock.now())
}

export interface FoundMailbox {
  readonly info: MailboxInfo
  readonly writable: boolean
}

/** The mailbox a name points to; `need: "write"` fails with `noPermission` where the person may only read. */
export async function findMailbox(session: Session, name: string, need: "read" | "write"): Promise<Result<FoundMailbox, Failure>> {
  const place = locate(session, name)
  if (!place.ok) return place
  const { accountId, name: inner, writable } = place.value
  if (inner === "") return failed(failure("notFound", "This name only holds others."))
  if (need === "write" && !writable) return failed(readOnlyHere)
  const found = await session.services.mailStore.findMailbox(accountId, inner)
  if (!found.ok) return found
  if (need === "write") await noteAccess(session, { accountId, mailbox: inner, how: "written" })
  return { ok: true, value: { info: found.value, writable } }
}

export const readOnlyHere = failure("noPermission", "You may read this mailbox but not change it.")

/** Where a mailbox is to be made, renamed or deleted: inside an account that the person may write to, never a bare namespace. */
export function locateForChange(session: Session, name: string): Result<MailboxPlace, Failure> {
  const place = locate(session, name)
  if (!place.ok) return isShared(name) ? failed(failure("noPermission", "Only mailboxes of accounts you are assigned to are here.")) : place
  if (place.value.name === "") return failed(failure("noPermission", "This name only holds others."))
  return place.value.writable ? place : failed(readOnlyHere)
}
