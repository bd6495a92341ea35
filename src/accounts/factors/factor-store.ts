import type { Scope } from "../administrator.ts"

/** Where second factors are kept. Each change writes its audit entry with it. Must not know: HTTP, WebAuthn, what a code is. */
export interface FactorStore {
  list(owner: FactorOwner): Promise<FactorList>
  totps(owner: FactorOwner): Promise<readonly StoredTotp[]>
  passkeys(owner: FactorOwner): Promise<readonly StoredPasskey[]>
  /** Whoever's it is; undefined when it was removed. */
  passkey(credentialId: Uint8Array): Promise<StoredPasskey | undefined>
  /** Sessions of this person that were opened by a password alone end, but for the one in which it is added. */
  addTotp(factor: NewFactor & { readonly secret: Uint8Array; readonly lastStep: number }): Promise<void>
  /** False when it is registered already. */
  addPasskey(factor: NewFactor & NewPasskey): Promise<boolean>
  /** False when a code of this step, or of a later one, was taken before. */
  useTotp(id: number, use: { readonly step: number; readonly clientAddress: string }): Promise<boolean>
  /** False when the authenticator's count has not gone on, as a copy's would not. */
  usePasskey(id: number, use: { readonly signCount: number; readonly clientAddress: string }): Promise<boolean>
  /** False when there is no such code, or it was used. */
  useRecoveryCode(owner: FactorOwner, use: { readonly hash: Uint8Array; readonly clientAddress: string }): Promise<boolean>
  /** In the place of those before. */
  setRecoveryCodes(owner: FactorOwner, hashes: readonly Uint8Array[]): Promise<void>
  /** With the last one the recovery codes go, too. `none`: there is no such factor; `last`: it is the last of somebody who needs one. */
  remove(owner: FactorOwner, id: number, rule: { readonly needed: boolean }): Promise<"removed" | "none" | "last">
  /** False when the challenge was spent before. */
  spend(sha256: Uint8Array): Promise<boolean>
}

/** For administrators: people who lost their factors. */
export interface FactorResets {
  /** People with factors in these units whose name or address has this in it. */
  search(scope: Scope, text: string, limit: number): Promise<readonly FactorHolder[]>
  /** Takes all factors away and ends the sessions. `none`: not in these units, or nothing to take; `administrator`: holds a role, and those are not to be touched. */
  reset(reset: { readonly scope: Scope; readonly owner: FactorOwner; readonly ofAdministrators: boolean; readonly by: string }): Promise<"done" | "none" | "administrator">
}

export interface FactorHolder extends FactorOwner {
  readonly address: string
  readonly name: string
  readonly unitName: string
  readonly factors: number
  readonly lastUsedAt: number | null
  /** Holds a role in the console. */
  readonly administrator: boolean
}

/** Factors are a person's, with whatever mailbox he signs in; those of an account that nobody owns are the account's. */
export interface FactorOwner {
  readonly accountId: number
  readonly principalId: string | null
}

export type FactorKind = "totp" | "passkey"

export interface FactorList {
  readonly factors: readonly FactorSummary[]
  readonly recoveryCodesLeft: number
}

export interface FactorSummary {
  readonly id: number
  readonly kind: FactorKind
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly lastUsedFrom: string
}

export interface StoredTotp {
  readonly id: number
  /** Sealed. */
  readonly secret: Buffer
}

export interface StoredPasskey extends FactorOwner, NewPasskey {
  readonly id: number
}

export interface NewPasskey {
  readonly credentialId: Uint8Array
  /** COSE_Key (RFC 9052 §7). */
  readonly publicKey: Uint8Array
  readonly signCount: number
  /** As the browser named them: `usb`, `internal`, … */
  readonly transports: readonly string[]
}

export interface NewFactor {
  readonly owner: FactorOwner
  readonly name: string
  /** In which it is added. */
  readonly sessionId: number
}

/** The same text for the same owner, and for no other. */
export const ownerKey = ({ accountId, principalId }: FactorOwner): string => (principalId === null ? `account ${accountId}` : `principal ${principalId}`)
