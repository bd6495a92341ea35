import type { Clock } from "../../base/clock.ts"
import type { Result } from "../../base/result.ts"

/**
 * What sources said last: used while it is recent, asked for again when it is not, kept while the source cannot be reached. Those who ask
 * for the same thing at once share one question; one that failed is not repeated for a while. An answer that is about to be due is asked
 * for in the background, so that as a rule no message waits. Must not know: what the answers are; whether an old one still counts.
 */
export interface Kept<T> {
  readonly value: T
  /** When the source last said so, ms. */
  readonly fetchedAt: number
}

export interface Source<T> {
  /** What this or another process had from the source before; `known` is what is in memory, and may be given back. */
  load(known: Kept<T> | undefined): Promise<Kept<T> | undefined>
  ask(): Promise<Result<T, string>>
  save(kept: Kept<T>): Promise<void>
  /** A source that repeats what is older than `known` is a copy left behind, or somebody who replays it. */
  isOlder(value: T, known: T): boolean
}

export interface KeptAnswersOptions<T> {
  readonly clock: Clock
  readonly refreshMs: number
  readonly retryMs: number
  /** What one takes in memory, in any unit, and how much all may. */
  readonly costOf: (value: T) => number
  readonly maxCost: number
  /** Heard once for each attempt that failed. */
  readonly onFailure: (key: string, reason: string) => void
}

export interface LatestAnswer<T> {
  readonly kept: Kept<T> | undefined
  /** Why there is none that is recent; null when there is. */
  readonly failure: string | null
}

interface Entry<T> {
  kept: Kept<T> | undefined
  failure: { readonly reason: string; readonly at: number } | undefined
  pending: Promise<void> | undefined
}

/** Asked for anew in the background after so much of `refreshMs`. */
const aheadShare = 0.75

export class KeptAnswers<T> {
  private readonly entries = new Map<string, Entry<T>>()
  private readonly options: KeptAnswersOptions<T>
  private cost = 0
  private closed = false

  constructor(options: KeptAnswersOptions<T>) {
    this.options = options
  }

  /** The latest answer; never throws for what the source does. */
  async latest(key: string, source: Source<T>): Promise<LatestAnswer<T>> {
    const entry = this.entryOf(key)
    const age = this.ageOf(entry)
    if (age < this.options.refreshMs) {
      if (age >= this.options.refreshMs * aheadShare && !this.failedLately(entry)) void this.renew(key, entry, source)
      return { kept: entry.kept, failure: null }
    }
    if (!this.failedLately(entry)) await this.renew(key, entry, source)
    return { kept: entry.kept, failure: this.ageOf(entry) < this.options.refreshMs ? null : (entry.failure?.reason ?? "has not answered") }
  }

  /** What is in memory, however old. */
  peek(key: string): Kept<T> | undefined {
    return this.entries.get(key)?.kept
  }

  /** Others have had newer answers: the next who asks looks there first. */
  reload(): void {
    for (const entry of this.entries.values()) {
      if (entry.kept) entry.kept = { value: entry.kept.value, fetchedAt: Math.min(entry.kept.fetchedAt, this.options.clock.now() - this.options.refreshMs) }
      entry.failure = undefined
    }
  }

  /** Resolves when nothing is under way any more. */
  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.entries.values()].map(({ pending }) => pending))
  }

  private entryOf(key: string): Entry<T> {
    const known = this.entries.get(key)
    if (known) return known
    const entry: Entry<T> = { kept: undefined, failure: undefined, pending: undefined }
    this.entries.set(key, entry)
    this.cost++
    return entry
  }

  private ageOf({ kept }: Entry<T>): number {
    return kept ? this.options.clock.now() - kept.fetchedAt : Infinity
  }

  private failedLately({ failure }: Entry<T>): boolean {
    return failure !== undefined && this.options.clock.now() - failure.at < this.options.retryMs
  }

  private renew(key: string, entry: Entry<T>, source: Source<T>): Promise<void> {
    if (this.closed) return Promise.resolve()
    entry.pending ??= this.ask(key, entry, source).finally(() => {
      entry.pending = undefined
    })
    return entry.pending
  }

  private async ask(key: string, entry: Entry<T>, source: Source<T>): Promise<void> {
    const { clock, refreshMs } = this.options
    try {
      const loaded = await source.load(entry.kept)
      if (loaded && loaded.fetchedAt > (entry.kept?.fetchedAt ?? -Infinity)) this.keep(entry, loaded)
      if (this.ageOf(entry) < refreshMs * aheadShare) return
      const answer = await source.ask()
      if (!answer.ok) return this.fail(key, entry, answer.failure)
      if (entry.kept && source.isOlder(answer.value, entry.kept.value)) return this.fail(key, entry, "gives something older than before")
      const kept = { value: answer.value, fetchedAt: clock.now() }
      await source.save(kept)
      this.keep(entry, kept)
    } catch (error) {
      this.fail(key, entry, error instanceof Error ? error.message : String(error))
    }
  }

  private fail(key: string, entry: Entry<T>, reason: string): void {
    entry.failure = { reason, at: this.options.clock.now() }
    this.options.onFailure(key, reason)
  }

  private keep(entry: Entry<T>, kept: Kept<T>): void {
    const { costOf, maxCost } = this.options
    this.cost += costOf(kept.value) - (entry.kept ? costOf(entry.kept.value) : 0)
    entry.kept = kept
    entry.failure = undefined
    for (const [key, oldest] of this.entries) {
      if (this.cost <= maxCost) break
      if (oldest === entry || oldest.pending) continue
      this.entries.delete(key)
      this.cost -= 1 + (oldest.kept ? costOf(oldest.kept.value) : 0)
    }
  }
}
