import type { ScimFilter, ScimValue } from "../../store/scim-store.ts"
import { isObject, type JsonObject, memberOf } from "./json.ts"

/** Whether a filter holds for a JSON object, such as one of a User's `emails`. Text is compared whatever its case (RFC 7643 §2.3.1), but for ids. Pure. */
export function holds(filter: ScimFilter, object: JsonObject): boolean {
  switch (filter.kind) {
    case "and":
      return holds(filter.left, object) && holds(filter.right, object)
    case "or":
      return holds(filter.left, object) || holds(filter.right, object)
    case "not":
      return !holds(filter.inner, object)
    case "present":
      return valuesAt(object, filter.path).some((value) => value !== undefined && value !== null && value !== "")
    case "some":
      return membersAt(object, filter.path).some((value) => isObject(value) && holds(filter.inner, value))
    case "compare": {
      const { operator, value: asked } = filter
      const values = valuesAt(object, filter.path)
      return operator === "ne" ? !values.some((value) => compares("eq", value, asked)) : values.some((value) => compares(operator, value, asked))
    }
  }
}

/** A value of several parts stands for its `value` (RFC 7644 §3.4.2.2). */
const valuesAt = (object: JsonObject, path: string): readonly unknown[] => membersAt(object, path).map((value) => (isObject(value) && "value" in value ? value["value"] : value))

function membersAt(object: JsonObject, path: string): readonly unknown[] {
  let values: readonly unknown[] = [object]
  for (const name of path.split(".")) values = values.flatMap((value) => (isObject(value) ? [memberOf(value, name)].flat() : []))
  return values
}

function compares(operator: Exclude<Extract<ScimFilter, { kind: "compare" }>["operator"], "ne">, value: unknown, asked: ScimValue): boolean {
  if (operator === "eq" && typeof value === "boolean" && typeof asked === "string") return String(value) === asked.toLowerCase()
  if (typeof value === "string" && typeof asked === "string") {
    const [one, other] = [value.toLowerCase(), asked.toLowerCase()]
    switch (operator) {
      case "eq":
        return one === other
      case "co":
        return one.includes(other)
      case "sw":
        return one.startsWith(other)
      case "ew":
        return one.endsWith(other)
      default:
        return ordered(operator, one, other)
    }
  }
  if (operator === "eq") return value === asked || (asked === null && value === undefined)
  return typeof value === "number" && typeof asked === "number" && (operator === "gt" || operator === "ge" || operator === "lt" || operator === "le") && ordered(operator, value, asked)
}

const ordered = <T extends string | number>(operator: "gt" | "ge" | "lt" | "le", one: T, other: T): boolean => (operator === "gt" ? one > other : operator === "ge" ? one >= other : operator === "lt" ? one < other : one <= other)
