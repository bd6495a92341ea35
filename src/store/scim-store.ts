import type { Scope } from "../accounts/administrator.ts"
import type { Result } from "../base/result.ts"
import type { Refusal } from "./directory-editor.ts"

/**
 * The directory as SCIM clients see it (RFC 7643): a User is a person with a personal account of its own, a Group is a mail group. All is limited to a scope; every
 * change is one transaction with its audit entries. Must not know: JSON, HTTP.
 */
export interface ScimStore {
  users(question: ScimQuestion): Promise<Result<ScimPage<ScimUser>, ScimQuestionProblem>>
  user(scope: Scope, id: string): Promise<ScimUser | undefined>
  /** A person and its account together; the key is the person's id. */
  addUser(scope: Scope, user: NewScimUser): Promise<Result<string, Refusal>>
  /** What differs is changed. `inUse` when the user is not the one that was seen. */
  changeUser(scope: Scope, seen: ScimUser, wanted: WantedUser): Promise<Result<string, Refusal>>
  /** Leaves, as by the guided action, and is seen by SCIM no more while he is suspended. */
  removeUser(scope: Scope, seen: ScimUser): Promise<Result<string, Refusal>>
  /** The unit of that code, or the only one of that name. */
  unit(scope: Scope, codeOrName: string): Promise<string | undefined>
  /** True for a domain of the directory's. */
  isOwnDomain(domain: string): Promise<boolean>
  /** Where a group belongs whose address was not given: the domain of the unit, or of the top of the tree. */
  domainOf(unitCode: string | null): Promise<string | undefined>

  groups(question: ScimQuestion & { readonly withMembers: boolean }): Promise<Result<ScimPage<ScimGroup>, ScimQuestionProblem>>
  group(scope: Scope, address: string): Promise<ScimGroup | undefined>
  addGroup(scope: Scope, group: WantedGroup & { readonly address: string; readonly unitCode: string | null }): Promise<Result<string, Refusal>>
  changeGroup(scope: Scope, seen: ScimGroup, wanted: WantedGroup): Promise<Result<string, Refusal>>
  removeGroup(scope: Scope, seen: ScimGroup): Promise<Result<string, Refusal>>
  /** Members as they are named by SCIM (a user's id, an address) as addresses; undefined for what is neither, or not of the scope. */
  memberAddresses(scope: Scope, values: readonly string[]): Promise<readonly (string | undefined)[]>
}

/** RFC 7644 §3.4.2.2. Paths are in small letters, without the schema's URN: `name.givenname`. */
export type ScimFilter =
  | { readonly kind: "and" | "or"; readonly left: ScimFilter; readonly right: ScimFilter }
  | { readonly kind: "not"; readonly inner: ScimFilter }
  | { readonly kind: "compare"; readonly path: string; readonly operator: ScimOperator; readonly value: ScimValue }
  | { readonly kind: "present"; readonly path: string }
  /** `emails[type eq "work"]`: one value for which all of it holds. */
  | { readonly kind: "some"; readonly path: string; readonly inner: ScimFilter }

export const scimOperators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"] as const
export type ScimOperator = (typeof scimOperators)[number]
export type ScimValue = string | number | boolean | null

export interface ScimQuestion {
  readonly scope: Scope
  readonly filter?: ScimFilter
  readonly sortBy?: string
  readonly descending?: boolean
  /** From 0. */
  readonly offset: number
  readonly limit: number
}

export type ScimQuestionProblem = { readonly kind: "unknownPath"; readonly path: string } | { readonly kind: "badComparison"; readonly path: string }

export interface ScimPage<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

export interface ScimUser {
  /** Of the person. */
  readonly id: string
  readonly externalId: string | null
  /** What it is called there; the address where nothing else was said. */
  readonly userName: string
  readonly name: string
  readonly title: string
  readonly phone: string
  readonly unitCode: string
  readonly unitName: string
  readonly address: string
  readonly aliases: readonly string[]
  readonly groups: readonly { readonly address: string; readonly displayName: string }[]
  readonly active: boolean
  /** ms since the epoch. */
  readonly createdAt: number
  readonly changedAt: number
  /** Changes with whatever of it can change. */
  readonly version: string
}

export interface WantedUser {
  readonly externalId: string | null
  /** Null: the address. */
  readonly userName: string | null
  readonly name: string
  readonly title: string
  readonly phone: string
  readonly unitCode: string
  readonly active: boolean
}

export interface NewScimUser extends WantedUser {
  /** Empty: the next number. */
  readonly principalId: string
  /** Null: by the unit's rule. */
  readonly address: string | null
  readonly quotaBytes: number
}

export interface ScimGroup {
  readonly address: string
  readonly displayName: string
  readonly externalId: string | null
  /** Those that the scope covers, and addresses elsewhere; empty where they were not asked for. */
  readonly members: readonly ScimMember[]
  /** ms since the epoch. */
  readonly changedAt: number
  readonly version: string
}

export interface ScimMember {
  readonly address: string
  /** A user's id, a group's address, or the address as it is. */
  readonly value: string
  readonly kind: "user" | "group" | "other"
  readonly name: string
}

export interface WantedGroup {
  readonly displayName: string
  readonly externalId: string | null
  /** Addresses; members that are not shown stay. */
  readonly members: readonly string[]
}
