import type { Clock } from "../base/clock.ts"
import type { DirectorySource } from "../accounts/directory.ts"
import type { CertificateLogins } from "../accounts/certificate-login.ts"
import type { AuditRecorder } from "../accounts/audit-record.ts"
import type { Authenticator, Login } from "../accounts/login.ts"
import type { Config } from "../config/schema.ts"
import type { ContentStore } from "../store/content-store.ts"
import type { Presence } from "../store/presence.ts"
import type { MailStore } from "../store/mail-store.ts"
import type { SelectedView } from "./selected-mailbox.ts"

/**
 * What a command may know of the client it serves. One object for each connection, kept small: ten thousand may be idle.
 * Must not know: sockets, bytes, tags.
 */
export interface Session {
  readonly id: string
  readonly services: ImapServices
  readonly limits: ImapLimits
  readonly clientAddress: string
  /** "TLSv1.3 TLS_AES_256_GCM_SHA384"; null in clear. */
  readonly tls: string | null
  /** What the client showed in the handshake, DER, its own first; empty where it was not asked or showed nothing. */
  readonly clientCertificates: readonly Uint8Array[]
  /** They sign in: AUTHENTICATE EXTERNAL is offered. */
  readonly offersExternal: boolean
  login: Login | null
  /** What the client calls itself (RFC 2971); empty where it has not said. */
  clientId: string
  selected: SelectedView | null
  /** RFC 7162 §3.1: the client has shown that it wants MODSEQs. Set by ENABLE, and by any command that names CONDSTORE. */
  condstore: boolean
  /** What of other people's mailboxes is on record already (foreign-access.ts); null: nothing. */
  accessed: Set<string> | null
  /** Tag of the command in progress: an ESEARCH response repeats it (RFC 4731 §3). Set by the dispatcher. */
  tag: string
  /** What only the connection can do for a command. */
  readonly link: SessionLink
}

export interface SessionLink {
  /** RFC 3501 §6.2.1: after the tagged OK, plaintext already received is dropped and TLS begins. */
  startTls(): void
  /** RFC 3501 §6.1.3: the connection closes after the tagged reply. */
  logout(): void
  /** Signed in: longer commands may be sent, and the session may be idle for longer. */
  signedIn(): void
  /** One line from the client in answer to a continuation request (AUTHENTICATE, IDLE), without its CRLF; null when the client has gone. Sends what was written before. */
  nextLine(): Promise<Buffer | null>
  /** Aborted when the connection ends or the server stops. */
  readonly signal: AbortSignal
}

export type ImapLimits = Config["imap"]

/** What the server is built from; the same object for all sessions. */
export interface ImapServices {
  readonly mailStore: MailStore
  readonly contentStore: ContentStore
  readonly directory: DirectorySource
  readonly authenticator: Authenticator
  /** Absent where client certificates sign nobody in: then nobody is asked for one. */
  readonly certificateLogins?: CertificateLogins
  readonly audit: AuditRecorder
  /** Absent: nobody is shown who is connected. */
  readonly presence?: Presence
  readonly clock: Clock
  readonly log: ImapLog
  /** True for an error that says the database cannot be used now; every other exception is a bug. */
  isUnavailable(error: unknown): boolean
}

/** One function for each event. No passwords, no subjects, no message text. */
export interface ImapLog {
  signedIn(event: { readonly sessionId: string; readonly clientAddress: string; readonly accountId: number; readonly principalId: string | null; readonly tls: string | null; readonly via: Login["via"] }): void
  signInRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly username: string; readonly reason: string }): void
  ended(event: { readonly sessionId: string; readonly clientAddress: string; readonly reason: string }): void
  /** An exception that only a bug explains. */
  bug(event: { readonly sessionId: string; readonly command: string; readonly error: unknown }): void
  /** The store cannot be reached. */
  unavailable(event: { readonly sessionId: string; readonly command: string; readonly error: unknown }): void
  /** A command that took long enough to be worth a look. */
  slow(event: { readonly sessionId: string; readonly command: string; readonly ms: number }): void
}
