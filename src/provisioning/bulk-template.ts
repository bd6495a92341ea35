import { bulkColumns, columnNames } from "../accounts/provision/bulk/columns.ts"
import type { Words } from "../accounts/provision/problems.ts"
import { writeSheet } from "./write-sheet.ts"

/** Empty bulk files with one row as an example. They never change: each spreadsheet is written once in the life of the process, by the thread that this takes. */
export interface BulkTemplates {
  csv(language: Language): Buffer
  xlsx(language: Language): Promise<Buffer>
}

type Language = keyof Words

const name: Words = { vi: "Nguyễn Văn Đạt", en: "Nguyen Van Dat" }
const title: Words = { vi: "Chuyên viên", en: "Specialist" }

export function createBulkTemplates(): BulkTemplates {
  const written = new Map<Language, Promise<Buffer>>()
  return {
    // a BOM has spreadsheets read UTF-8
    csv: (language) => Buffer.from(`\ufeff${rowsIn(language).map((row) => row.join(",")).join("\r\n")}\r\n`),
    xlsx(language) {
      const sheet = written.get(language) ?? writeSheet(rowsIn(language))
      written.set(language, sheet)
      // what failed is tried again
      sheet.catch(() => written.delete(language))
      return sheet
    },
  }
}

function rowsIn(language: Language): readonly (readonly string[])[] {
  const example: Readonly<Partial<Record<(typeof bulkColumns)[number], string>>> = { action: "", name: name[language], unitCode: "SNV.VP", title: title[language], phone: "0912 345 678", quota: "2GiB" }
  return [bulkColumns.map((column) => columnNames[column][language][0]), bulkColumns.map((column) => example[column] ?? "")]
}
