import { setImmediate as breathe } from "node:timers/promises"
import { csvFile, csvRow } from "../base/csv.ts"
import { adviceText, problemText, type Words } from "../accounts/provision/problems.ts"
import type { BulkJob, BulkRow, BulkRowState } from "../store/bulk-store.ts"
import { writeSheet } from "./write-sheet.ts"

/**
 * The result of a bulk job as a file: the rows as they came, what became of each, one-time passwords. In CSV a cell that a spreadsheet would take for a
 * formula is text (OWASP "CSV injection"); in XLSX every cell says that it is text.
 */
export interface BulkResult {
  readonly job: Pick<BulkJob, "header">
  readonly rows: readonly BulkRow[]
}

type Language = keyof Words

const stateWords: Readonly<Record<BulkRowState, Words>> = {
  done: { vi: "Đã thực hiện", en: "done" },
  failed: { vi: "Không thực hiện được", en: "failed" },
  bad: { vi: "Có ô sai, bỏ qua", en: "bad cells, left out" },
  cancelled: { vi: "Đã hủy", en: "cancelled" },
  pending: { vi: "Chưa thực hiện", en: "not done yet" },
}

const headings: Readonly<Record<"line" | "outcome" | "principalId" | "address" | "password" | "problem" | "advice", Words>> = {
  line: { vi: "Dòng", en: "Row" },
  outcome: { vi: "Kết quả", en: "Outcome" },
  principalId: { vi: "Mã được cấp", en: "Id given" },
  address: { vi: "Hộp thư", en: "Account" },
  password: { vi: "Mật khẩu dùng một lần", en: "One-time password" },
  problem: { vi: "Lý do", en: "Reason" },
  advice: { vi: "Cách xử lý", en: "What to do" },
}

/** Rows at once, before others have a turn. */
const slice = 100

async function* tableOf({ job, rows }: BulkResult, language: Language): AsyncGenerator<readonly string[]> {
  yield [...Object.values(headings).map((words) => words[language]), ...job.header]
  for (const [at, { line, state, action, principalId, address, oneTimePassword, problems, cells }] of rows.entries()) {
    if (at % slice === slice - 1) await breathe()
    // what was only planned is nobody's
    const left = state === "bad" || (action === "add" && state !== "done") ? "" : undefined
    yield [
      String(line), stateWords[state][language], left ?? principalId ?? "", left ?? address ?? "", oneTimePassword ?? "",
      problems.map((problem) => problemText(problem, language)).join("; "), [...new Set(problems.map(({ problem }) => adviceText(problem, language)))].join("; "), ...cells,
    ]
  }
}

export async function bulkResultCsv(result: BulkResult, language: Language): Promise<Buffer> {
  const lines: string[] = []
  for await (const row of tableOf(result, language)) lines.push(csvRow(row))
  return csvFile(lines)
}

export async function bulkResultXlsx(result: BulkResult, language: Language): Promise<Buffer> {
  const rows: (readonly string[])[] = []
  for await (const row of tableOf(result, language)) rows.push(row)
  return writeSheet(rows)
}
