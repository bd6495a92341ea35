import type { AccountRecord, AliasRecord, AssignmentRecord, GroupRecord, PersonRecord, UnitRecord } from "./records.ts"

/** One change to the directory. `seen` is the tag (`seenTag`) of what whoever changes it has looked at; what is new has none. */
export type DirectoryChange =
  | { readonly kind: "addUnit"; readonly unit: UnitInput }
  | { readonly kind: "changeUnit"; readonly seen: string; readonly unit: UnitInput }
  | { readonly kind: "suspendUnit" | "reactivateUnit"; readonly code: string; readonly seen: string }
  | { readonly kind: "addPerson"; readonly person: PersonInput }
  | { readonly kind: "changePerson"; readonly seen: string; readonly person: PersonInput }
  | { readonly kind: "suspendPerson" | "reactivatePerson"; readonly principalId: string; readonly seen: string }
  | { readonly kind: "addAccount"; readonly account: NewAccount }
  | { readonly kind: "changeAccount"; readonly seen: string; readonly account: AccountInput }
  | { readonly kind: "suspendAccount" | "reactivateAccount"; readonly address: string; readonly seen: string }
  /** `seen` null: there is no such assignment yet. */
  | { readonly kind: "putAssignment"; readonly seen: string | null; readonly assignment: AssignmentRecord }
  /** Its last day is yesterday; one that has not begun is taken away. */
  | { readonly kind: "endAssignment"; readonly address: string; readonly principalId: string; readonly seen: string }
  | { readonly kind: "addAlias"; readonly alias: AliasRecord }
  | { readonly kind: "removeAlias"; readonly address: string; readonly seen: string }
  | { readonly kind: "addGroup"; readonly group: GroupRecord }
  | { readonly kind: "changeGroup"; readonly seen: string; readonly group: GroupRecord }
  | { readonly kind: "removeGroup"; readonly address: string; readonly seen: string }

export type ChangeKind = DirectoryChange["kind"]
export type ChangeOf<Kind extends ChangeKind> = Extract<DirectoryChange, { readonly kind: Kind }>

export type UnitInput = Omit<UnitRecord, "suspended">
/** With an empty id a new person gets the next number. */
export type PersonInput = Omit<PersonRecord, "suspended">
export type AccountInput = Pick<AccountRecord, "address" | "displayName" | "unitCode" | "quotaBytes">

export interface NewAccount extends Omit<AccountInput, "address"> {
  /** Null: by the unit's rule. */
  readonly address: string | null
  readonly kind: AccountRecord["kind"]
  /** Whose it is from its first day on; null: nobody's yet. */
  readonly ownerId: string | null
}
