import { parentPort } from "node:worker_threads"
import { readReportMail } from "./read-report-mail.ts"

/** A thread that reads what strangers send to the reporting address. Started by read-in-thread.ts. */
parentPort?.on("message", (bytes: Uint8Array) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
  parentPort?.postMessage(readReportMail(bytes))
})
