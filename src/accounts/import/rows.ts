import type { AccountKind, CertificateUse, PrincipalKind, Right } from "../directory.ts"

/** The rows of the import files as checked: addresses canonical, text in NFC, null where a file's field is empty. */
export interface UnitRow {
  readonly code: string
  readonly name: string
  readonly kind: string
  readonly parentCode: string | null
  readonly domain: string
}

export interface PrincipalRow {
  readonly principalId: string
  readonly kind: PrincipalKind
  readonly name: string
  readonly unitCode: string
  readonly title: string
  readonly phone: string
}

export interface AccountRow {
  readonly address: string
  readonly kind: AccountKind
  readonly displayName: string
  readonly unitCode: string
  readonly quotaBytes: number
}

export interface AssignmentRow {
  readonly address: string
  readonly principalId: string
  /** In the order of `rights`, each once. */
  readonly rights: readonly Right[]
  readonly from: string | null
  readonly until: string | null
}

export interface AliasRow {
  readonly address: string
  readonly target: string
}

export interface GroupRow {
  readonly address: string
  readonly displayName: string
  /** Null: anyone may send to it. */
  readonly allowedSenders: readonly string[] | null
}

export interface MemberRow {
  readonly group: string
  readonly member: string
}

/** A certificate as the directory knows it; a row of certificates.csv once its file has been read. */
export interface CertificateRow {
  readonly fingerprint: string
  readonly principalId: string
  readonly use: CertificateUse
  /** Of the accounts it speaks for, sorted; none: every account for which its holder may sign. */
  readonly addresses: readonly string[]
  readonly from: string | null
  readonly until: string | null
}

/** A row of certificates.csv: `file` is relative to the folder. */
export interface CertificateFileRow extends Omit<CertificateRow, "fingerprint"> {
  readonly file: string
}

export interface CredentialRow {
  readonly address: string
  readonly password: string
}

/** Rows of each table, in the order in which tables depend on each other. */
export interface DirectoryTables {
  readonly units: UnitRow
  readonly principals: PrincipalRow
  readonly accounts: AccountRow
  readonly assignments: AssignmentRow
  readonly aliases: AliasRow
  readonly groups: GroupRow
  readonly members: MemberRow
  readonly certificates: CertificateRow
}

export type TableName = keyof DirectoryTables

export const tableNames = ["units", "principals", "accounts", "assignments", "aliases", "groups", "members", "certificates"] as const satisfies readonly TableName[]

export const rights = ["owner", "read", "write", "send-as", "administer", "sign"] as const satisfies readonly Right[]

export const certificateUses = ["personal", "organizational", "mobile"] as const satisfies readonly CertificateUse[]

export const unitKinds = ["province", "department", "district", "town", "commune", "company", "division"] as const
