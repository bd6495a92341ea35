import { setImmediate as breathe } from "node:timers/promises"
import { canonicalAddress } from "../mail/address.ts"
import type { Account, Assignment, Directory, Group, IssuerAndSerial, Principal, RegisteredCertificate, Resolution, Unit } from "./directory.ts"
import type { Forwarding } from "./forwarding.ts"
import { buildOrganization } from "./organization.ts"
import { isInForce, provinceDate } from "./province-date.ts"

/**
 * Makes the immutable `Directory` of a process from the rows of one database version, in steps between which others have their turn. Pure. Rows are trusted to be
 * consistent (the database's references hold them so); addresses in them are canonical.
 */
export interface DirectoryRows {
  readonly version: number
  readonly unitDomains: readonly string[]
  readonly units: readonly Unit[]
  readonly accounts: readonly Account[]
  readonly principals: readonly Principal[]
  readonly assignments: readonly Assignment[]
  readonly aliases: readonly { readonly address: string; readonly accountId: number }[]
  readonly groups: readonly Group[]
  readonly certificates: readonly CertificateOnRecord[]
  readonly forwardings?: readonly Forwarding[]
}

export interface CertificateOnRecord extends Omit<RegisteredCertificate, "holder">, IssuerAndSerial {
  readonly principalId: string
}

const unknown: Resolution = { kind: "unknown" }
const foreign: Resolution = { kind: "foreign" }

export async function buildDirectory(rows: DirectoryRows): Promise<Directory> {
  const accounts = new Map(rows.accounts.map((account) => [account.id, account]))
  const principals = new Map(rows.principals.map((principal) => [principal.id, principal]))
  const byAccount = groupBy(rows.assignments, ({ accountId }) => accountId)
  const byPrincipal = groupBy(rows.assignments, ({ principalId }) => principalId)
  await breathe()
  const targets = targetsByAddress(rows, accounts)
  const domains = localDomains(rows.unitDomains, targets.keys())
  const aliases = groupBy(rows.aliases, ({ accountId }) => accountId)
  await breathe()
  const certificates = certificatesByName(rows.certificates, principals)
  await breathe()
  const organization = buildOrganization(rows)
  const forwardings = new Map(rows.forwardings?.map((one) => [one.accountId, one]))

  const inForce = (assignments: readonly Assignment[] | undefined, now: number): readonly Assignment[] => {
    if (assignments === undefined) return []
    const today = provinceDate(now)
    return assignments.filter((assignment) => isInForce(assignment, today) && principals.get(assignment.principalId)?.suspended === false)
  }

  return {
    version: rows.version,
    organization,
    isLocalDomain: (domain) => domains.has(domainOf(canonicalAddress(`x@${domain}`))),
    resolve(address) {
      const canonical = canonicalAddress(address)
      const target = targets.get(canonical)
      if (target) return target
      return domains.has(domainOf(canonical)) ? unknown : foreign
    },
    account: (id) => accounts.get(id),
    accounts: () => accounts.values(),
    principal: (id) => principals.get(id),
    addressesOf(accountId) {
      const account = accounts.get(accountId)
      return account ? [account.address, ...(aliases.get(accountId) ?? []).map((alias) => alias.address)] : []
    },
    hasOwner: (accountId) => byAccount.get(accountId)?.some(({ rights }) => rights.includes("owner")) ?? false,
    assignmentsOfAccount: (accountId, now) => inForce(byAccount.get(accountId), now),
    assignmentsOfPrincipal: (principalId, now) => inForce(byPrincipal.get(principalId), now),
    forwarding(accountId, now) {
      const found = forwardings.get(accountId)
      if (!found) return undefined
      const { principalId } = found
      const isTheirs = principalId === null ? !byAccount.get(accountId)?.some(({ rights }) => rights.includes("owner")) : inForce(byAccount.get(accountId), now).some((one) => one.principalId === principalId && looksAfter(one))
      return isTheirs ? found : undefined
    },
    certificate: (fingerprint) => certificates.byFingerprint.get(fingerprint),
    certificateByIssuerSerial: (name) => certificates.byIssuerSerial.get(issuerSerialKey(name)),
    certificates: () => certificates.byFingerprint.values(),
  }
}

/** Whether an assignment lets its holder decide how the account is used. */
export const looksAfter = ({ rights }: Pick<Assignment, "rights">): boolean => rights.includes("owner") || rights.includes("administer")

const issuerSerialKey = ({ issuerHash, serialNumber }: IssuerAndSerial): string => `${issuerHash} ${serialNumber}`

interface CertificateIndex {
  readonly byFingerprint: ReadonlyMap<string, RegisteredCertificate>
  readonly byIssuerSerial: ReadonlyMap<string, RegisteredCertificate>
}

function certificatesByName(rows: readonly CertificateOnRecord[], principals: ReadonlyMap<string, Principal>): CertificateIndex {
  const byFingerprint = new Map<string, RegisteredCertificate>()
  const byIssuerSerial = new Map<string, RegisteredCertificate>()
  for (const { principalId, issuerHash, serialNumber, ...row } of rows) {
    const holder = principals.get(principalId)
    if (!holder) continue
    const certificate = { ...row, holder }
    byFingerprint.set(row.fingerprint, certificate)
    byIssuerSerial.set(issuerSerialKey({ issuerHash, serialNumber }), certificate)
  }
  return { byFingerprint, byIssuerSerial }
}

/** What each local address means. An account's own address wins over an alias or a group that took the same one. */
function targetsByAddress(rows: DirectoryRows, accounts: ReadonlyMap<number, Account>): ReadonlyMap<string, Resolution> {
  const targets = new Map<string, Resolution>()
  for (const group of rows.groups) targets.set(group.address, { kind: "group", group })
  for (const { address, accountId } of rows.aliases) {
    const account = accounts.get(accountId)
    if (account) targets.set(address, { kind: "account", account })
  }
  for (const account of rows.accounts) targets.set(account.address, { kind: "account", account })
  return targets
}

/** A domain is ours when a unit, an account, an alias or a group uses it. */
function localDomains(unitDomains: readonly string[], addresses: Iterable<string>): ReadonlySet<string> {
  const domains = new Set(unitDomains.map((domain) => domainOf(canonicalAddress(`x@${domain}`))))
  for (const address of addresses) domains.add(domainOf(address))
  domains.delete("")
  return domains
}

const domainOf = (canonical: string): string => canonical.slice(canonical.lastIndexOf("@") + 1)

function groupBy<Key, Row>(rows: readonly Row[], key: (row: Row) => Key): ReadonlyMap<Key, readonly Row[]> {
  const groups = new Map<Key, Row[]>()
  for (const row of rows) {
    const group = groups.get(key(row))
    if (group) group.push(row)
    else groups.set(key(row), [row])
  }
  return groups
}
