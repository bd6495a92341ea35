import type { FetchItem } from "../grammar/fetch-items.ts"
import type { MailboxIndex } from "../../store/mailbox-index.ts"
import { dayOf, formatDateTime } from "../grammar/date-time.ts"
import type { ResponseWriter } from "./writer.ts"

/** FETCH items that the index answers, without a word to the store. */
export type IndexItem = "uid" | "flags" | "modSeq" | "size" | "internalDate"

export const isIndexItem = (kind: FetchItem["kind"]): kind is IndexItem => kind in labels

const labels: Readonly<Record<IndexItem, Buffer>> = {
  uid: Buffer.from("UID "), flags: Buffer.from("FLAGS ("), modSeq: Buffer.from("MODSEQ ("), size: Buffer.from("RFC822.SIZE "), internalDate: Buffer.from("INTERNALDATE "),
}

const starSpace = Buffer.from("* ")
const fetchOpen = Buffer.from(" FETCH (")
const endOfRow = Buffer.from(")\r\n")
const space = 0x20
const closeParenthesis = 0x29

/** What a row is made from. `recentFrom`: uids from here on are \Recent to the session. */
export interface RowSource {
  readonly index: MailboxIndex
  readonly recentFrom: number
}

/**
 * FETCH responses written byte by byte into a preallocated buffer, straight from the index's typed arrays:
 * 50,000 rows of UID and FLAGS cost a few milliseconds. Invariant: the buffer is shared by all sessions, so what is written
 * must be handed over (`hand`, `take`) before anything is awaited.
 */
export class FetchRows {
  private readonly source: RowSource
  private readonly buffer = shared
  private at = 0
  private readonly flagTexts = new Map<number, Buffer>()
  private first = true
  private day = -1
  private dayText = Buffer.alloc(0)
  private dayStart = 0

  constructor(source: RowSource) {
    this.source = source
  }

  /** `* 12 FETCH (`; the row goes on with `item`s. */
  begin(seq: number): void {
    this.copy(starSpace)
    this.number(seq)
    this.copy(fetchOpen)
    this.first = true
  }

  /** One item of the message at `position` of the index. */
  item(kind: IndexItem, position: number): void {
    if (!this.first) this.buffer[this.at++] = space
    this.first = false
    this.copy(labels[kind])
    const { index } = this.source
    if (kind === "uid") this.number(index.uids[position] ?? 0)
    else if (kind === "size") this.number(index.sizes[position] ?? 0)
    else if (kind === "flags") {
      this.copy(this.flagText(index.flags[position] ?? 0, (index.uids[position] ?? 0) >= this.source.recentFrom))
      this.buffer[this.at++] = closeParenthesis
    } else if (kind === "modSeq") {
      this.number(index.modSeqs[position] ?? 0)
      this.buffer[this.at++] = closeParenthesis
    } else this.date(index.internalDates[position] ?? 0)
  }

  end(): void {
    this.copy(endOfRow)
  }

  /** Room for another row; hands the buffer over when it is nearly full. */
  room(out: ResponseWriter): void {
    if (this.at > bufferBytes - maxRowBytes) this.hand(out)
  }

  /** Everything written so far goes to the client's writer; a few rows as text, so that they leave in one piece with what follows. */
  hand(out: ResponseWriter): void {
    if (this.at === 0) return
    if (this.at <= maxRowBytes) return out.text(this.take())
    out.bytes(Buffer.from(this.buffer.subarray(0, this.at)))
    this.at = 0
  }

  /** Everything written so far as text, for a row that goes on with other items. */
  take(): string {
    const text = this.buffer.toString("latin1", 0, this.at)
    this.at = 0
    return text
  }

  /** The row has no item yet. */
  get isEmpty(): boolean {
    return this.first
  }

  private copy(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at++) this.buffer[this.at++] = bytes[at] ?? 0
  }

  private number(value: number): void {
    let digits = 1
    for (let power = 10; power <= value; power *= 10) digits++
    this.at += digits
    let rest = value
    for (let at = this.at - 1; digits > 0; digits--, at--) {
      const tenth = rest <= 0x7fff_ffff ? (rest / 10) | 0 : Math.floor(rest / 10)
      this.buffer[at] = 0x30 + (rest - tenth * 10)
      rest = tenth
    }
  }

  private flagText(flags: number, recent: boolean): Buffer {
    const key = flags * 2 + (recent ? 1 : 0)
    const known = this.flagTexts.get(key)
    if (known) return known
    const names = this.source.index.flagNames(flags)
    if (recent) names.push("\\Recent")
    const text = Buffer.from(names.join(" "), "latin1")
    this.flagTexts.set(key, text)
    return text
  }

  private date(seconds: number): void {
    // A day's text is made once, the time is written into it: mailboxes are nearly in date order.
    const day = dayOf(seconds * 1000)
    if (day !== this.day) {
      this.day = day
      this.dayText = Buffer.from(formatDateTime(seconds * 1000), "latin1")
      this.dayStart = seconds - secondsOfDay(this.dayText)
    }
    const start = this.at
    this.copy(this.dayText)
    const time = seconds - this.dayStart
    this.two(start + timeOffset, (time / 3600) | 0)
    this.two(start + timeOffset + 3, ((time / 60) | 0) % 60)
    this.two(start + timeOffset + 6, time % 60)
  }

  private two(at: number, value: number): void {
    const tens = (value / 10) | 0
    this.buffer[at] = 0x30 + tens
    this.buffer[at + 1] = 0x30 + value - tens * 10
  }
}

/** Where the time begins in `"17-Jul-1996 02:44:25 +0700"`. */
const timeOffset = 13

const secondsOfDay = (text: Buffer): number => {
  const [hour = 0, minute = 0, second = 0] = text.toString("latin1", timeOffset, timeOffset + 8).split(":").map(Number)
  return (hour * 60 + minute) * 60 + second
}

const bufferBytes = 64 * 1024
const shared = Buffer.allocUnsafeSlow(bufferBytes)
/** 27 keywords of 64 bytes, five system flags, numbers and labels. */
const maxRowBytes = 4096
