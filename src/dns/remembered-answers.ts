import { ByteCache } from "../base/byte-cache.ts"
import type { Clock } from "../base/clock.ts"
import type { DnsAnswer, RecordData, RecordType } from "./resolver.ts"

type AnyAnswer = DnsAnswer<RecordData[RecordType]>

interface Entry {
  readonly answer: AnyAnswer
  readonly until: number
}

/** A hundred thousand usual answers: a province's correspondents and the servers that write to it. */
const maxBytes = 24 * 1024 * 1024
/** What an answer takes beside its texts, about. */
const overheadBytes = 240

/** Answers for as long as they may be remembered, bounded by what they take: whoever writes here chooses how long the answers of his zone are. */
export class RememberedAnswers {
  private readonly entries = new ByteCache<string, Entry>(maxBytes)
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  get(key: string): AnyAnswer | undefined {
    const entry = this.entries.get(key)
    return entry && entry.until > this.clock.now() ? entry.answer : undefined
  }

  add(key: string, answer: AnyAnswer, ttlSeconds: number): void {
    if (ttlSeconds > 0) this.entries.set(key, { answer, until: this.clock.now() + ttlSeconds * 1000 }, overheadBytes + 2 * key.length + bytesOf(answer))
  }
}

const bytesOf = (answer: AnyAnswer): number => (answer.kind === "records" ? answer.records.reduce((sum, record) => sum + bytesOfRecord(record), 0) : 0)

/** Two for each character: that is what a text takes that is not Latin. */
function bytesOfRecord(record: RecordData[RecordType]): number {
  if (typeof record === "string") return 2 * record.length
  const name = "exchange" in record ? record.exchange : "target" in record ? record.target : ""
  return overheadBytes + 2 * name.length + ("association" in record ? record.association.length : 0)
}
