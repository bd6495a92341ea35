import { parentPort, workerData } from "node:worker_threads"
import writeXlsx from "write-excel-file/node"

/** A thread that writes one spreadsheet; text stays text, numbers are numbers, the first row in bold. Started by write-sheet.ts. */
const rows = workerData as readonly (readonly (string | number | null)[])[]
const sheet = rows.map((row, at) => row.map((value) => (value === null ? null : typeof value === "number" ? { value, type: Number } : { value, type: String, ...(at === 0 && { fontWeight: "bold" as const }) })))
const widths = (rows[0] ?? []).map((_, column) => ({ width: Math.min(50, 3 + rows.reduce((widest, row) => Math.max(widest, String(row[column] ?? "").length), 5)) }))
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
parentPort?.postMessage(await writeXlsx(sheet, { stickyRowsCount: 1, columns: widths }).toBuffer())
