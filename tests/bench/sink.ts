import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { testTls } from "../support/test-tls.ts"

/** A server in a process of its own that takes all mail. */
export interface Sink {
  readonly port: number
  counts(): Promise<SinkCounts>
  stop(): Promise<void>
}

export interface SinkCounts {
  readonly messages: number
  /** Of contents, as they went over the wire. */
  readonly bytes: number
  readonly inClear: number
  readonly unsigned: number
  readonly connections: number
  readonly handshakes: number
}

export async function startSink(): Promise<Sink> {
  const { key, cert } = await testTls("localhost", "127.0.0.1")
  const child = fork(fileURLToPath(new URL("sink-process.ts", import.meta.url)), [], { stdio: ["ignore", "inherit", "inherit", "ipc"], execArgv: [] })
  const exited = once(child, "exit")
  const ask = async <T>(question: object): Promise<T> => {
    const answer = once(child, "message")
    child.send(question)
    return ((await answer) as [T])[0]
  }
  const port = await ask<number>({ key, cert })
  return {
    port,
    counts: () => ask<SinkCounts>({}),
    async stop() {
      child.disconnect()
      await exited
    },
  }
}
