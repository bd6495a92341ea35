import { Worker } from "node:worker_threads"

/** Rows as an XLSX file, text as text, written in a thread of its own: thousands of cells take longer than others may wait. */
export async function writeSheet(rows: readonly (readonly (string | number | null)[])[]): Promise<Buffer> {
  const worker = new Worker(new URL("xlsx-worker.ts", import.meta.url), { workerData: rows.map((row) => row.map((cell) => (typeof cell === "string" ? cell.replace(noCharacters, " ") : cell))) })
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      worker.once("message", (bytes: Uint8Array) => resolve(Buffer.from(bytes)))
      worker.on("error", reject)
      worker.once("exit", () => reject(new Error("the spreadsheet was not written")))
    })
  } finally {
    await worker.terminate()
  }
}

// oxlint-disable-next-line no-control-regex -- XML 1.0 §2.2 has no character for these
const noCharacters = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g
