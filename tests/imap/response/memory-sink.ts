import type { ByteSink } from "../../../src/imap/response/byte-sink.ts"

export interface MemorySink extends ByteSink {
  readonly batches: Uint8Array[][]
  text(): string
}

/** Keeps what is written; `takes` says how many batches go through before each wait. */
export const memorySink = (takes = Number.POSITIVE_INFINITY): MemorySink & { waits: number; closed: boolean } => {
  const batches: Uint8Array[][] = []
  let left = takes
  const sink = {
    batches,
    waits: 0,
    closed: false,
    write(chunks: readonly Uint8Array[]) {
      batches.push([...chunks])
      return --left > 0
    },
    drained() {
      sink.waits++
      left = takes
      return Promise.resolve()
    },
    breakOff() {
      sink.closed = true
    },
    text: () => Buffer.concat(batches.flat()).toString("latin1"),
  }
  return sink
}
