/** How full mailboxes are, as RCPT asks it: an answer that may be a little old, never one that waits for long. */
export interface QuotaView {
  /** True when `additionalBytes` more would exceed the account's quota. */
  isOver(accountId: number, additionalBytes: number): boolean | Promise<boolean>
}
