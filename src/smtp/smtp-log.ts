import type { Login } from "../accounts/login.ts"

/** What the SMTP server tells the log; never credentials, never contents. */
export interface SmtpLog {
  /** An exception: a bug, or a broken connection to the store. The client heard 451 or 454. */
  failed(event: { readonly sessionId: string; readonly during: "AUTH" | "MAIL" | "RCPT" | "DATA"; readonly error: unknown }): void
  signedIn(event: { readonly sessionId: string; readonly clientAddress: string; readonly accountId: number; readonly principalId: string | null; readonly tls: string | null; readonly via: Login["via"] }): void
  signInRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly username: string; readonly reason: string }): void
  /** A sender or recipient refused: what an administrator asks first when mail does not arrive. */
  addressRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly command: "MAIL" | "RCPT"; readonly address: string; readonly status: string }): void
  /** A message refused at the end of DATA before intake saw it. */
  dataRefused(event: { readonly sessionId: string; readonly clientAddress: string; readonly status: string; readonly bytes: number }): void
  /** A socket or TLS error of one client; ordinary on the internet. */
  connectionError(event: { readonly error: Error }): void
}
