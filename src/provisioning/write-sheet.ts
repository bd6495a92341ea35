import { Worker } from "node:worker_threads"

/** Rows of text as an XLSX file, written in a thread of its own: thousands of cells take longer than others may wait. */
export async function writeSheet(rows: readonly (readonly string[])[]): Promise<Buffer> {
  const worker = new Worker(new URL("xlsx-worker.ts", import.meta.url), { workerData: rows })
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      worker.once("message", (bytes: Uint8Array) => resolve(Buffer.from(bytes)))
      worker.once("error", reject)
      worker.once("exit", () => reject(new Error("the spreadsheet was not written")))
    })
  } finally {
    await worker.terminate()
  }
}
