import { createHash, randomBytes } from "node:crypto"

/**
 * Keys of programs to the API. A key is 256 random bits: a plain hash of it cannot be guessed back, and looking it up by its hash tells a stranger
 * nothing about how near a guess was. Must not know: SQL, HTTP.
 */
export const apiScopes = [
  "overview:read", "directory:read", "directory:write", "scim", "certificates:read", "certificates:write", "held:read", "held:decide", "sessions:read", "sessions:end", "policy:read", "policy:write",
  "queue:read", "queue:write", "trace:read", "audit:read", "reports:read", "notifications:send", "tokens:read", "tokens:write",
  "webhooks:read", "webhooks:write",
] as const
export type ApiScope = (typeof apiScopes)[number]

/** What a token that is limited to a unit may do: nothing else is divided by units. */
export const unitScopes: readonly ApiScope[] = ["overview:read", "directory:read", "directory:write", "scim", "certificates:read", "certificates:write", "held:read", "held:decide", "sessions:read", "sessions:end", "reports:read", "webhooks:read", "webhooks:write"]

export interface ApiTokenStore {
  /** What a live key may do, and whose it is; undefined for one that is unknown, revoked, or out of date. Notes that it was used, once a minute. */
  live(sha256: Uint8Array): Promise<ApiTokenHolder | undefined>
  add(token: NewApiToken): Promise<number>
  /** All of them, oldest first: revoked ones too. */
  list(): Promise<readonly ApiToken[]>
  /** False when there is no live token of that number. */
  revoke(id: number, by: string): Promise<boolean>
  /** The live token with which the account's system sends (`notifications:send`), the oldest one; undefined: it is no sending system. */
  senderOf(accountId: number): Promise<ApiTokenHolder | undefined>
  /** Where it tells of its notifications, the secret sealed; null: nowhere any more. False when there is no live token that sends of that number. */
  setWebhook(id: number, webhook: { readonly url: string; readonly secret: Uint8Array } | null, by: string): Promise<boolean>
}

export interface ApiTokenHolder {
  readonly id: number
  readonly name: string
  readonly scopes: readonly ApiScope[]
  /** The account that it sends as, and whom it stands for; null: it sends nothing. */
  readonly accountId: number | null
  readonly principalId: string | null
  /** Whether it has a webhook. */
  readonly webhook: boolean
  /** The unit that it is limited to, with those below; null: the whole province. */
  readonly unitCode: string | null
}

export interface NewApiToken {
  readonly name: string
  readonly sha256: Uint8Array
  readonly scopes: readonly ApiScope[]
  readonly createdBy: string
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAt: number | null
  /** Absent: the whole province. */
  readonly unitCode?: string
  /** Absent: it sends nothing. */
  readonly sender?: { readonly accountId: number; readonly principalId: string | null }
}

export interface ApiToken extends ApiTokenHolder {
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt: number | null
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}

/** The beginning tells whoever finds one in a file or a log what it opens. */
const prefix = "congthu_"
const secretBytes = 32

/** Shown once, never stored. */
export const newApiToken = (): string => `${prefix}${randomBytes(secretBytes).toString("base64url")}`

/** SHA-256 of the key that an `Authorization: Bearer` header carries (RFC 6750 §2.1); undefined when there is none in it that could be ours. */
export function bearerHash(header: string | undefined): Buffer | undefined {
  const token = /^bearer +(congthu_[\w-]{43})$/i.exec(header ?? "")?.[1]
  return token === undefined ? undefined : apiTokenHash(token)
}

export const apiTokenHash = (token: string): Buffer => createHash("sha256").update(token).digest()
