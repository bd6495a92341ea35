/** Rows under a header, columns aligned; for people, and for cut(1) as long as no cell holds two spaces. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ""))))
  return all.map((row) => row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell))).join("  ").trimEnd()).join("\n")
}

/** Vietnamese letters are one column wide once composed. */
const width = (text: string): number => [...text.normalize("NFC")].length
