import { Worker } from "node:worker_threads"
import type { ReadOutcome } from "./read-report-mail.ts"

/** Reads messages in a thread of its own, bounded in memory and time: what they unpack to and how deep it goes holds nobody up and ends no process. */
export interface ReportThread {
  /** One at a time. The bytes' memory is taken over. Never rejects. */
  read(bytes: Uint8Array<ArrayBuffer>): Promise<ReadOutcome>
  close(): Promise<void>
}

export interface ReportThreadOptions {
  readonly script?: URL
  /** V8's heap of the thread. */
  readonly heapMb?: number
  readonly limitMs?: number
}

export function createReportThread({ script = new URL("report-thread.ts", import.meta.url), heapMb = 256, limitMs = 30_000 }: ReportThreadOptions = {}): ReportThread {
  let worker: Worker | undefined

  const end = async (): Promise<void> => {
    const ending = worker
    worker = undefined
    await ending?.terminate()
  }

  return {
    async read(bytes) {
      // what a report does to a thread is the report's fault: its exit tells, and its error ends no process
      worker ??= new Worker(script, { resourceLimits: { maxOldGenerationSizeMb: heapMb } }).on("error", () => undefined)
      const current = worker
      const outcome = await new Promise<ReadOutcome | undefined>((resolve) => {
        const settle = (read?: ReadOutcome): void => {
          clearTimeout(timer)
          current.off("message", settle).off("exit", gone)
          resolve(read)
        }
        const gone = (): void => settle()
        const timer = setTimeout(gone, limitMs)
        current.on("message", settle).on("exit", gone)
        current.postMessage(bytes, [bytes.buffer])
      })
      if (outcome) return outcome
      await end()
      return { kind: "bad", of: null, reason: "reading it takes more memory or time than a report may take" }
    },
    close: end,
  }
}
