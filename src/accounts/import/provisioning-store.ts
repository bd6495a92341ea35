import type { Result } from "../../base/result.ts"
import type { Failure } from "../../mail/failure.ts"
import type { DefaultMailbox } from "../default-mailboxes.ts"
import type { ImportPlan } from "./plan.ts"
import type { DirectoryTables, TableName } from "./rows.ts"

/** What the directory holds at one version, as rows of the import files, so that both sides compare alike. */
export interface DirectoryState {
  readonly version: number
  readonly tables: { readonly [Name in TableName]: readonly DirectoryTables[Name][] }
  readonly suspendedPrincipals: ReadonlySet<string>
  readonly suspendedAccounts: ReadonlySet<string>
  /** Of those: the archived ones, which nobody opens again. */
  readonly archivedAccounts: ReadonlySet<string>
  /** Fingerprints. */
  readonly suspendedCertificates: ReadonlySet<string>
  readonly revokedCertificates: ReadonlySet<string>
  /** `certificateName` → fingerprint. */
  readonly certificateNames: ReadonlyMap<string, string>
}

/** The port through which an import reads and changes the directory. */
export interface ProvisioningStore {
  readState(): Promise<DirectoryState>
  /**
   * The whole plan in one transaction, new accounts with their mailboxes; resolves with the new version. Fails with `inUse`,
   * nothing changed, when the directory is no longer at the version the plan was made for.
   */
  apply(plan: ImportPlan, mailboxes: readonly DefaultMailbox[]): Promise<Result<number, Failure>>
  /** Live password hashes of these accounts (null without), in the order given; unknown addresses are left out. */
  passwordHashes(addresses: readonly string[]): Promise<readonly { readonly address: string; readonly accountId: number; readonly hash: string | null }[]>
  /** Replaces the passwords of accounts. */
  setPasswords(passwords: readonly { readonly accountId: number; readonly hash: string }[]): Promise<void>
}
