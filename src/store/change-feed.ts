import type { Change } from "./change.ts"

/** Tells other processes what was committed. Only a hint: a lost one costs time, never truth, because readers compare modseqs. */
export interface ChangeFeed {
  /** After commit, in commit order of this process. Never throws; a failure to publish is logged. */
  publish(changes: readonly Change[]): void
  /** Of the topics that this feed was made to hear. `missed` is called when the feed hears again after it was cut off: anything may have gone past unheard. */
  subscribe(listener: (changes: readonly Change[]) => void, missed?: () => void): () => void
  close(): Promise<void>
}
