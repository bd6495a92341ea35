/** The thread's side: gives `verify` a message that is here, or one whose pieces are fetched as it asks for them. */
import { parentPort, type MessagePort } from "node:worker_threads"
import { giveBack } from "../../base/give-back.ts"
import type { MessageSignature } from "../signature-facts.ts"
import { type ByteRange, bytesSource, type MessageSource } from "../smime/message-source.ts"
import type { FromThread, ToThread } from "./verify-protocol.ts"

export type Verify = (message: MessageSource) => Promise<MessageSignature>

/** Serves until the thread is ended. Throws when it is not called in a thread. */
export function serveVerification(verify: Verify): void {
  const port = parentPort
  if (!port) throw new Error("verification is served in a thread only")
  const pieces = new Pieces(port)
  port.on("message", (message: ToThread) => {
    if (message.kind !== "verify") {
      pieces.arrived(message)
      return
    }
    const { bytes, scanned, certificates } = message
    void verify({ read: bytes ? bytesSource(bytes).read : (range) => pieces.read(range), ...(scanned && { scanned }), ...(certificates && { certificates }) }).then(
      (signature) => tell(port, { kind: "done", signature }),
      (error: unknown) => tell(port, { kind: "failed", error: error instanceof Error ? error : new Error(String(error)) }),
    )
  })
  tell(port, { kind: "ready" })
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
const tell = (port: MessagePort, message: FromThread): void => port.postMessage(message)

/** Reads under way, each waiting for at most one piece: so no more than that is ever in flight. */
class Pieces {
  private readonly waiting = new Map<number, (bytes: Uint8Array | undefined) => void>()
  private lastRead = 0
  private readonly port: MessagePort

  constructor(port: MessagePort) {
    this.port = port
  }

  arrived(message: Exclude<ToThread, { readonly kind: "verify" }>): void {
    const resolve = this.waiting.get(message.read)
    this.waiting.delete(message.read)
    resolve?.(message.kind === "chunk" ? message.bytes : undefined)
  }

  async *read(range: ByteRange | undefined): AsyncGenerator<Uint8Array> {
    const read = ++this.lastRead
    let ended = false
    try {
      while (!ended) {
        const bytes = await new Promise<Uint8Array | undefined>((resolve) => {
          this.waiting.set(read, resolve)
          tell(this.port, { kind: "next", read, range })
        })
        ended = bytes === undefined
        if (!bytes) continue
        yield bytes
        giveBack(bytes)
      }
    } finally {
      if (!ended) tell(this.port, { kind: "stop", read })
    }
  }
}
