/** An entry that is written because something happened, not because a row changed: those are written by the statement that changes it. */
export interface NewAuditEntry {
  readonly kind: AuditEvent
  readonly principalId?: string | null
  readonly accountId?: number | null
  readonly clientAddress?: string | null
  readonly envelopeId?: number | null
  /** Plain data; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>
}

export type AuditEvent =
  | "signIn.succeeded" | "signIn.repeated" | "signIn.failed"
  | "access.heldMessageRead" | "access.mailboxOpened" | "access.mailboxWritten" | "access.mailboxChanged"
  | "evidence.exported" | "audit.exported" | "queue.boardUsed"

export interface AuditRecorder {
  /** Resolves once the entry is committed; those that come together share a commit. Throws when the store cannot be reached. */
  record(entry: NewAuditEntry): Promise<void>
}
