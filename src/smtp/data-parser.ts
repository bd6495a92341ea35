// oxlint-disable no-underscore-dangle -- smtp-server names its seams so
/**
 * smtp-server's stream parser with a DATA mode of its own (RFC 5321 §4.5.2). The original copies every chunk to join it with four held-back
 * bytes, and hands each stuffed line over alone without waiting for the store; this one looks for CRLF "." where it lies, closes the gaps
 * of removed dots in place, holds back a dot and a CR at most, and always waits. Only CRLF "." CRLF ends the data. Whoever reads the data
 * may give the memory of its chunks back: they are all that is left of what came from the socket.
 */
import { SMTPStream } from "smtp-server/lib/smtp-stream.js"
import type { SMTPServerDataStream } from "smtp-server"

/** What the bytes so far end with. */
type At = "inLine" | "cr" | "lineStart" | "dot" | "dotCr"

const cr = 13
const lf = 10
const dot = 46
const lineWithDot = Buffer.from("\r\n.")

export class DataParser extends SMTPStream {
  private at: At = "lineStart"

  override startDataMode(maxBytes?: number | string | null): SMTPServerDataStream {
    this.at = "lineStart"
    return super.startDataMode(maxBytes)
  }

  override _feedDataStream(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.at === "dotCr" && chunk[0] !== lf && chunk.length > 0) this.emitData(Buffer.of(cr))
    const { kept, end } = this.unstuff(chunk)
    const data = chunk.subarray(0, kept)
    if (end === undefined) this.pass(data, done)
    else {
      this._countDataBytes(data.length)
      this._endDataMode(data, Buffer.from(chunk.subarray(end)), done)
    }
  }

  /** Removes dots in place. The first `kept` bytes are data; `end` is where commands go on after the end of the data. */
  private unstuff(chunk: Buffer): { readonly kept: number; readonly end?: number } {
    let kept = 0
    let from = 0
    let next = 0
    const keep = (until: number): void => {
      if (kept !== from && until > from) chunk.copyWithin(kept, from, until)
      kept += Math.max(0, until - from)
    }
    while (next < chunk.length) {
      if (this.at === "inLine") {
        const found = chunk.indexOf(lineWithDot, next)
        if (found === -1) {
          this.at = endOf(chunk, next)
          next = chunk.length
        } else {
          keep(found + 2)
          next = found + 3
          from = next
          this.at = "dot"
        }
        continue
      }
      const byte = chunk[next]
      if (this.at === "lineStart" && byte === dot) {
        keep(next)
        from = next + 1
        this.at = "dot"
      } else if (this.at === "dot" && byte === cr) this.at = "dotCr"
      else if (this.at === "dotCr" && byte === lf) {
        return { kept, end: next + 1 }
      } else this.at = byte === cr ? "cr" : byte === lf && this.at === "cr" ? "lineStart" : "inLine"
      next++
    }
    // a CR behind a dot waits for what follows: it may be the end
    keep(this.at === "dotCr" ? Math.max(from, chunk.length - 1) : chunk.length)
    return { kept }
  }

  private pass(data: Buffer, done: () => void): void {
    const stream = this._dataStream
    if (this.emitData(data) || !stream || stream.destroyed) return done()
    // a stream that was destroyed never drains, it only closes
    const go = (): void => {
      stream.off("drain", go)
      stream.off("close", go)
      done()
    }
    stream.on("drain", go)
    stream.on("close", go)
  }

  private emitData(data: Buffer): boolean {
    if (data.length === 0) return true
    this._countDataBytes(data.length)
    return !this._dataStream?.writable || this._dataStream.write(data)
  }
}

const endOf = (chunk: Buffer, from: number): At => {
  const last = chunk[chunk.length - 1]
  if (last === cr) return "cr"
  return last === lf && chunk.length - 2 >= from && chunk[chunk.length - 2] === cr ? "lineStart" : "inLine"
}
