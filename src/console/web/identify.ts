import { createHash, randomBytes } from "node:crypto"
import type { Request } from "express"
import type { Grant } from "../../accounts/administrator.ts"
import type { DirectorySource } from "../../accounts/directory.ts"
import type { Clock } from "../../base/clock.ts"
import type { ConsoleSession, ConsoleSessionStore } from "../../store/console-session-store.ts"
import { cookieNames, cookieOf } from "./cookies.ts"
import type { Holder } from "./page.ts"

/** From a cookie to who is signed in: the session must live, and its person must still hold the account. */
export interface IdentifyParts {
  readonly sessions: Pick<ConsoleSessionStore, "find">
  readonly directory: DirectorySource
  /** Whether whoever holds these roles must have a second factor. */
  readonly needsSecondFactor: (grants: readonly Grant[]) => boolean
  readonly clock: Clock
}

/** 256 random bits for the cookie. */
export const newSessionToken = (): string => randomBytes(32).toString("base64url")

export const sessionHash = (token: string): Buffer => createHash("sha256").update(token).digest()

/** `hadCookie`: the browser was signed in once. */
export async function identify({ sessions, ...parts }: IdentifyParts, request: Pick<Request, "headers">, byPerson: boolean): Promise<{ readonly holder: Holder | undefined; readonly hadCookie: boolean }> {
  const token = cookieOf(request, cookieNames.session)
  if (token === undefined || !/^[\w-]{43}$/.test(token)) return { holder: undefined, hadCookie: false }
  const session = await sessions.find(sessionHash(token), byPerson)
  return { holder: session && holderOf(session, parts), hadCookie: true }
}

function holderOf({ id, accountId, principalId, grants, secondFactor, openedBy, provenAt, mustChangePassword }: ConsoleSession, { directory, needsSecondFactor, clock }: Omit<IdentifyParts, "sessions">): Holder | undefined {
  const current = directory.current()
  const account = current.account(accountId)
  if (!account || account.suspended) return undefined
  const holds = principalId === null ? !current.hasOwner(accountId) : current.assignmentsOfAccount(accountId, clock.now()).some((assignment) => assignment.principalId === principalId)
  if (!holds) return undefined
  const name = (principalId === null ? undefined : current.principal(principalId)?.name) ?? account.displayName
  const pending = secondFactor === "awaited" ? "proof" : secondFactor === "none" && needsSecondFactor(grants) ? "enrolment" : null
  return { sessionId: id, accountId, address: account.address, principalId, name, secondFactor, pending, openedBy, provenAt, mustChangePassword, grants, organization: current.organization }
}
