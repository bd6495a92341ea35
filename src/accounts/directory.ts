/**
 * The directory as one immutable snapshot in memory: who exists, who holds what, who may send as whom, whose certificates are whose.
 * A province has a few thousand accounts, so every process keeps all of it and RCPT TO never waits for SQL.
 * A decision taken on a snapshot is committed only if its `version` is still current (see store/acceptance-store.ts),
 * so a suspension takes effect on the very next message. Must not know: SQL, SMTP, IMAP.
 */
import type { Forwarding } from "./forwarding.ts"
import type { Organization } from "./organization.ts"

export type AccountKind = "personal" | "organizational"
export type PrincipalKind = "individual" | "organization"
export type Right = "owner" | "read" | "write" | "send-as" | "administer" | "sign"
export type CertificateUse = "personal" | "organizational" | "mobile"
export type CertificateState = "active" | "suspended" | "revoked"

export interface Account {
  readonly id: number
  /** Canonical address, see `canonicalAddress` in mail/address.ts. */
  readonly address: string
  readonly kind: AccountKind
  readonly displayName: string
  readonly unitCode: string
  readonly quotaBytes: number
  readonly suspended: boolean
}

export interface Principal {
  readonly id: string
  readonly kind: PrincipalKind
  readonly name: string
  readonly unitCode: string
  readonly suspended: boolean
}

/** Principal ↔ account with rights and a period; `owner` implies every right. Dates are inclusive, `YYYY-MM-DD` in Asia/Ho_Chi_Minh. */
export interface Assignment {
  readonly accountId: number
  readonly principalId: string
  readonly rights: readonly Right[]
  readonly from: string | null
  readonly until: string | null
}

export interface Group {
  readonly address: string
  readonly displayName: string
  /** Addresses of accounts, aliases, other groups, or foreign mailboxes. */
  readonly members: readonly string[]
  /** Null: anyone may send to it. Otherwise only these accounts' addresses, as authenticated senders. */
  readonly allowedSenders: readonly string[] | null
  /** Accounts that approve what others send to it; null or absent: it goes at once. */
  readonly moderators?: readonly string[] | null
}

/** What the registry says of a certificate; its bytes stay in the store. */
export interface RegisteredCertificate {
  /** SHA-256 of the DER, lower case hex. */
  readonly fingerprint: string
  readonly holder: Principal
  readonly use: CertificateUse
  readonly state: CertificateState
  /** Since when, ms. */
  readonly stateAt: number
  /** When the certificate itself ends, ms since the epoch. */
  readonly notAfter: number
  /** Null: every account for which the holder may sign. */
  readonly accountIds: readonly number[] | null
  /** The days for which the binding holds, as in `Assignment`. */
  readonly from: string | null
  readonly until: string | null
}

/** Names a certificate without its bytes (RFC 5280 §4.1.2.2). */
export interface IssuerAndSerial {
  /** SHA-256 of the DER of the issuer's Name, lower case hex. */
  readonly issuerHash: string
  /** Lower case hex without leading zero octets. */
  readonly serialNumber: string
}

/** A node of the tree province → department, district, town, company → division, commune. */
export interface Unit {
  readonly code: string
  readonly kind: string
  readonly parentCode: string | null
}

/** What a forward-path means here. */
export type Resolution =
  | { readonly kind: "account"; readonly account: Account }
  | { readonly kind: "group"; readonly group: Group }
  | { readonly kind: "unknown" }
  | { readonly kind: "foreign" }

export interface Directory {
  readonly version: number
  /** Where accounts stand: units above units, groups around members. */
  readonly organization: Organization
  isLocalDomain(domain: string): boolean
  /** Aliases are followed; `unknown` is a local domain without such an address, `foreign` any other domain. */
  resolve(address: string): Resolution
  account(id: number): Account | undefined
  accounts(): Iterable<Account>
  principal(id: string): Principal | undefined
  /** Every address that delivers to the account: its own and its aliases. */
  addressesOf(accountId: number): readonly string[]
  /** True when the account has an owner on record, whether or not that ownership is in force. */
  hasOwner(accountId: number): boolean
  /** Assignments in force at `now` (ms since the epoch) of an account, or of a principal; a suspended principal has none. */
  assignmentsOfAccount(accountId: number, now: number): readonly Assignment[]
  assignmentsOfPrincipal(principalId: string, now: number): readonly Assignment[]
  /** Where mail to the account is passed on to, as long as whoever set that may look after the account. */
  forwarding(accountId: number, now: number): Forwarding | undefined
  /** Registered certificates in whatever state; undefined when nobody registered it. */
  certificate(fingerprint: string): RegisteredCertificate | undefined
  certificateByIssuerSerial(name: IssuerAndSerial): RegisteredCertificate | undefined
  certificates(): Iterable<RegisteredCertificate>
}

export interface DirectorySource {
  /** The snapshot this process has; never waits. */
  current(): Directory
  /** Reads the directory again if the database's version is not the snapshot's. */
  refresh(): Promise<Directory>
}
