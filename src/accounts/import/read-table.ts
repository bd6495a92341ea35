import { basename } from "node:path"
import type { ProblemList } from "./problem.ts"
import { readCsv } from "./read-csv.ts"
import { checkRow, short } from "./row-check.ts"
import type { CsvTable } from "./tables.ts"

export interface ReadRow<Row> {
  readonly line: number
  readonly row: Row
}

/** What one file holds; everything else about it is in `problems`. */
export interface ReadTable<Row> {
  /** The good rows, none twice. */
  readonly rows: readonly ReadRow<Row>[]
  /** Keys of all rows: what refers to a bad row is not to blame for it. */
  readonly keys: ReadonlySet<string>
}

export async function readTable<Row>(path: string, table: CsvTable<Row>, problems: ProblemList): Promise<ReadTable<Row>> {
  const file = basename(path)
  const rows: ReadRow<Row>[] = []
  const lines = new Map<string, number>()
  for await (const csvRow of readCsv({ path, columns: table.columns }, problems)) {
    const { line } = csvRow
    const check = checkRow(csvRow, (column, reason) => problems.add({ file, line, column, reason }))
    const row = table.read(check, csvRow)
    const key = table.key(row)
    const first = lines.get(key)
    if (first === undefined) lines.set(key, line)
    else if (check.good) check.bad(table.keyColumn, `${short(key)} is already in line ${first}`)
    if (check.good) rows.push({ line, row })
  }
  return { rows, keys: new Set(lines.keys()) }
}
