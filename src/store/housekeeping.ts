/** What keeps the store small: run now and then, by one process at a time, harmless at any moment. Each returns how many it dealt with. */
export interface Housekeeping {
  /** Marks contents that no message and no unfinished delivery refers to. */
  markOrphans(): Promise<number>
  /** Deletes contents that have been marked for `graceMs` and are still not referred to, and their blobs. */
  deleteOrphans(graceMs: number): Promise<number>
  /** Deletes blobs that no content names and that were last written `olderThanMs` ago: left by crashes. */
  sweepBlobs(olderThanMs: number): Promise<number>
  /** Folds long logs of mailboxes into snapshots, so that opening them stays one read. */
  foldLogs(): Promise<number>
  /** Deletes CRLs and OCSP responses that nothing has referred to for `olderThanMs`, and sources not asked for so long. */
  deleteRevocations(olderThanMs: number): Promise<number>
}
