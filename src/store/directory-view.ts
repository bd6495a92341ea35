import type { Scope } from "../accounts/administrator.ts"
import type { CertificateState, CertificateUse } from "../accounts/directory.ts"
import type { AccountRecord, AliasRecord, AssignmentRecord, GroupRecord, PersonRecord, UnitRecord } from "../accounts/provision/records.ts"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/**
 * The directory as administrators look at it: the tree, what is found while they type, one object with all that belongs to it. Everything is limited to
 * a scope: what lies outside is not found by a search, and `noPermission` by name. Must not know: pages.
 */
export interface DirectoryView {
  /** Units of the scope, parents before children. */
  tree(scope: Scope): Promise<readonly UnitNode[]>
  find(question: DirectoryQuestion): Promise<Found>
  /** Each fails with `notFound` or `noPermission`. */
  unit(scope: Scope, code: string): Promise<Result<UnitDetails, Failure>>
  person(scope: Scope, principalId: string): Promise<Result<PersonDetails, Failure>>
  account(scope: Scope, address: string): Promise<Result<AccountDetails, Failure>>
  group(scope: Scope, address: string): Promise<Result<GroupDetails, Failure>>
}

export interface UnitNode extends Pick<UnitRecord, "code" | "name" | "kind" | "parentCode" | "domain" | "suspended"> {
  /** 0 for the tops of the scope. */
  readonly depth: number
  /** Of the unit itself: what is not suspended. */
  readonly own: UnitCounts
  /** Of the unit and all below it. */
  readonly all: UnitCounts
}

export interface UnitCounts {
  readonly accounts: number
  readonly people: number
  readonly groups: number
}

export const directoryKinds = ["person", "account", "group", "alias", "unit"] as const
export type DirectoryKind = (typeof directoryKinds)[number]

export interface DirectoryQuestion {
  readonly scope: Scope
  /** Words as typed, with or without marks; each must be found. Empty: everything, by name. */
  readonly text: string
  /** Absent: all kinds. */
  readonly kinds?: readonly DirectoryKind[]
  /** Only of this unit, or of it and those below. */
  readonly unit?: { readonly code: string; readonly below: boolean }
  readonly suspended?: boolean
  readonly offset?: number
  /** At most 500. */
  readonly limit: number
}

export interface Found {
  /** Those whose names begin as asked come first. */
  readonly hits: readonly Hit[]
  /** There are more behind these. */
  readonly more: boolean
}

export interface Hit {
  readonly kind: DirectoryKind
  /** A person's id, a unit's code, an address. */
  readonly key: string
  readonly name: string
  /** A person's title, the account behind an alias, an account's kind. */
  readonly detail: string
  readonly unitCode: string | null
  readonly unitName: string
  readonly suspended: boolean
}

export interface UnitDetails {
  readonly record: UnitRecord
  readonly seen: string
  /** From the top of the tree to the unit's parent. */
  readonly path: readonly { readonly code: string; readonly name: string }[]
  /** The rule its mailboxes are named by, and the unit that says so; null: the system's own. */
  readonly rule: { readonly template: string; readonly from: string } | null
  readonly counts: UnitCounts
  readonly children: number
}

export interface PersonDetails {
  readonly record: PersonRecord
  readonly seen: string
  readonly unitName: string
  readonly assignments: readonly (AssignmentRecord & { readonly seen: string; readonly displayName: string; readonly accountKind: AccountRecord["kind"]; readonly suspended: boolean })[]
  readonly certificates: readonly { readonly fingerprint: string; readonly use: CertificateUse; readonly state: CertificateState; readonly notAfter: number }[]
}

export interface AccountDetails {
  readonly id: number
  readonly record: AccountRecord
  readonly seen: string
  readonly unitName: string
  readonly usedBytes: number
  readonly holders: readonly (AssignmentRecord & { readonly seen: string; readonly name: string; readonly title: string; readonly suspended: boolean })[]
  readonly aliases: readonly (AliasRecord & { readonly seen: string })[]
  readonly groups: readonly { readonly address: string; readonly displayName: string }[]
  readonly credentials: { readonly password: boolean; readonly oneTime: boolean; readonly appPasswords: number }
  /** Roles in the console. */
  readonly roles: readonly string[]
}

export interface GroupDetails {
  readonly record: GroupRecord
  readonly seen: string
  readonly unitName: string
  /** In the order of the record's. */
  readonly members: readonly { readonly address: string; readonly kind: "account" | "alias" | "group" | "foreign"; readonly name: string; readonly suspended: boolean }[]
}
