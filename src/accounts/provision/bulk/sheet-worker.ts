import { parentPort, workerData } from "node:worker_threads"
import { readTable } from "./read-table.ts"

/** A thread that reads one uploaded file. Started by sheet.ts. */
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
if (workerData instanceof Uint8Array) parentPort?.postMessage(await readTable(workerData))
