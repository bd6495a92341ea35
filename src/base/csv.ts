/** A cell by RFC 4180. Text that a spreadsheet would take for a formula is kept text (OWASP "CSV injection"): names come from whoever wrote them. */
function csvCell(value: string | number | null): string {
  if (value === null) return ""
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvRow = (cells: readonly (string | number | null)[]): string => cells.map(csvCell).join(",")

/** A file of lines, with a BOM: Excel takes it for another encoding without one. */
export const csvFile = (lines: readonly string[]): Buffer => Buffer.from(`\ufeff${lines.join("\r\n")}\r\n`)
