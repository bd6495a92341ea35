import { Worker } from "node:worker_threads"
import { failed, ok, type Result } from "../../../base/result.ts"
import { createTurns } from "../../turns.ts"
import type { Words } from "../problems.ts"

/**
 * A table of a file that somebody has uploaded: CSV or XLSX, as text. It is read in a thread of its own, which ends after a while and has little memory: a
 * file made to fill the memory or to take for ever ends that thread and nothing else. Must not know: what columns mean.
 */
export interface Sheet {
  readonly header: readonly string[]
  readonly rows: readonly SheetRow[]
}

export interface SheetRow {
  /** Of the file, from 1, as the program that made it shows it. */
  readonly line: number
  /** As many as the header has. Dates are `YYYY-MM-DD`; a formula is what it came to when the file was saved. */
  readonly cells: readonly string[]
}

export const sheetProblems = {
  tooBig: { vi: "Tệp lớn hơn 10 MiB", en: "the file is larger than 10 MiB" },
  notAFile: { vi: "Tệp không phải CSV (UTF-8) hay XLSX, hoặc đã hỏng", en: "the file is neither CSV (UTF-8) nor XLSX, or damaged" },
  expandsTooMuch: { vi: "Tệp XLSX chứa nhiều dữ liệu nén quá mức cho phép", en: "the XLSX file holds more packed data than is allowed" },
  tooManyRows: { vi: "Tệp có hơn 20.000 dòng; hãy chia nhỏ", en: "the file has more than 20,000 rows; split it" },
  tooManyColumns: { vi: "Tệp có hơn 50 cột", en: "the file has more than 50 columns" },
  empty: { vi: "Tệp không có dòng nào", en: "the file has no rows" },
  busy: { vi: "Đang có quá nhiều tệp cần đọc cùng lúc; hãy thử lại sau một phút", en: "too many files are being read at once; try again in a minute" },
  tooSlow: { vi: "Đọc tệp mất quá nhiều thời gian", en: "the file takes too long to read" },
} as const satisfies Readonly<Record<string, Words>>
export type SheetProblem = keyof typeof sheetProblems

export const maxSheetBytes = 10 * 2 ** 20
export const maxSheetRows = 20_000
export const maxSheetColumns = 50
export const maxCellCharacters = 1_000
/** What an XLSX file may unpack to, all in all. */
export const maxUnpackedBytes = 64 * 2 ** 20

const deadlineMs = 30_000
const threadMemoryMiB = 512

/** Files of one process that are read or wait for it: one thread at a time is what the machine has to spare, however many are sent at once. */
const maxWaiting = 6
const turns = createTurns(maxWaiting)

export type SheetAnswer = Result<Sheet, SheetProblem>

/** What the thread posts: a piece of the rows each time that it is asked for more, then the rest of the answer. */
export type SheetPiece = { readonly kind: "rows"; readonly rows: readonly SheetRow[] } | { readonly kind: "end"; readonly answer: Result<Omit<Sheet, "rows">, SheetProblem> }

export async function readSheet(bytes: Uint8Array): Promise<SheetAnswer> {
  if (bytes.length > maxSheetBytes) return failed("tooBig")
  return (await turns.take("sheet", () => readInThread(bytes))) ?? failed("busy")
}

async function readInThread(bytes: Uint8Array): Promise<SheetAnswer> {
  const worker = new Worker(new URL("sheet-worker.ts", import.meta.url), { workerData: bytes, resourceLimits: { maxOldGenerationSizeMb: threadMemoryMiB } })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<SheetAnswer>((resolve) => {
      timer = setTimeout(() => resolve(failed("tooSlow")), deadlineMs)
      const rows: SheetRow[] = []
      worker.on("message", (piece: SheetPiece) => {
        if (piece.kind === "end") return resolve(piece.answer.ok ? ok({ ...piece.answer.value, rows }) : piece.answer)
        rows.push(...piece.rows)
        worker.postMessage("more", [])
      })
      // out of memory, or a library that stumbled over the file
      worker.on("error", () => resolve(failed("notAFile")))
      worker.once("exit", () => resolve(failed("notAFile")))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}
