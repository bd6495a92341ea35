import { canonicalAddress } from "../mail/address.ts"
import type { Certificate } from "../pki/certificate.ts"
import { alternativeMailboxes } from "../pki/read-extensions.ts"
import type { Account, Directory } from "./directory.ts"
import { isInForce, provinceDate } from "./province-date.ts"

/** Which accounts a client certificate opens, and as whom. Pure. Must not know: whether the certificate is trusted. */
export interface Opening {
  readonly account: Account
  /** Null only for an account that nobody owns. */
  readonly principalId: string | null
  readonly owned: boolean
}

export function openedBy(certificate: Certificate, directory: Directory, { now, byAddress }: { readonly now: number; readonly byAddress: boolean }): readonly Opening[] {
  const registered = directory.certificate(certificate.fingerprint)
  // what the registry names, it names for good: an address inside a certificate that is registered opens nothing
  if (!registered) return byAddress ? openedByAddress(certificate, directory, now) : []
  const { holder, state, accountIds } = registered
  if (state !== "active" || holder.suspended || !isInForce(registered, provinceDate(now))) return []
  const openings = new Map<number, Opening>()
  for (const { accountId, rights } of directory.assignmentsOfPrincipal(holder.id, now)) {
    const account = directory.account(accountId)
    if (!account || account.suspended || (accountIds !== null && !accountIds.includes(accountId))) continue
    openings.set(accountId, { account, principalId: holder.id, owned: rights.includes("owner") || (openings.get(accountId)?.owned ?? false) })
  }
  return [...openings.values()]
}

/** The account's own address, exactly; an alias may be given to somebody else tomorrow. */
function openedByAddress({ extensions }: Certificate, directory: Directory, now: number): readonly Opening[] {
  const openings = new Map<number, Opening>()
  for (const address of alternativeMailboxes(extensions).map(canonicalAddress)) {
    const target = directory.resolve(address)
    if (target.kind !== "account" || target.account.suspended || target.account.address !== address) continue
    const { account } = target
    const owners = directory.assignmentsOfAccount(account.id, now).filter(({ rights }) => rights.includes("owner"))
    const [owner] = owners
    if (owner && owners.length === 1) openings.set(account.id, { account, principalId: owner.principalId, owned: true })
    // owned by somebody whose time is over or who is suspended is not the same as owned by nobody
    else if (!directory.hasOwner(account.id)) openings.set(account.id, { account, principalId: null, owned: true })
  }
  return [...openings.values()]
}

/** RFC 4422 App. A.1: the authorization identity, when there is one, names the account; without one there must be no doubt. */
export function chosenAccount(openings: readonly Opening[], authorizeAs: string, directory: Directory): Opening | undefined {
  if (authorizeAs !== "") {
    const target = authorizeAs.length > maxAddressCharacters ? undefined : directory.resolve(authorizeAs)
    return target?.kind === "account" ? openings.find(({ account }) => account.id === target.account.id) : undefined
  }
  const owned = openings.filter((opening) => opening.owned)
  const [only, ...others] = openings.length === 1 ? openings : owned
  return others.length === 0 ? only : undefined
}

const maxAddressCharacters = 320
