import type { Grant } from "../accounts/administrator.ts"

/**
 * Who is signed in to the console. The cookie's token is 256 random bits, kept as its SHA-256. A session ends by sign-out, by idleness, by age, when its
 * account or person is suspended, when the password is changed. Must not know: HTTP.
 */
export type SecondFactor = "none" | "awaited" | "passed"
export type OpenedBy = "password" | "passkey" | "singleSignOn"

export interface ConsoleSession {
  readonly id: number
  readonly accountId: number
  /** Null only for an account that nobody owns. */
  readonly principalId: string | null
  readonly secondFactor: SecondFactor
  readonly openedBy: OpenedBy
  /** Times in milliseconds since the epoch; of the last password, of the sign-in. */
  readonly provenAt: number
  readonly createdAt: number
  /** The account has a one-time password and no other: all that is open is the page on which it is replaced. */
  readonly mustChangePassword: boolean
  /** Roles in force, of this account in this person's hands. */
  readonly grants: readonly Grant[]
}

export interface SessionSummary {
  readonly id: number
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly clientAddress: string
  readonly userAgent: string
}

export interface NewSession {
  readonly sha256: Uint8Array
  readonly accountId: number
  readonly principalId: string | null
  readonly clientAddress: string
  readonly userAgent: string
  /** `none` becomes `awaited` where the person has a second factor. */
  readonly secondFactor: Exclude<SecondFactor, "awaited">
  readonly openedBy: OpenedBy
  /** When the person was last asked who he is, in milliseconds since the epoch; absent, or later than now: now. */
  readonly provenAt?: number
  /** Sealed, of the identity provider. */
  readonly idToken?: Uint8Array
}

export interface ConsoleSessionStore {
  /** The live session of a token. `byPerson`: notes, once a minute, that it was seen; what scripts ask for by themselves keeps no session alive. */
  find(sha256: Uint8Array, byPerson: boolean): Promise<ConsoleSession | undefined>
  open(session: NewSession): Promise<number>
  /** The password, or the second factor, was given (again): a new token takes the place of the old one. False when it has ended meanwhile. */
  prove(id: number, given: { readonly sha256: Uint8Array; readonly secondFactor: SecondFactor }): Promise<boolean>
  /** What was given with `open`; null where there was none. */
  idToken(id: number): Promise<Buffer | null>
  /** Live ones of an account in this person's hands, the one last seen first. */
  list(holder: { readonly accountId: number; readonly principalId: string | null }): Promise<readonly SessionSummary[]>
  /** False when the account has no such live session. */
  end(id: number, by: { readonly accountId: number; readonly principalId: string | null; readonly why: string }): Promise<boolean>
  /** Deletes what ended long ago; returns how many. */
  forget(): Promise<number>
}
