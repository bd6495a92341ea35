import { createReadStream } from "node:fs"
import { basename } from "node:path"
import { CsvError, parse } from "csv-parse"
import { isPrintable } from "../../mail/printable.ts"
import type { ProblemList } from "./problem.ts"

/**
 * Streams the rows of one CSV file (RFC 4180; LF or CRLF, with or without a BOM) whose columns may stand in any order.
 * Everything is bounded. What cannot be read is reported and left out. Must not know: what columns mean.
 */
export interface CsvRow {
  readonly line: number
  /** The field of a column, trimmed. */
  readonly field: (column: string) => string
}

export const maxRows = 200_000
const maxFieldCharacters = 20_000
const maxRecordBytes = 64 * 1024

export interface CsvSource {
  readonly path: string
  readonly columns: readonly string[]
}

interface CsvRecord {
  readonly record: string[]
  readonly info: { readonly lines: number }
}

export async function* readCsv({ path, columns }: CsvSource, problems: ProblemList): AsyncGenerator<CsvRow> {
  const file = basename(path)
  const bad = (line: number, column: string, reason: string): void => problems.add({ file, line, column, reason })
  const parser = createReadStream(path).pipe(parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true, max_record_size: maxRecordBytes }))
  let header: readonly string[] | undefined
  let extraLines = 0
  let rows = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const joined = record.join("\0")
      const breaks = joined.split("\n").length - 1
      // the parser counts a CRLF inside quotes as two lines
      extraLines += joined.split("\r\n").length - 1
      const line = info.lines - extraLines - breaks
      if (header === undefined) {
        header = record.map((name) => name.trim())
        if (!isHeader(header, columns, (column, reason) => bad(line, column, reason))) return
        continue
      }
      if (++rows > maxRows) return bad(line, "", `a file has at most ${maxRows} rows`)
      const index = header
      if (record.length !== index.length) {
        bad(line, "", `the row has ${record.length} fields, the header has ${index.length}`)
        continue
      }
      const unreadable = index.filter((column, at) => !isReadable(record[at] ?? "", (reason) => bad(line, column, reason)))
      if (unreadable.length === 0) yield { line, field: (column) => (record[index.indexOf(column)] ?? "").trim() }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    bad(Number((error as CsvError & { lines?: number }).lines ?? 0) - extraLines, "", `${reasonOf(error)}; the rest of the file was not read`)
    return
  } finally {
    parser.destroy()
  }
  if (header === undefined) bad(1, "", `the file is empty; its first line names the columns: ${columns.join(", ")}`)
}

function isHeader(header: readonly string[], columns: readonly string[], bad: (column: string, reason: string) => void): boolean {
  const unknown = header.filter((name) => !columns.includes(name))
  const missing = columns.filter((name) => !header.includes(name))
  const twice = header.filter((name, at) => columns.includes(name) && header.indexOf(name) !== at)
  for (const name of unknown) bad(name.slice(0, 60), `unknown column; the columns of this file are: ${columns.join(", ")}`)
  for (const name of missing) bad(name, "the column is missing")
  for (const name of twice) bad(name, "the column is there twice")
  return unknown.length + missing.length + twice.length === 0
}

function isReadable(field: string, bad: (reason: string) => void): boolean {
  if (field.length > maxFieldCharacters) bad(`the field is longer than ${maxFieldCharacters} characters`)
  else if (field.includes("\ufffd")) bad("the field is not UTF-8")
  else if (!isPrintable(field)) bad("the field has a line break or another control character")
  else return true
  return false
}

const reasons: Readonly<Record<string, string>> = {
  CSV_INVALID_CLOSING_QUOTE: "something follows a closing quote",
  CSV_QUOTE_NOT_CLOSED: "a quote is never closed",
  INVALID_OPENING_QUOTE: "a quote stands inside a field that does not begin with one",
  CSV_MAX_RECORD_SIZE: `the row is longer than ${maxRecordBytes} bytes`,
}

const reasonOf = (error: CsvError): string => reasons[error.code] ?? "the file is not CSV"
