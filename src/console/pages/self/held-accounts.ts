import type { Account, Assignment, Directory, Right } from "../../../accounts/directory.ts"
import type { Holder } from "../../web/page.ts"

/** An account that somebody holds today. */
export interface HeldAccount {
  readonly account: Account
  readonly rights: readonly Right[]
  readonly until: string | null
}

/** Those that the person is assigned, the one signed in with first; an account that nobody owns holds itself. */
export function heldAccounts(directory: Directory, holder: Pick<Holder, "accountId" | "principalId">, now: number): readonly HeldAccount[] {
  const assignments: readonly Pick<Assignment, "accountId" | "rights" | "until">[] =
    holder.principalId === null ? [{ accountId: holder.accountId, rights: ["owner"], until: null }] : directory.assignmentsOfPrincipal(holder.principalId, now)
  return assignments
    .flatMap(({ accountId, rights, until }) => {
      const account = directory.account(accountId)
      return account && !account.suspended ? [{ account, rights, until }] : []
    })
    .toSorted((one, other) => Number(other.account.id === holder.accountId) - Number(one.account.id === holder.accountId) || one.account.address.localeCompare(other.account.address))
}
