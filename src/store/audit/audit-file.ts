import type { ListedEntry } from "../audit-store.ts"
import { csvHeader, csvLine } from "./shown-entry.ts"

/** Entries as a file, written while they are read. */
export interface AuditFile {
  readonly name: string
  readonly type: string
  readonly content: AsyncIterable<Uint8Array>
}

/** `day`: for its name, `2026-01-31`. */
export const auditFile = (entries: AsyncIterable<ListedEntry>, form: "csv" | "json", day: string): AuditFile =>
  form === "csv"
    ? { name: `audit-${day}.csv`, type: "text/csv; charset=utf-8", content: csvOf(entries) }
    : { name: `audit-${day}.jsonl`, type: "application/x-ndjson; charset=utf-8", content: jsonOf(entries) }

/** Entries that go out together. */
const linesAtOnce = 100

/** A byte order mark has spreadsheets read UTF-8. */
const csvOf = (entries: AsyncIterable<ListedEntry>): AsyncIterable<Uint8Array> => together(entries, (entry) => `${csvLine(entry)}\r\n`, `\ufeff${csvHeader}\r\n`)
const jsonOf = (entries: AsyncIterable<ListedEntry>): AsyncIterable<Uint8Array> => together(entries, (entry) => `${JSON.stringify(entry)}\n`, "")

async function* together(entries: AsyncIterable<ListedEntry>, line: (entry: ListedEntry) => string, first: string): AsyncIterable<Uint8Array> {
  let lines = [first]
  for await (const entry of entries) {
    lines.push(line(entry))
    if (lines.length < linesAtOnce) continue
    yield Buffer.from(lines.join(""))
    lines = []
  }
  yield Buffer.from(lines.join(""))
}
