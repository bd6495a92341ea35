import { parse } from "csv-parse/sync"
import { unzipSync, zipSync } from "fflate"
import { readSheet as readFirstSheet } from "read-excel-file/node"
import { failed, ok, type Result } from "../../../base/result.ts"
import { maxCellCharacters, maxSheetColumns, maxSheetRows, maxUnpackedBytes, type SheetAnswer, type SheetProblem, type SheetRow } from "./sheet.ts"

/** Bytes of an uploaded file → its first table. Takes as long as it takes: for a thread of its own. */
export async function readTable(bytes: Uint8Array): Promise<SheetAnswer> {
  const table = isZip(bytes) ? await readXlsx(bytes) : readCsv(bytes)
  if (!table.ok) return table
  // the line is counted before empty ones are left out
  const [head, ...rest] = table.value.map((cells, at): SheetRow => ({ line: at + 1, cells })).filter(({ cells }) => cells.some((cell) => cell !== ""))
  if (!head || rest.length === 0) return failed("empty")
  const width = head.cells.findLastIndex((cell) => cell !== "") + 1
  if (width > maxSheetColumns) return failed("tooManyColumns")
  if (rest.length > maxSheetRows) return failed("tooManyRows")
  return ok({ header: head.cells.slice(0, width), rows: rest.map(({ line, cells }) => ({ line, cells: Array.from({ length: width }, (_, at) => cells[at] ?? "") })) })
}

type Table = Result<readonly (readonly string[])[], SheetProblem>

/** APPNOTE.TXT §4.3.7: every XLSX file is a ZIP archive and begins with a local file header. */
const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4

/** What the first table needs of the archive; pictures, macros and all else stay packed. */
const needed = /^(?:\[Content_Types\]\.xml|_rels\/\.rels|xl\/(?:workbook\.xml|_rels\/workbook\.xml\.rels|sharedStrings\.xml|styles\.xml|worksheets\/[^/]+\.xml))$/

/**
 * The archive is unpacked here, no entry beyond the size that it declares and all together within a bound, and the library is given the clean parts only:
 * a small file that unpacks to a huge one, or two entries of one name, never reach it.
 */
async function readXlsx(bytes: Uint8Array): Promise<Table> {
  let unpacked = 0
  let parts: Record<string, Uint8Array>
  try {
    parts = unzipSync(bytes, { filter: ({ name, originalSize }) => needed.test(name) && (unpacked += originalSize) <= maxUnpackedBytes })
  } catch {
    return failed("notAFile")
  }
  if (unpacked > maxUnpackedBytes) return failed("expandsTooMuch")
  try {
    const rows = await readFirstSheet(Buffer.from(zipSync(parts, { level: 0 })))
    if (rows.length > maxSheetRows + 1) return failed("tooManyRows")
    return ok(rows.map((row) => row.slice(0, maxSheetColumns + 1).map(cellText)))
  } catch {
    return failed("notAFile")
  }
}

/** Excel's dates have no zone: the library reads them as UTC. */
function cellText(value: unknown): string {
  if (value === null || value === undefined) return ""
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "" : value.toISOString().slice(0, 10)
  return shorten(typeof value === "string" ? value : String(value))
}

function readCsv(bytes: Uint8Array): Table {
  const text = decode(bytes)
  if (text === undefined) return failed("notAFile")
  try {
    const rows: string[][] = parse(text, { bom: true, relax_column_count: true, delimiter: delimiterOf(text), to: maxSheetRows + 2, max_record_size: 200_000 })
    return ok(rows.map((row) => row.slice(0, maxSheetColumns + 1).map(shorten)))
  } catch {
    return failed("notAFile")
  }
}

/** A cell that is too long is a bad cell, whatever its end says. One line of text: a break inside a cell is a space. */
const shorten = (text: string): string => text.slice(0, maxCellCharacters + 1).replace(/\s*[\r\n]+\s*/g, " ").trim()

/** UTF-8, or UTF-16 as Excel's "Unicode text" has it; undefined for anything else. */
function decode(bytes: Uint8Array): string | undefined {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8"
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return text.includes("\0") ? undefined : text
  } catch {
    return undefined
  }
}

/** Excel writes semicolons where a comma is the decimal sign, as it is in Vietnam. */
function delimiterOf(text: string): string {
  const [head = ""] = text.split("\n", 1)
  const count = (sign: string): number => head.split(sign).length
  return [",", ";", "\t"].toSorted((one, other) => count(other) - count(one))[0] ?? ","
}
