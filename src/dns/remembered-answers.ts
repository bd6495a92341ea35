import type { Clock } from "../base/clock.ts"
import type { DnsAnswer, RecordData, RecordType } from "./resolver.ts"

type AnyAnswer = DnsAnswer<RecordData[RecordType]>

interface Entry {
  readonly answer: AnyAnswer
  readonly until: number
}

/** A province's correspondents and the servers that write to it. */
const maxEntries = 20_000

/** Answers for as long as they may be remembered. The oldest go when there are too many. */
export class RememberedAnswers {
  private readonly entries = new Map<string, Entry>()
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  get(key: string): AnyAnswer | undefined {
    const entry = this.entries.get(key)
    if (!entry) return undefined
    if (entry.until > this.clock.now()) return entry.answer
    this.entries.delete(key)
    return undefined
  }

  add(key: string, answer: AnyAnswer, ttlSeconds: number): void {
    if (ttlSeconds <= 0) return
    this.entries.delete(key)
    this.entries.set(key, { answer, until: this.clock.now() + ttlSeconds * 1000 })
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= maxEntries) break
      this.entries.delete(oldest)
    }
  }
}
