import { createHmac, timingSafeEqual } from "node:crypto"
import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"
import { newReadAloud, readAloudCharacters } from "./read-aloud.ts"

/**
 * What opens an account: its one password (bcrypt), or an app password, which is random enough that a fast keyed hash keeps
 * it safe and a mail client's hundred reconnects cost nothing; or a one-time password, which somebody else has made: it opens the
 * console alone, and there only the page on which its owner replaces it. Must not know: SQL, protocols.
 */
export type CredentialKind = "password" | "appPassword" | "oneTime"

export interface StoredCredential {
  readonly id: number
  readonly kind: CredentialKind
  /** bcrypt string of a password, HMAC-SHA-256 (hex) of an app password or a one-time one. */
  readonly hash: string
  /** Whose it is; null for the account's own password, which is its owner's. */
  readonly principalId: string | null
  /** Of the account's own password: its owners who have a second factor; null: an account that nobody owns has one. */
  readonly guardedFor: readonly (string | null)[]
}

export interface CredentialSummary {
  readonly id: number
  readonly kind: CredentialKind
  readonly principalId: string | null
  readonly label: string
  /** Milliseconds since the epoch. */
  readonly createdAt: number
  /** Within the minute; null: never. */
  readonly lastUsedAt: number | null
  /** Network address of the client. */
  readonly lastUsedFrom: string
}

/** What outlives a password that its holder changes. */
export interface KeptBeside {
  /** The console session in which it is changed. */
  readonly sessionId: number
  readonly appPasswords: boolean
  /** The credential that was given for the change; it must be live still. Somebody else may have made a new password meanwhile, because this one was stolen. */
  readonly replaces: number | null
}

/** Where credentials are kept. Failures: `unavailable`, and those named. */
export interface CredentialStore {
  /** What opens the account now: nothing when it is suspended or gone; credentials of suspended principals are left out. */
  live(accountId: number): Promise<Result<readonly StoredCredential[], Failure>>
  list(accountId: number): Promise<readonly CredentialSummary[]>
  /** Replaces the account's password; console sessions of the account end with the old one. False, and nothing is changed, when `replaces` is no more. */
  setPassword(accountId: number, hash: string, kept?: KeptBeside): Promise<boolean>
  /** Notes that a credential has opened its account, once a minute at most. */
  used(credentialId: number, clientAddress: string): Promise<void>
  addAppPassword(credential: { readonly accountId: number; readonly principalId: string; readonly label: string; readonly hash: string }): Promise<number>
  /** False when the account has no such live credential. */
  revoke(accountId: number, credentialId: number): Promise<boolean>
}

const groups = 7

/** A new app password of 140 random bits, in groups that can be read aloud: `k3pd-…`. Shown once, never stored. */
export const newAppPassword = (): string => newReadAloud(groups)

const oneTimeGroups = 4

/**
 * A new one-time password of 80 random bits: `k3pd-…`. Nobody can try 2^80 of them, online or off, so the keyed hash of app passwords keeps it as safe
 * as bcrypt keeps a password that somebody thought up, and thousands are made in no time.
 */
export const newOneTimePassword = (): string => newReadAloud(oneTimeGroups)

/** HMAC-SHA-256 (hex) under which a one-time password is stored; undefined when the text cannot be one. */
export const oneTimeHash = (text: string, key: Buffer): string | undefined => {
  const characters = readAloudCharacters(text, oneTimeGroups)
  return characters === undefined ? undefined : createHmac("sha256", key).update(`one-time ${characters}`).digest("hex")
}

/** HMAC-SHA-256 (hex) under which an app password is stored; undefined when the text cannot be one. */
export const appPasswordHash = (text: string, key: Buffer): string | undefined => {
  const characters = readAloudCharacters(text, groups)
  return characters === undefined ? undefined : createHmac("sha256", key).update(characters).digest("hex")
}

/** Compared in constant time: the stored hash must not be found out byte by byte. */
export const isSameHash = (a: string, b: string): boolean => a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

/** bcrypt reads no further; a longer password would be open to everyone who knows its beginning. */
export const maxPasswordBytes = 72
export const minPasswordCharacters = 8

/** Passwords are compared in NFC (RFC 8265 §4.2.2): the same Vietnamese letters come composed or decomposed from different keyboards. */
export const normalPassword = (text: string): string => text.normalize("NFC")

/** False for what bcrypt would compare in part only: it stops at NUL and after 72 bytes. */
export const isComparable = (text: string): boolean =>
  text.length <= maxPasswordBytes * 3 && !text.includes("\0") && Buffer.byteLength(normalPassword(text)) <= maxPasswordBytes

/** Why a text cannot become a password; undefined when it can. */
export const passwordProblem = (text: string): string | undefined => {
  const normal = normalPassword(text)
  if ([...normal].length < minPasswordCharacters) return `a password has at least ${minPasswordCharacters} characters`
  if (Buffer.byteLength(normal) > maxPasswordBytes) return `a password has at most ${maxPasswordBytes} bytes`
  // oxlint-disable-next-line no-control-regex -- bcrypt ends at NUL, terminals eat the others
  if (/[\x00-\x1f\x7f]/.test(normal)) return "a password has no control characters"
  return undefined
}
