import { type ImportPlan, isEmptyPlan, type TablePlan } from "../accounts/import/plan.ts"
import { type DirectoryTables, type TableName, tableNames } from "../accounts/import/rows.ts"
import { namedRows } from "../accounts/import/tables.ts"

/** An import's plan for people: a line for each table, and the first of what changes in it. */
const examples = 3

export function planText(plan: ImportPlan): string {
  const width = Math.max(...tableNames.map((name) => namedRows[name].file.length))
  const lines = tableNames.flatMap((name) => {
    const table = plan.tables[name]
    return [`  ${namedRows[name].file.padEnd(width)}  ${countsText(name, table)}`, ...exampleLines(name, table)]
  })
  return [isEmptyPlan(plan) ? "Nothing to do: the directory is as the files say." : "Plan:", ...lines].join("\n")
}

/** What being suspended means in each table. */
const suspendWords: Readonly<Record<TableName, string>> = {
  units: "suspend", principals: "suspend", accounts: "suspend", assignments: "end", aliases: "remove", groups: "remove", members: "remove", certificates: "suspend",
}

const kinds = ["add", "change", "suspend", "reactivate"] as const

function countsText(name: TableName, table: TablePlan<DirectoryTables[TableName]>): string {
  const counts = kinds.flatMap((kind) => (kind === "reactivate" && table.reactivate.length === 0 ? [] : [`${word(name, kind)} ${table[kind].length}`]))
  const left = table.leftSuspended > 0 ? [`${table.leftSuspended} left suspended (--reactivate opens them)`] : []
  return [...counts, `unchanged ${table.unchanged}`, ...left].join(", ")
}

function exampleLines<Name extends TableName>(name: Name, table: ImportPlan["tables"][Name]): string[] {
  return kinds.flatMap((kind) => {
    const rows: readonly DirectoryTables[Name][] = table[kind]
    const shown = rows.slice(0, examples).map((row) => namedRows[name].key(row))
    return shown.length === 0 ? [] : [`      ${word(name, kind)}: ${shown.join(", ")}${rows.length > examples ? ", …" : ""}`]
  })
}

const word = (name: TableName, kind: (typeof kinds)[number]): string => (kind === "suspend" ? suspendWords[name] : kind)
