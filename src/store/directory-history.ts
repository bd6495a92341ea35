import type { DirectoryKind } from "./directory-view.ts"

/** What was done to one object of the directory, from the audit. Whoever asks has shown that he may see the object. */
export interface DirectoryHistory {
  /** Newest first; of an account with its aliases, assignments and passwords, of a person with his assignments. */
  of(object: HistoryObject, limit: number): Promise<readonly HistoryEntry[]>
}

export interface HistoryObject {
  readonly kind: Exclude<DirectoryKind, "alias">
  /** As in `Hit`. */
  readonly key: string
}

export interface HistoryEntry {
  readonly id: number
  /** ms since the epoch. */
  readonly at: number
  readonly kind: string
  /** The name of whoever acted; empty: the system. */
  readonly by: string
  /** The name of the person it is about; null: it is about nobody, or somebody who is not there. */
  readonly person: string | null
  readonly detail: unknown
}
