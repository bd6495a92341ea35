import { createHash } from "node:crypto"
import { canonicalJson } from "../../base/canonical-json.ts"
import type { AccountKind, PrincipalKind, Right } from "../directory.ts"

/** What the directory holds, one object at a time, as administrators read and change it. Addresses are canonical; dates are `YYYY-MM-DD` in the province. */
export interface UnitRecord {
  readonly code: string
  readonly name: string
  readonly kind: string
  readonly parentCode: string | null
  readonly domain: string
  /** Null: the rule of the nearest unit above that has one. */
  readonly addressRule: string | null
  readonly suspended: boolean
}

export interface PersonRecord {
  readonly principalId: string
  readonly kind: PrincipalKind
  readonly name: string
  readonly unitCode: string
  readonly title: string
  readonly phone: string
  readonly suspended: boolean
}

export interface AccountRecord {
  readonly address: string
  readonly kind: AccountKind
  readonly displayName: string
  readonly unitCode: string
  readonly quotaBytes: number
  readonly suspended: boolean
  /** The day on which it is closed for good; null: nobody has left. */
  readonly archiveOn: string | null
  readonly archived: boolean
}

export interface AssignmentRecord {
  readonly address: string
  readonly principalId: string
  /** In the order of `rights` (import/rows.ts), each once. */
  readonly rights: readonly Right[]
  readonly from: string | null
  readonly until: string | null
}

export interface AliasRecord {
  readonly address: string
  readonly target: string
  /** The first day on which it is no more; null: it stays. */
  readonly expiresOn: string | null
}

export interface GroupRecord {
  readonly address: string
  readonly displayName: string
  /** Who looks after it; null: the province. */
  readonly unitCode: string | null
  /** Null: anyone may send to it. */
  readonly allowedSenders: readonly string[] | null
  /** Accounts that approve what is sent to it; null: it goes at once. */
  readonly moderators: readonly string[] | null
  readonly members: readonly string[]
}

/** What somebody has seen of an object: a change names it, and is refused when the object is another by now, whoever changed it. */
export const seenTag = (record: UnitRecord | PersonRecord | AccountRecord | AssignmentRecord | AliasRecord | GroupRecord): string =>
  createHash("sha256").update(canonicalJson(record)).digest("base64url").slice(0, 22)
