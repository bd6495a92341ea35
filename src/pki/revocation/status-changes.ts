import type { RevocationEvidence } from "../signature-facts.ts"

/** Notices when a certificate is answered for differently than before, for those who remember the old answer. Bounded: the oldest are forgotten. */
export class StatusChanges {
  private readonly last = new Map<string, RevocationEvidence["status"]>()
  private readonly listeners = new Set<(fingerprint: string) => void>()

  /** Returns what is said for the first time or differently; that nobody answers is no news. */
  notice(evidence: readonly RevocationEvidence[]): readonly RevocationEvidence[] {
    const news = evidence.filter(({ fingerprint, status, source }) => source !== "none" && this.last.get(fingerprint) !== status)
    for (const { fingerprint, status } of news) {
      const isFirst = !this.last.delete(fingerprint)
      this.last.set(fingerprint, status)
      if (!isFirst) for (const listener of this.listeners) listener(fingerprint)
    }
    for (const oldest of this.last.keys()) {
      if (this.last.size <= maxKept) break
      this.last.delete(oldest)
    }
    return news
  }

  /** Returns how to stop. */
  listen(listener: (fingerprint: string) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

const maxKept = 20_000
