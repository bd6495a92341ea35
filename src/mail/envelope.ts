/** The SMTP envelope (RFC 5321 §2.3.1), with the DSN parameters of RFC 3461. */
export interface Envelope {
  /** Empty for DSNs and other mail that must never be answered (RFC 5321 §4.5.5). */
  readonly reversePath: string
  readonly recipients: readonly Recipient[]
  /** RET: how much of the message a DSN returns (RFC 3461 §4.3). */
  readonly ret?: "full" | "headers"
  /** ENVID, xtext-decoded (RFC 3461 §4.4). */
  readonly envelopeId?: string
  /** RFC 8689: deliver only over verified TLS, or not at all. */
  readonly requireTls: boolean
  readonly smtpUtf8: boolean
}

export interface Recipient {
  readonly forwardPath: string
  /** ORCPT, as given, xtext-decoded (RFC 3461 §4.2). */
  readonly originalRecipient?: string
  /** NOTIFY (RFC 3461 §4.1); absent means the default: failure, and delay at the server's choice. */
  readonly notify?: readonly NotifyCondition[]
}

export type NotifyCondition = "never" | "success" | "failure" | "delay"
