import type { ScimFilter, ScimOperator, ScimQuestionProblem, ScimValue } from "../scim-store.ts"
import { failed, ok, type Result } from "../../base/result.ts"

/** SCIM filters as conditions of SQL. Values go as parameters, paths only by way of a table: nothing that a client writes becomes SQL. Pure. */
export interface ScimColumn {
  readonly sql: string
  readonly type: "text" | "boolean" | "time"
  /** Upper and lower case differ (RFC 7643 §2.2, `caseExact`). */
  readonly exact?: boolean
  /** A wider condition that an index answers, for `eq`: takes the value in small letters. */
  readonly among?: (value: string) => string
}

export interface ScimColumns {
  readonly single: Readonly<Record<string, ScimColumn>>
  /** Attributes with several values: what they are selected from, and the columns of one. */
  readonly multiple: Readonly<Record<string, { readonly from: string; readonly columns: Readonly<Record<string, ScimColumn>> }>>
}

class Unfit extends Error {
  readonly problem: ScimQuestionProblem
  constructor(problem: ScimQuestionProblem) {
    super(problem.kind)
    this.problem = problem
  }
}

/** A condition; `parameter` takes a value and returns its place. */
export function filterSql(filter: ScimFilter, columns: ScimColumns, parameter: (value: unknown) => string): Result<string, ScimQuestionProblem> {
  try {
    return ok(condition(filter, columns, parameter))
  } catch (error) {
    if (error instanceof Unfit) return failed(error.problem)
    throw error
  }
}

function condition(filter: ScimFilter, columns: ScimColumns, parameter: (value: unknown) => string): string {
  switch (filter.kind) {
    case "and":
    case "or":
      return `(${condition(filter.left, columns, parameter)} ${filter.kind === "and" ? "AND" : "OR"} ${condition(filter.right, columns, parameter)})`
    case "not":
      return `(NOT coalesce(${condition(filter.inner, columns, parameter)}, false))`
    case "some": {
      const many = columns.multiple[filter.path]
      if (!many) throw new Unfit({ kind: "unknownPath", path: filter.path })
      return `EXISTS (SELECT FROM ${many.from} WHERE ${condition(filter.inner, { single: many.columns, multiple: {} }, parameter)})`
    }
    case "present":
    case "compare": {
      const column = columns.single[filter.path]
      if (column) return filter.kind === "present" ? present(column) : comparison(column, filter, parameter)
      const [path = "", sub = "value"] = filter.path.split(".")
      const many = columns.multiple[path]
      const part = many?.columns[sub]
      if (!many || !part) throw new Unfit({ kind: "unknownPath", path: filter.path })
      return `EXISTS (SELECT FROM ${many.from} WHERE ${filter.kind === "present" ? present(part) : comparison(part, filter, parameter)})`
    }
  }
}

const present = ({ sql, type }: ScimColumn): string => (type === "text" ? `coalesce(${sql}, '') <> ''` : `${sql} IS NOT NULL`)

const symbols = { eq: "=", gt: ">", ge: ">=", lt: "<", le: "<=" } as const

function comparison(column: ScimColumn, { path, operator, value }: { readonly path: string; readonly operator: ScimOperator; readonly value: ScimValue }, parameter: (value: unknown) => string): string {
  const unfit = new Unfit({ kind: "badComparison", path })
  if (operator === "ne") return `(NOT coalesce(${comparison(column, { path, operator: "eq", value }, parameter)}, false))`
  if (value === null) {
    if (operator !== "eq") throw unfit
    return `(NOT (${present(column)}))`
  }
  switch (column.type) {
    case "boolean": {
      // Entra writes booleans as text
      const truth = typeof value === "boolean" ? value : value === "True" || value === "true" ? true : value === "False" || value === "false" ? false : undefined
      if (operator !== "eq" || truth === undefined) throw unfit
      return `${column.sql} = ${parameter(truth)}::boolean`
    }
    case "time": {
      const time = typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]{1,20}(?:Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN
      if (Number.isNaN(time) || operator === "co" || operator === "sw" || operator === "ew") throw unfit
      // the millisecond is what is shown
      return `date_trunc('milliseconds', ${column.sql}) ${symbols[operator]} to_timestamp(${parameter(time)}::float8 / 1000)`
    }
    case "text": {
      if (typeof value !== "string") throw unfit
      const [left, right] = column.exact === true ? [column.sql, value] : [`lower(${column.sql})`, value.toLowerCase()]
      if (operator === "co" || operator === "sw" || operator === "ew") return `${left} LIKE ${parameter(`${operator === "sw" ? "" : "%"}${right.replace(/[\\%_]/g, "\\$&")}${operator === "ew" ? "" : "%"}`)}::text`
      const place = `${parameter(right)}::text`
      return `${operator === "eq" && column.among ? `${column.among(place)} AND ` : ""}${left} ${symbols[operator]} ${place}`
    }
  }
}

/** What lists are sorted by (RFC 7644 §3.4.2.3); undefined for what has no single value. */
export const sortSql = (path: string, { single }: ScimColumns): string | undefined => {
  const column = single[path]
  return column && (column.type === "text" && column.exact !== true ? `lower(${column.sql})` : column.sql)
}
