/**
 * Signatures are verified in threads, so that no message holds up the event loop, and remembered by content hash, since what the bytes say
 * never changes. Threads start with the first signed message. A thread that dies costs its message one more try and never a verdict: what
 * cannot be verified is a failure, for the caller to defer. Must not know: S/MIME, certificates, who asks.
 */
import { hash } from "node:crypto"
import { availableParallelism } from "node:os"
import { ByteCache } from "../../base/byte-cache.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { type Failure, failure } from "../../mail/failure.ts"
import type { MessageSignature } from "../signature-facts.ts"
import type { MessageSource } from "../smime/message-source.ts"
import { findLayer } from "../smime/signed-layer.ts"
import { type ThreadOutcome, VerifyThread } from "./verify-thread.ts"

export interface VerifyPool {
  /** Fails with `limit` when too many wait already, `unavailable` when the verification crashed twice. A message that takes too long has the problem `tooSlow`. */
  verify(message: MessageToVerify): Promise<Result<MessageSignature, Failure>>
  close(): Promise<void>
}

/** A source whose chunks belong to who reads them: where one fills the memory behind it, that is handed to the thread. */
export interface MessageToVerify extends MessageSource {
  /** SHA-256 of the content, hex. */
  readonly sha256: string
  readonly size: number
  /** Nobody who signed in sent it: it waits behind those of others, and in half of the room at most, so that a flood from outside stops nobody's work here. */
  readonly fromOutside?: boolean
}

export interface VerifyPoolOptions {
  /** Another script than verify-worker.ts, which calls serveVerification as well. */
  readonly script?: URL
  readonly threads?: number
  readonly maxWaiting?: number
  readonly limitMs?: number
  /** V8's heap of each thread. */
  readonly heapMb?: number
  /** Of remembered results. */
  readonly cacheBytes?: number
  readonly log: { error(detail: object, message: string): void }
}

/** Of a message that could not be verified in time: it shows a signature, of which nothing is known. To call it unsigned would let it in as such. */
const tooSlow = (message: MessageToVerify): MessageSignature => ({
  form: (message.scanned && findLayer(message.scanned.root)?.form) ?? "multipart", problems: ["tooSlow"], signers: [], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none", from: [], sender: [],
})

/** What the bytes say depends on them and on the certificates from elsewhere. */
const keyOf = ({ sha256, certificates = [] }: MessageToVerify): string => [sha256, ...certificates.map((der) => hash("sha256", der))].join(" ")

/** Called with nothing once the pool is closed. */
type Turn = (thread: VerifyThread | undefined) => void

const mebibyte = 1024 * 1024

export function createVerifyPool(options: VerifyPoolOptions): VerifyPool {
  const { script = new URL("verify-worker.ts", import.meta.url), threads = availableParallelism(), maxWaiting = 200, limitMs = 10_000, cacheBytes = 32 * mebibyte, heapMb, log } = options
  const known = new ByteCache<string, MessageSignature>(cacheBytes)
  const underWay = new Map<string, Promise<Result<MessageSignature, Failure>>>()
  const idle: VerifyThread[] = []
  const waiting: Turn[] = []
  const waitingOutside: Turn[] = []
  const all = new Set<VerifyThread>()
  let closed = false

  /** Undefined once the pool is closed. */
  const takeThread = async (fromOutside: boolean): Promise<VerifyThread | undefined> => {
    if (closed) return undefined
    for (let thread = idle.pop(); thread; thread = idle.pop()) {
      if (thread.usable) return thread
      all.delete(thread)
    }
    return all.size < threads ? newThread() : new Promise((resolve) => (fromOutside ? waitingOutside : waiting).push(resolve))
  }
  const newThread = (): VerifyThread => {
    const thread = new VerifyThread(script, heapMb)
    all.add(thread)
    return thread
  }
  const giveBack = (thread: VerifyThread): void => {
    if (!thread.usable) all.delete(thread)
    const next = closed ? undefined : (waiting.shift() ?? waitingOutside.shift())
    if (next) next(thread.usable ? thread : newThread())
    else if (thread.usable) idle.push(thread)
  }

  const once = async (message: MessageToVerify): Promise<ThreadOutcome> => {
    const thread = await takeThread(message.fromOutside ?? false)
    if (!thread) return { kind: "failed", error: new Error("the pool is closed") }
    try {
      return await thread.run(message, message.size, limitMs)
    } finally {
      giveBack(thread)
    }
  }

  const work = async (message: MessageToVerify): Promise<Result<MessageSignature, Failure>> => {
    let outcome = await once(message)
    if (outcome.kind === "crashed") outcome = await once(message)
    if (outcome.kind === "done") {
      known.set(keyOf(message), outcome.signature, bytesOf(outcome.signature))
      return ok(outcome.signature)
    }
    // not remembered: the machine may have been busy
    if (outcome.kind === "tooSlow") return ok(tooSlow(message))
    log.error({ err: outcome.error, sha256: message.sha256, kind: outcome.kind }, "a signature could not be verified")
    return failed(failure("unavailable", "the signature cannot be verified now"))
  }

  return {
    async verify(message) {
      const key = keyOf(message)
      const remembered = known.get(key)
      if (remembered) return ok(remembered)
      const same = underWay.get(key)
      if (same) return same
      const room = message.fromOutside ? maxWaiting / 2 - waitingOutside.length : maxWaiting - waiting.length - waitingOutside.length
      if (closed || room <= 0) return failed(failure("limit", "too many signatures are waiting to be verified"))
      const result = work(message).finally(() => underWay.delete(key))
      underWay.set(key, result)
      return result
    },
    async close() {
      closed = true
      for (const turn of [...waiting.splice(0), ...waitingOutside.splice(0)]) turn(undefined)
      await Promise.all([...all].map((thread) => thread.close()))
    },
  }
}

/** About what a result takes in memory. */
const bytesOf = ({ certificates, revocationInfo, signers }: MessageSignature): number =>
  1_000 + [...certificates, ...revocationInfo.map(({ der }) => der), ...signers.flatMap(({ timestamps }) => timestamps)].reduce((sum, { length }) => sum + length, 0) + signers.length * 1_000
