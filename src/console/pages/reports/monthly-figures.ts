import { csvFile, csvRow } from "../../../base/csv.ts"
import { writeSheet } from "../../../provisioning/write-sheet.ts"
import { type MonthlyReport, pagesOf, type ReportRow, savedOf, sentOf } from "../../../store/monthly-report-store.ts"
import { monthlyText as text } from "../../text/monthly.ts"
import type { Say, Words } from "../../web/words.ts"

/** The figures of a report, one definition for the page, the files and what is printed. Pure, but for the thread that writes a spreadsheet. */
export interface Figure {
  readonly key: string
  readonly title: Words
  /** Null: not known. */
  readonly of: (row: Pick<ReportRow, "figures">, report: MonthlyReport) => number | null
}

export const figures = {
  accounts: { title: text.accounts, of: ({ figures }) => figures.accounts },
  holders: { title: text.holders, of: ({ figures }) => figures.holders },
  sent: { title: text.sent, of: ({ figures }) => sentOf(figures) },
  sentInternal: { title: text.sentInternal, of: ({ figures }) => figures.sentInternal },
  sentAgencies: { title: text.sentAgencies, of: ({ figures }) => figures.sentAgencies },
  sentOutside: { title: text.sentOutside, of: ({ figures }) => figures.sentOutside },
  sentSigned: { title: text.signedCount, of: ({ figures }) => figures.sentSigned },
  received: { title: text.received, of: ({ figures }) => figures.received },
  documents: { title: text.documents, of: ({ figures }) => figures.documents },
  pages: { title: text.pages, of: ({ figures }, report) => pagesOf(figures, report) },
  saved: { title: text.saved, of: ({ figures }, report) => savedOf(figures, report) },
  storageBytes: { title: text.storageBytes, of: ({ figures }) => figures.storageBytes },
} as const satisfies Readonly<Record<string, Omit<Figure, "key">>>

export const rowName = (say: Say, { rows }: Pick<MonthlyReport, "rows">, { own, name }: ReportRow): string => (own && rows.length > 1 ? say(text.ownRow, { name }) : name)

/** A row of headings, one for each unit, the total. */
export function fileRows(say: Say, report: MonthlyReport): readonly (readonly (string | number | null)[])[] {
  const all = Object.values(figures)
  const line = (code: string, name: string, row: Pick<ReportRow, "figures">) => [report.month, code, name, ...all.map(({ of }) => of(row, report))]
  return [
    [say(text.month), say(text.code), say(text.unit), ...all.map(({ title }) => say(title))],
    ...report.rows.map((row) => line(row.code, rowName(say, report, row), row)),
    line("", say(text.total), { figures: report.total }),
  ]
}

export const monthlyCsv = (say: Say, report: MonthlyReport): Buffer => csvFile(fileRows(say, report).map(csvRow))
export const monthlyXlsx = (say: Say, report: MonthlyReport): Promise<Buffer> => writeSheet(fileRows(say, report))
