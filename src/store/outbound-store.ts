/**
 * What accounts send to foreign addresses, with whom they have exchanged mail, and whose mail waits for an administrator. Must not know: what is too
 * much.
 */
export interface OutboundStore {
  /** Counts one message to foreign recipients; from then on they are no strangers. */
  count(sent: OutboundMessage): Promise<OutboundCount>
  /** Whether the account's mail waits for an administrator, and why. */
  held(accountId: number): Promise<HeldAccountReason | undefined>
  /** From now on it does. True when the administrators are to be told: the first time, and once an hour after that. */
  hold(accountId: number, reason: HeldAccountReason): Promise<boolean>
  /** Longest first. */
  heldAccounts(): Promise<readonly HeldAccount[]>
  /** Its mail goes again; what is held stays held. False when it was not stopped. */
  clear(accountId: number, by: string): Promise<boolean>
  /** Held messages of the account that wait because of it; envelope ids, oldest first. */
  heldMessages(accountId: number, ruleId: string): Promise<readonly number[]>
  /** They have written to us: they are no strangers. */
  know(correspondents: readonly Correspondent[]): Promise<void>
  /** Deletes hours that no average looks at any more. */
  forget(now: number): Promise<number>
}

export interface OutboundMessage {
  readonly accountId: number
  /** Foreign addresses, each once. */
  readonly recipients: readonly string[]
  readonly now: number
}

export interface OutboundCount {
  /** Within the last hour, this message included; the part of the hour before that still counts is estimated. */
  readonly recipients: number
  readonly strangers: number
  /** Recipients in an hour in which it sends, over two weeks, the last day apart; null where there are few such hours. */
  readonly usual: number | null
  /** As `held` has it. */
  readonly held: HeldAccountReason | undefined
}

export interface HeldAccountReason {
  readonly reasonVi: string
  readonly reasonEn: string
}

export interface HeldAccount extends HeldAccountReason {
  readonly accountId: number
  readonly address: string
  /** Milliseconds since the epoch. */
  readonly since: number
  /** Held messages that nobody has decided on. */
  readonly messages: number
}

export interface Correspondent {
  readonly accountId: number
  readonly address: string
}
