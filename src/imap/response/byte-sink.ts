import { once } from "node:events"
import type { Writable } from "node:stream"

/** Where a `ResponseWriter` puts what it has gathered: a socket, or memory in tests. */
export interface ByteSink {
  /** Hands over one batch, in order. Never copies; the chunks must not change afterwards. False: wait for `drained` before more. */
  write(chunks: readonly Uint8Array[]): boolean
  /** Resolves when more may be written; also when the client is gone, and then `closed` is true. */
  drained(): Promise<void>
  readonly closed: boolean
  /** Breaks the connection: the client waits for bytes that will never come. */
  breakOff(): void
}

/** A sink over a socket. The batch is corked, so that it leaves in one system call and, under TLS, in full records. */
export const socketSink = (socket: Writable): ByteSink => ({
  write(chunks) {
    if (socket.destroyed || socket.writableEnded) return true
    const last = chunks.length - 1
    if (last > 0) socket.cork()
    let more = true
    for (const chunk of chunks) more = socket.write(chunk)
    if (last > 0) socket.uncork()
    return more
  },
  async drained() {
    if (socket.destroyed || !socket.writableNeedDrain) return
    const abort = new AbortController()
    try {
      await Promise.race([once(socket, "drain", { signal: abort.signal }), once(socket, "close", { signal: abort.signal })])
    } catch {
      // A broken socket is closed; whoever writes sees `closed`.
    } finally {
      abort.abort()
    }
  },
  get closed() {
    return socket.destroyed
  },
  breakOff() {
    socket.destroy()
  },
})
