/**
 * What opens an account, or leads its mail away, was changed: its holder is to hear of it. The audit entry of the change is what is owed, so nobody can make such a
 * change without owing word of it; that it was told is an entry, too, written with the notice (`Acceptance.changesTold`). Must not know: texts.
 */
export interface ChangeNoticeStore {
  /** Changes of the last `withinMs` that nobody was told of, oldest first; not of suspended accounts, which take no mail. */
  untold(withinMs: number, limit: number): Promise<readonly OwedChange[]>
  /** The account cannot be told of these. */
  giveUpTelling(changes: ChangesTold, why: string): Promise<void>
}

export const toldChanges = [
  "credential.passwordSet", "credential.oneTimeMade", "credential.appPasswordCreated", "credential.revoked", "secondFactor.added", "secondFactor.removed", "secondFactor.reset",
  "secondFactor.recoveryCodesMade", "secondFactor.recoveryCodeUsed", "account.forwardingSet", "account.forwardingEnded",
] as const
export type ToldChange = (typeof toldChanges)[number]

export interface OwedChange {
  /** Number of the audit entry. */
  readonly entry: number
  readonly kind: ToldChange
  readonly accountId: number
  /** Of the account. */
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Null: the system by itself. */
  readonly actor: { readonly via: "cli" | "api" | "console"; readonly name: string; readonly address?: string } | null
  /** What its maker called it, or where mail goes to; as somebody typed it. */
  readonly named: string | null
}

export interface ChangesTold {
  readonly accountId: number
  /** Numbers of audit entries. */
  readonly entries: readonly number[]
}
