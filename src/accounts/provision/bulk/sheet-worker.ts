import { parentPort, workerData } from "node:worker_threads"
import { ok } from "../../../base/result.ts"
import { readTable } from "./read-table.ts"
import type { SheetAnswer, SheetPiece } from "./sheet.ts"

/** A thread that reads one uploaded file. Started by sheet.ts, which gets the rows piece by piece: a million cells in one message would stop it for a tenth of a second. */
const rowsAtOnce = 200

function* piecesOf(answer: SheetAnswer): Generator<SheetPiece> {
  if (!answer.ok) return yield { kind: "end", answer }
  const { rows, ...rest } = answer.value
  for (let at = 0; at < rows.length; at += rowsAtOnce) yield { kind: "rows", rows: rows.slice(at, at + rowsAtOnce) }
  yield { kind: "end", answer: ok(rest) }
}

if (workerData instanceof Uint8Array) {
  const pieces = piecesOf(await readTable(workerData))
  const post = (): void => {
    const piece = pieces.next()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread is no window
    if (!piece.done) parentPort?.postMessage(piece.value)
  }
  parentPort?.on("message", post)
  post()
}
