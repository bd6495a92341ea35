/**
 * DATA's bytes on their way into the content store: counted, checked for bare CR, LF and NUL, never more than one chunk held
 * beyond the top-level header. Whatever is wrong, the rest is read and thrown away, because the reply may only come at the end
 * (RFC 5321 §4.1.1.4); a client that goes on far beyond the limit is cut off.
 */
import { giveBack } from "../base/give-back.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { hasMoreFields } from "../mail/header.ts"
import { LineEndingCheck } from "../mail/line-ending.ts"
import type { ContentWriter, PreparedContent } from "../store/content-store.ts"
import { contentReply, type Reply, replies } from "./reply.ts"
import { type FoundHeader, TopHeader } from "./top-header.ts"
import type { Readable } from "node:stream"

export interface ReceiveOptions<Header> {
  readonly writer: ContentWriter
  readonly maxBytes: number
  /** Judges the top-level header; `replacement` is stored instead of it. */
  readonly readHeader: (header: Buffer) => Result<HeaderReading<Header>, Reply>
  readonly hangUp: (reply: Reply) => void
  readonly onError: (error: unknown) => void
}

export interface HeaderReading<Header> {
  readonly value: Header
  readonly replacement?: Buffer
}

export interface ReceivedMessage<Header> {
  readonly content: PreparedContent
  readonly header: Header
}

/** A list of 3,000 recipients fits; held in memory for each connection that is in its header. */
export const maxHeaderBytes = 256 * 1024
/** Letters that have been round the world have a few hundred. Tens of thousands of empty ones would take longer to read than others should wait for their turn. */
export const maxHeaderFields = 4_000

/** The message, or the refusal it ends with; undefined when the client went away, and then nobody waits for a reply. */
export function receiveMessage<Header>(stream: Readable, options: ReceiveOptions<Header>): Promise<Result<ReceivedMessage<Header>, Reply> | undefined> {
  return new Promise((resolve) => {
    new Receiver(stream, options, resolve).start()
  })
}

class Receiver<Header> {
  private readonly stream: Readable
  private readonly options: ReceiveOptions<Header>
  private readonly resolve: (outcome: Result<ReceivedMessage<Header>, Reply> | undefined) => void
  private readonly lineEnds = new LineEndingCheck()
  private topHeader: TopHeader | undefined = new TopHeader(maxHeaderBytes)
  private header: Header | undefined
  private problem: Reply | undefined
  private bytes = 0
  private writing: Promise<void> = Promise.resolve()
  private ended = false
  private cutOff = false
  private pendingWrites = 0
  private readonly listeners = [["data", (chunk: Buffer): void => this.take(chunk)], ["end", (): void => void this.end()], ["close", (): void => this.gone()]] as const

  constructor(stream: Readable, options: ReceiveOptions<Header>, resolve: (outcome: Result<ReceivedMessage<Header>, Reply> | undefined) => void) {
    this.stream = stream
    this.options = options
    this.resolve = resolve
  }

  start(): void {
    for (const [event, listener] of this.listeners) this.stream.on(event, listener)
    // a broken stream closes
    this.stream.on("error", ignore)
  }

  /** Node's streams outlive V8's young generation (their constructor puts a closure into the old one), and would take all that was received along. */
  private leave(): void {
    for (const [event, listener] of this.listeners) this.stream.off(event, listener)
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.problem) {
      if (this.bytes > 2 * this.options.maxBytes && !this.cutOff) {
        this.cutOff = true
        this.options.hangUp(this.problem)
      }
      return giveBack(chunk)
    }
    if (this.bytes > this.options.maxBytes) return this.fail(replies.tooBig)
    if (!this.lineEnds.push(chunk)) return this.fail(replies.bareLineEnd)
    if (this.lineEnds.nul) return this.fail(replies.nul)
    if (!this.topHeader) return this.write(chunk, giveBack)
    const found = this.topHeader.push(chunk)
    if (found === "tooLarge") this.fail(replies.headerTooBig)
    else if (found !== "more") this.headerFound(found)
  }

  private headerFound({ whole, headerBytes }: FoundHeader): void {
    this.topHeader = undefined
    const block = whole.subarray(0, headerBytes)
    if (hasMoreFields(block, maxHeaderFields)) return this.fail(replies.headerTooBig)
    const reading = this.options.readHeader(block)
    if (!reading.ok) return this.fail(reading.failure)
    this.header = reading.value.value
    const { replacement } = reading.value
    if (!replacement) return this.write(whole)
    this.write(replacement)
    if (headerBytes < whole.length) this.write(whole.subarray(headerBytes))
  }

  /** One write after the other; the stream waits, so that the client is slowed down and memory is not filled. `done` gets what is written. */
  private write(bytes: Buffer, done?: (bytes: Buffer) => void): void {
    this.stream.pause()
    const { writer, onError } = this.options
    const before = this.writing
    const write = async (): Promise<void> => {
      await before
      try {
        const written = this.problem ? undefined : await writer.write(bytes)
        done?.(bytes)
        if (written?.ok === false) this.fail(contentReply[written.failure.kind])
      } catch (error) {
        onError(error)
        this.fail(replies.internalError)
      }
      this.pendingWrites--
      if (this.pendingWrites === 0) this.stream.resume()
    }
    this.pendingWrites++
    this.writing = write()
  }

  private fail(reply: Reply): void {
    if (this.problem) return
    this.problem = reply
    this.abandon()
  }

  /** After the write under way, which must not meet an aborted writer. */
  private abandon(): void {
    const before = this.writing
    const abort = async (): Promise<void> => {
      if (this.pendingWrites > 0) await before
      await this.options.writer.abort()
    }
    this.writing = abort().catch(this.options.onError)
  }

  private async end(): Promise<void> {
    if (this.ended) return
    this.ended = true
    this.leave()
    if (!this.problem && !this.lineEnds.finish()) this.fail(replies.bareLineEnd)
    if (!this.problem && this.topHeader) this.headerFound(this.topHeader.end())
    await this.writing
    this.resolve(await this.outcome())
  }

  private async outcome(): Promise<Result<ReceivedMessage<Header>, Reply>> {
    if (this.problem) return failed(this.problem)
    if (this.header === undefined) return failed(replies.internalError)
    try {
      const finished = await this.options.writer.finish()
      return finished.ok ? ok({ content: finished.value, header: this.header }) : failed(contentReply[finished.failure.kind])
    } catch (error) {
      this.options.onError(error)
      return failed(replies.internalError)
    }
  }

  /** The client vanished: nothing may stay behind. */
  private gone(): void {
    if (this.ended) return
    this.ended = true
    this.leave()
    if (!this.problem) this.abandon()
    this.resolve(undefined)
  }
}

const ignore = (): void => undefined
