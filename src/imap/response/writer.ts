import type { ByteSink } from "./byte-sink.ts"

/**
 * What a session says to its client: text and literals gathered into batches of about 64 KiB, with back-pressure.
 * Invariants: bytes leave in the order they were written; text has one char per byte (use `octets` for anything that may not
 * be ASCII); chunks are handed on without copying and must not change afterwards. Long loops ask `await out.ready()` now and
 * then. Must not know: IMAP's grammar, sessions.
 */
export class ResponseWriter {
  private readonly sink: ByteSink
  private pendingText = ""
  private chunks: Uint8Array[] = []
  private chunkBytes = 0
  private full = false

  constructor(sink: ByteSink) {
    this.sink = sink
  }

  /** Appends text, one char per byte. */
  text(text: string): void {
    this.pendingText += text
    if (this.pendingText.length + this.chunkBytes >= batchBytes) this.flush()
  }

  /** Appends text and CRLF. */
  line(text: string): void {
    this.text(`${text}\r\n`)
  }

  /** Appends raw bytes without copying; they must not change afterwards. */
  bytes(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.gatherText()
    this.chunks.push(chunk)
    this.chunkBytes += chunk.length
    if (this.chunkBytes >= batchBytes) this.flush()
  }

  /** Hands everything gathered to the sink. The connection calls it when a command is done; batches go out by themselves. */
  flush(): void {
    this.gatherText()
    if (this.chunks.length === 0) return
    const batch = this.chunks
    this.chunks = []
    this.chunkBytes = 0
    if (!this.sink.write(batch)) this.full = true
  }

  /** Resolves when the client has taken enough for more to be written. Cheap to await often: no promise is made while there is room. */
  ready(): Promise<void> | undefined {
    return this.full ? this.drained() : undefined
  }

  /** The client is gone: what is written goes nowhere, long work may stop. */
  get closed(): boolean {
    return this.sink.closed
  }

  /** Breaks the connection in the middle of a literal that cannot be completed; nothing but its end would be understood. */
  breakOff(): void {
    this.sink.breakOff()
  }

  private async drained(): Promise<void> {
    await this.sink.drained()
    this.full = false
  }

  private gatherText(): void {
    if (this.pendingText === "") return
    const bytes = Buffer.from(this.pendingText, "latin1")
    this.pendingText = ""
    this.chunks.push(bytes)
    this.chunkBytes += bytes.length
  }
}

const batchBytes = 64 * 1024

/** UTF-8 text as one char per byte, the form in which `ResponseWriter.text` takes it. */
export const octets = (text: string): string => (isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1"))

// oxlint-disable-next-line no-control-regex
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text)
