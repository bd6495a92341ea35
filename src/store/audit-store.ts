import type { AuditRecorder } from "../accounts/audit-record.ts"
import type { AuditEntry, AuditSeal } from "./audit/entry.ts"
import type { AuditHead, UnsignedHead } from "./audit/head.ts"

/**
 * The audit as those who read it see it, and the chain that makes it provable. Entries are written by the statements that change something, in their
 * transactions; no function here changes one. Must not know: who reads, the key that heads are signed with.
 */
export interface AuditStore extends AuditRecorder {
  /** Newest first. Acceptances of messages only where `kind` asks for them: they are `trace`'s business. */
  list(filter: AuditFilter, page: { readonly limit: number; readonly before?: number; readonly after?: number }): Promise<readonly ListedEntry[]>
  /** How far back `list` gets by looking at so many entries, whatever their kind, actor and words: the id of the last of them; undefined: there are not so many. */
  reach(filter: AuditFilter, page: { readonly entries: number; readonly before?: number }): Promise<number | undefined>
  /** All that fit, oldest first, acceptances too, read page by page. */
  export(filter: AuditFilter): AsyncIterable<ListedEntry>
  /** Who else than its owner came into an account: sign-ins by others, mailboxes opened or written to; newest first. */
  accessesOf(accountId: number, page: { readonly limit: number; readonly before?: number }): Promise<readonly ListedEntry[]>
}

export interface AuditFilter {
  /** Exact, or the beginning with a `*` after it: `signIn.*`. */
  readonly kind?: string
  /** Name or principal of the actor, or the principal of the entry. */
  readonly who?: string
  readonly accountId?: number
  /** ms since the epoch: from, and before. */
  readonly since?: number
  readonly until?: number
  /** Somewhere in its details, whatever the case. */
  readonly text?: string
}

export interface ListedEntry extends AuditEntry {
  /** In the chain; null: not sealed yet. */
  readonly position: number | null
  /** Of the account, the principal's name; null where there is none, or no more. */
  readonly account: string | null
  readonly principal: string | null
}

/** Entries that one page looks at: what is sought by words is read as a whole, 8 µs each. The rest is asked for by another page. */
export const lookedAt = ({ text }: AuditFilter): number => (text === undefined ? 50_000 : 5_000)

/** Most entries of one page. */
export const maxAuditPage = 1_000

export interface AuditChain {
  /** Appends what was committed before this call, or as much of it as nobody still writes beside. Harmless at any moment, by any number of processes. */
  seal(): Promise<{ readonly sealed: number; readonly complete: boolean }>
  state(): Promise<ChainState>
  /** The last link; position 0 with `chainStart` where there is none. */
  tip(): Promise<AuditSeal>
  /** The link at a position; undefined: there is none. */
  seals(after: number): AsyncIterable<AuditSeal>
  at(position: number): Promise<AuditSeal | undefined>
  entries(afterId: number, throughId: number): AsyncIterable<AuditEntry>
  positionOf(auditId: number): Promise<number | undefined>
  /** The first entries whose ids no INSERT of ours was given. */
  strangers(limit: number): Promise<readonly number[]>
  heads(after: number): Promise<readonly AuditHead[]>
  lastHead(): Promise<AuditHead | undefined>
  /** False where that position has one already. */
  addHead(head: AuditHead): Promise<boolean>
  /** Where verification begins: 0, or what the last deletion left. */
  checkpoint(): Promise<AuditSeal>
  /** Deletes entries up to the last head that was signed before then, and notes that; returns how many. */
  forget(before: number): Promise<number>
}

export interface ChainState {
  /** Age of the oldest entry that is not sealed (ms); 0: all are. */
  readonly lagMs: number
  readonly position: number
  readonly headAt: number | null
  readonly headPosition: number
}

/** What is to be signed; undefined where the chain has not grown since the last head. */
export const nextHead = (tip: AuditSeal, last: AuditHead | undefined, { at, system }: { readonly at: number; readonly system: string }): UnsignedHead | undefined =>
  tip.position > (last?.position ?? 0) ? { position: tip.position, auditId: tip.auditId, hash: tip.hash, at, system } : undefined
