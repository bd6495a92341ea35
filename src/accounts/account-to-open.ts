import type { Account, Directory } from "./directory.ts"
import type { FactorOwner } from "./factors/factor-store.ts"

/** The account named, if it is still the person's own; else another that he owns, a personal one first. Undefined: none is open to him. */
export function accountToOpen(directory: Directory, { accountId, principalId }: { readonly accountId: number | null; readonly principalId: string | null }, now: number): FactorOwner | undefined {
  if (principalId === null) return accountId !== null && isOpen(directory.account(accountId)) && !directory.hasOwner(accountId) ? { accountId, principalId } : undefined
  const owned = directory
    .assignmentsOfPrincipal(principalId, now)
    .flatMap(({ accountId, rights }) => (rights.includes("owner") ? (directory.account(accountId) ?? []) : []))
    .filter(isOpen)
    .toSorted((one, other) => Number(other.id === accountId) - Number(one.id === accountId) || Number(other.kind === "personal") - Number(one.kind === "personal") || one.id - other.id)
  return owned[0] && { accountId: owned[0].id, principalId }
}

const isOpen = (account: Account | undefined): boolean => account !== undefined && !account.suspended

export type ClaimProblem = "missing" | "unverified" | "unknown"

/** What an identity provider says of somebody (OpenID Connect Core §2, §5.1), and how we are to understand it. */
export interface ClaimRule {
  readonly claim: string
  readonly match: "address" | "principal"
}

export function whomClaimsName(directory: Directory, claims: Readonly<Record<string, unknown>>, { claim, match }: ClaimRule, now: number): { readonly owner: FactorOwner; readonly named: string } | { readonly problem: ClaimProblem; readonly named: string } {
  const named = claims[claim]
  if (typeof named !== "string" || named === "" || named.length > maxNameCharacters) return { problem: "missing", named: "" }
  // an address that its holder wrote into a profile himself would be anybody's
  if (claim === "email" && claims["email_verified"] !== true) return { problem: "unverified", named }
  const target = match === "address" ? directory.resolve(named) : undefined
  const account = target?.kind === "account" ? target.account : undefined
  const principalId = match === "principal" ? (directory.principal(named)?.id ?? null) : account === undefined ? null : ownerOf(directory, account.id, now)
  const owner = principalId === null && account === undefined ? undefined : accountToOpen(directory, { accountId: account?.id ?? null, principalId }, now)
  // another mailbox of the same person is not the one that was named
  return owner && (account === undefined || owner.accountId === account.id) ? { owner, named } : { problem: "unknown", named }
}

const maxNameCharacters = 320

const ownerOf = (directory: Directory, accountId: number, now: number): string | null =>
  directory.assignmentsOfAccount(accountId, now).find(({ rights }) => rights.includes("owner"))?.principalId ?? null
