import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/** Who has signed in, to which account, as whom. Shared by submission, IMAP and the console. */
export interface Login {
  readonly accountId: number
  readonly address: string
  /** The person behind the sign-in; null only for an account that nobody owns. */
  readonly principalId: string | null
  /** Null for a certificate. */
  readonly credentialId: number | null
  /** An app password or a certificate for an office account opens that account only; a password opens what the person is assigned as well. A one-time password
   * opens the console alone, to be replaced there. */
  readonly via: "password" | "appPassword" | "oneTime" | "certificate"
  /** SHA-256 of the client certificate that signed in, lower case hex. */
  readonly certificate?: string
}

export interface Authenticator {
  /**
   * `username` is an account's address or alias. The failure is always the same (`noPermission`), whatever was wrong,
   * and takes the time of a password check even when the account does not exist; `unavailable` when the store is down, `limit` when this
   * client or account has failed too often; `policy` when the password is right, but its owner has a second factor and must use an app password.
   */
  login(request: { readonly username: string; readonly password: string; readonly clientAddress: string; readonly service: "smtp" | "imap" | "console" }): Promise<Result<Login, Failure>>
}
