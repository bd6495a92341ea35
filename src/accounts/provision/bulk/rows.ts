import type { AccountInput, NewAccount, PersonInput } from "../changes.ts"
import type { FieldProblem } from "../problems.ts"
import type { AccountRecord, PersonRecord } from "../records.ts"
import type { BulkAction, BulkColumn } from "./columns.ts"

/** What one row of a bulk file will do; kept in the database between plan and execution. */
export type BulkWork =
  | {
      readonly kind: "add"
      readonly person: PersonInput
      /** The address as planned; one made by rule is made anew when somebody has taken it meanwhile. */
      readonly account: Omit<NewAccount, "address" | "ownerId"> & { readonly address: string }
      readonly byRule: boolean
      /** The period of the ownership. */
      readonly from: string | null
      readonly until: string | null
    }
  | {
      readonly kind: "change"
      readonly principalId: string | null
      readonly person: Partial<Pick<PersonRecord, "name" | "unitCode" | "title" | "phone">>
      readonly address: string | null
      readonly account: Partial<Pick<AccountInput, "displayName" | "unitCode" | "quotaBytes">>
    }
  | { readonly kind: "suspend"; readonly principalId: string | null; readonly address: string | null }

/** `field` names the column of the bad cell. */
export interface CellProblem extends FieldProblem {
  readonly field: BulkColumn | ""
}

export interface PlannedRow {
  readonly line: number
  readonly cells: readonly string[]
  readonly action: BulkAction | null
  /** Null for a row with a bad cell: it is left out. */
  readonly work: BulkWork | null
  readonly problems: readonly CellProblem[]
}

/** What the directory says of what a file names. */
export interface BulkFacts {
  readonly units: readonly BulkUnit[]
  readonly people: ReadonlyMap<string, { readonly record: PersonRecord; readonly covered: boolean }>
  /** By address; an alias's account is under its alias too. */
  readonly accounts: ReadonlyMap<string, { readonly record: AccountRecord; readonly covered: boolean; readonly ownerId: string | null }>
  /** Every address that is somebody's. */
  readonly taken: ReadonlySet<string>
}

export interface BulkUnit {
  readonly code: string
  readonly name: string
  readonly domain: string
  /** The rule that names its mailboxes. */
  readonly rule: string
  readonly suspended: boolean
  readonly covered: boolean
}
