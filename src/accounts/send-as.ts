/**
 * As which account a login may send. An app password or a client certificate speaks for its own account only; a password speaks for whatever
 * its person is assigned with `owner` or `send-as` in force. Must not know: SMTP, policy.
 */
import type { Account, Directory } from "./directory.ts"
import type { Login } from "./login.ts"

export interface SendAsQuestion {
  readonly login: Login
  readonly address: string
  readonly now: number
}

/** The account behind `address` when the login may send as it, otherwise undefined. */
export function accountSentAs(directory: Directory, { login, address, now }: SendAsQuestion): Account | undefined {
  const resolution = directory.resolve(address)
  if (resolution.kind !== "account") return undefined
  const { account } = resolution
  if (account.suspended || (login.via !== "password" && account.id !== login.accountId)) return undefined
  // an account that nobody was ever given, such as a machine's, speaks for itself; one that was given away needs its person
  if (login.principalId === null) return account.id === login.accountId && !directory.hasOwner(account.id) ? account : undefined
  if (directory.principal(login.principalId)?.suspended !== false) return undefined
  const maySend = directory
    .assignmentsOfPrincipal(login.principalId, now)
    .some((assignment) => assignment.accountId === account.id && assignment.rights.some((right) => right === "owner" || right === "send-as"))
  return maySend ? account : undefined
}
