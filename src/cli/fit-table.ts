import { textTable } from "./text-table.ts"

/** Columns of a terminal that says nothing, or of a file. */
const usualWidth = 160

/** A table no wider than the terminal: the last column gives way. Cells come from outside and hold nothing that a terminal obeys. */
export function fitTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = process.stdout.columns ?? usualWidth
  return textTable(header, rows).split("\n").map((line) => cut(line, width)).join("\n")
}

/** The beginning of a text, and a sign that there is more. */
export function cut(text: string, length: number): string {
  const characters = [...text]
  return characters.length <= length ? text : `${characters.slice(0, Math.max(length - 1, 0)).join("")}…`
}
