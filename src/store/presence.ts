import type { Scope } from "../accounts/administrator.ts"

/**
 * Who is connected to this process, so that administrators see it and can end it, and so that nobody stays by a password or an app password that is revoked. Written in one statement every few seconds, however many come and go:
 * ten thousand idle clients cost no more than one. Must not know: protocols.
 */
export interface Presence {
  arrive(session: PresentSession): void
  /** What a client calls itself, when it says so later. */
  named(id: string, clientId: string): void
  /** Harmless for one that is not there. */
  leave(id: string): void
  close(): Promise<void>
}

export interface PresentSession {
  readonly id: string
  readonly protocol: PresentProtocol
  readonly accountId: number
  readonly principalId: string | null
  readonly clientAddress: string
  readonly clientId: string
  readonly tls: string | null
  /** What it signed in with; null where that is a certificate. */
  readonly credentialId: number | null
  /** Ends it, telling the client. */
  readonly end: (why: WhyEnded) => void
}

/** `credential`: what it signed in with would not sign it in again. */
export type WhyEnded = "administrator" | "credential"

export const presentProtocols = ["imap", "submission", "console"] as const
export type PresentProtocol = Exclude<(typeof presentProtocols)[number], "console">

/** Who is connected to any process, and to the console. */
export interface SessionDesk {
  /** The latest first. */
  list(scope: Scope, filter: SessionFilter, page: { readonly limit: number; readonly offset: number }): Promise<{ readonly rows: readonly ListedSession[]; readonly total: number }>
  /** It ends within seconds. `none` when it is not there, or outside the scope; `above` when whose it is administers more than the scope. */
  end(scope: Scope, session: Pick<ListedSession, "protocol" | "process" | "id">, by: { readonly by: string; readonly clientAddress: string }): Promise<"ended" | "none" | "above">
}

export interface SessionFilter {
  readonly protocol?: (typeof presentProtocols)[number]
  /** A part of the account's address, the person's name, or the client's address. */
  readonly text?: string
}

export interface ListedSession {
  readonly protocol: (typeof presentProtocols)[number]
  /** Empty for the console. */
  readonly process: string
  readonly id: string
  readonly account: string
  readonly principal: string | null
  readonly clientAddress: string
  readonly clientId: string
  readonly tls: string | null
  /** Milliseconds since the epoch. */
  readonly since: number
}
