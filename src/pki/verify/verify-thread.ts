import { Worker } from "node:worker_threads"
import { fillsItsMemory } from "../../base/give-back.ts"
import type { MessageSignature } from "../signature-facts.ts"
import type { ByteRange, MessageSource } from "../smime/message-source.ts"
import type { FromThread, ToThread } from "./verify-protocol.ts"

/** How a verification ended. After `crashed`, `tooSlow` and `unreadable` the thread is gone. */
export type ThreadOutcome =
  | { readonly kind: "done"; readonly signature: MessageSignature }
  | { readonly kind: "tooSlow" }
  | { readonly kind: "crashed" | "failed" | "unreadable"; readonly error: unknown }

/** Larger messages are fetched by the thread piece by piece. */
const maxWholeBytes = 1024 * 1024
/** V8's heap of one thread: what creeps beyond ends the thread. One sudden huge allocation would still end the process, so verifiers bound theirs. */
const defaultHeapMb = 256
/** Reading the program takes a second, and many on a machine that is busy. */
const startLimitMs = 60_000

/** One thread that verifies one message at a time. Ends with `close`, and when it is of no use any more. */
export class VerifyThread {
  private readonly worker: Worker
  private readonly reads = new Map<number, AsyncIterator<Uint8Array>>()
  private message: MessageSource | undefined
  private settle: ((outcome: ThreadOutcome) => void) | undefined
  private gone = false
  private readonly started: Promise<void>
  private hasStarted: () => void = () => undefined

  constructor(script: URL, heapMb = defaultHeapMb) {
    this.worker = new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMb } })
    this.started = new Promise((resolve) => (this.hasStarted = resolve))
    this.worker.on("message", (message: FromThread) => void this.heard(message))
    this.worker.on("error", (error) => this.end({ kind: "crashed", error }))
    this.worker.on("exit", (code) => this.end({ kind: "crashed", error: new Error(`the thread ended with code ${code}`) }))
    // an idle thread keeps no process alive
    this.worker.unref()
  }

  get usable(): boolean {
    return !this.gone
  }

  /** `limitMs` is for the whole of it, reading included, but not for the start of the thread: that the machine is busy is no fault of the message. */
  async run(message: MessageSource, bytes: number, limitMs: number): Promise<ThreadOutcome> {
    // it may have died since it was handed out
    if (this.gone) return { kind: "crashed", error: new Error("the thread has ended") }
    this.worker.ref()
    const outcome = new Promise<ThreadOutcome>((resolve) => (this.settle = resolve))
    let timer = setTimeout(() => this.end({ kind: "crashed", error: new Error("the thread does not start") }), startLimitMs)
    const limitOnceStarted = async (): Promise<void> => {
      await this.started
      clearTimeout(timer)
      // it may be over already
      if (this.message === message) timer = setTimeout(() => this.end({ kind: "tooSlow" }), limitMs)
    }
    void limitOnceStarted()
    try {
      this.message = message
      if (bytes > maxWholeBytes) this.tell({ kind: "verify", bytes: null, scanned: message.scanned, certificates: message.certificates })
      else void this.hand(message)
      return await outcome
    } finally {
      clearTimeout(timer)
      this.message = undefined
      this.settle = undefined
      await Promise.all([...this.reads.keys()].map((read) => this.stop(read)))
      this.worker.unref()
    }
  }

  async close(): Promise<void> {
    this.end({ kind: "crashed", error: new Error("the thread was closed") })
    await this.worker.terminate()
  }

  /** The bytes are gathered once and then belong to the thread. */
  private async hand(message: MessageSource): Promise<void> {
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of message.read()) chunks.push(chunk)
      const bytes = owned(chunks)
      this.tell({ kind: "verify", bytes, scanned: message.scanned, certificates: message.certificates }, bytes)
    } catch (error) {
      this.end({ kind: "unreadable", error })
    }
  }

  private async heard(message: FromThread): Promise<void> {
    if (message.kind === "ready") this.hasStarted()
    else if (message.kind === "done") this.settle?.(message)
    else if (message.kind === "failed") this.settle?.(message)
    else if (message.kind === "stop") await this.stop(message.read)
    else await this.sendNext(message.read, message.range)
  }

  private async sendNext(read: number, range: ByteRange | undefined): Promise<void> {
    try {
      const iterator = this.reads.get(read) ?? this.message?.read(range)[Symbol.asyncIterator]()
      if (!iterator) return
      this.reads.set(read, iterator)
      const next = await iterator.next()
      if (this.gone) return
      if (next.done) {
        this.reads.delete(read)
        this.tell({ kind: "end", read })
      } else {
        const bytes = takenOver(next.value)
        this.tell({ kind: "chunk", read, bytes }, bytes)
      }
    } catch (error) {
      this.end({ kind: "unreadable", error })
    }
  }

  private async stop(read: number): Promise<void> {
    const iterator = this.reads.get(read)
    this.reads.delete(read)
    await iterator?.return?.()
  }

  private end(outcome: ThreadOutcome): void {
    if (this.gone) return
    this.gone = true
    this.settle?.(outcome)
    void this.worker.terminate()
  }

  private tell(message: ToThread, bytes?: Uint8Array<ArrayBuffer>): void {
    if (!this.gone) this.worker.postMessage(message, bytes ? [bytes.buffer] : [])
  }
}

/** A chunk that fills little of the memory behind it may be a view of what others use. */
const takenOver = (chunk: Uint8Array): Uint8Array<ArrayBuffer> =>
  chunk.buffer instanceof ArrayBuffer && fillsItsMemory(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : owned([chunk])

/** In memory of its own, so that it can be handed over. */
function owned(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
