import type { AdministratorRole, Grant } from "./administrator.ts"

/** Where administrators' roles are kept. A role is of an account's sign-in while the same person is behind it. */
export interface AdministratorStore {
  /** False when the account has this role already. */
  add(grant: NewGrant): Promise<boolean>
  /** In force, by address. */
  list(): Promise<readonly GrantOnRecord[]>
  /** How many were taken away: all of the account's, or those of one role. */
  remove(removal: { readonly accountId: number; readonly role: AdministratorRole | null; readonly by: string }): Promise<number>
}

export interface NewGrant extends Grant {
  readonly accountId: number
  /** Who holds the account today; null where nobody does. */
  readonly principalId: string | null
  readonly by: string
}

export interface GrantOnRecord extends Grant {
  readonly address: string
  readonly principalId: string | null
  /** Empty for an account that nobody owns. */
  readonly name: string
  readonly unitName: string | null
  readonly grantedAt: number
  readonly grantedBy: string
}
