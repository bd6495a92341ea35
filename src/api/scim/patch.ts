import { failed, ok, type Result } from "../../base/result.ts"
import type { ScimFilter } from "../../store/scim-store.ts"
import { holds } from "./evaluate.ts"
import { parsePath, plainPath, type ScimPath } from "./filter.ts"
import { isObject, type JsonObject, memberOf, nameIn } from "./json.ts"
import { enterpriseSchema } from "./resource-names.ts"

/**
 * PATCH (RFC 7644 §3.5.2) on a resource as it is shown: what comes out is what the client wants it to be. Also as Entra and Okta write it: operations in capital
 * letters, dotted names and schemas in a value without a path, members to be removed in the value, a value added where a filter finds none. Pure.
 */
export interface PatchProblem {
  readonly scimType: "invalidPath" | "invalidSyntax" | "invalidValue" | "noTarget"
  readonly detail: string
}

export const maxOperations = 1_000
/** Names that every object inherits: nothing of ours is called so. */
const forbidden = new Set(["__proto__", "constructor", "prototype"])
const enterpriseMembers = new Set(["employeenumber", "costcenter", "organization", "division", "department", "manager"])

export function applyPatch(resource: JsonObject, body: unknown): Result<JsonObject, PatchProblem> {
  const operations = isObject(body) ? memberOf(body, "Operations") : undefined
  if (!Array.isArray(operations) || operations.length === 0) return problem("invalidSyntax", "Operations is no list of operations")
  if (operations.length > maxOperations) return problem("invalidSyntax", `there are more than ${maxOperations} operations`)
  let result = resource
  for (const operation of operations) {
    const next = isObject(operation) ? applyOne(result, operation) : problem("invalidSyntax", "an operation is no object")
    if (!next.ok) return next
    result = next.value
  }
  return ok(result)
}

const problem = (scimType: PatchProblem["scimType"], detail: string): { readonly ok: false; readonly failure: PatchProblem } => failed({ scimType, detail })

type Operator = "add" | "replace" | "remove"

function applyOne(resource: JsonObject, operation: JsonObject): Result<JsonObject, PatchProblem> {
  const given = memberOf(operation, "op")
  const op = (["add", "replace", "remove"] as const).find((word) => typeof given === "string" && given.toLowerCase() === word)
  if (op === undefined) return problem("invalidSyntax", "op is none of add, replace, remove")
  const [path, value] = [memberOf(operation, "path"), memberOf(operation, "value")]
  if (path !== undefined && path !== null && typeof path !== "string") return problem("invalidPath", "path is no text")
  if (op !== "remove" && value === undefined) return problem("invalidValue", `${op} has no value`)
  if (path === undefined || path === null || path === "") {
    if (op === "remove") return problem("noTarget", "remove needs a path")
    if (!isObject(value)) return problem("invalidValue", "without a path the value is an object")
    return merged(resource, { op, value })
  }
  return atPath(resource, { op, path, value })
}

/** Each member of the value is an operation of its own. */
function merged(resource: JsonObject, { op, value }: { readonly op: Operator; readonly value: JsonObject }): Result<JsonObject, PatchProblem> {
  let result = resource
  for (const [name, member] of Object.entries(value)) {
    const isSchema = name.toLowerCase() === enterpriseSchema.toLowerCase()
    const next: Result<JsonObject, PatchProblem> = isSchema && isObject(member) ? merged(result, { op, value: member }) : name.toLowerCase() === "schemas" ? ok(result) : atPath(result, { op, path: name, value: member })
    if (!next.ok) return next
    result = next.value
  }
  return ok(result)
}

function atPath(resource: JsonObject, { op, path, value }: { readonly op: Operator; readonly path: string; readonly value: unknown }): Result<JsonObject, PatchProblem> {
  if (path.toLowerCase() === enterpriseSchema.toLowerCase() && isObject(value)) return merged(resource, { op, value })
  const parsed = parsePath(path)
  if (!parsed.ok) return problem("invalidPath", `path ${parsed.failure}`)
  const { attribute, filter, sub } = parsed.value
  if (forbidden.has(attribute) || (sub !== undefined && forbidden.has(sub))) return problem("invalidPath", "path names nothing of a resource")
  // members of the extension stand in an object of their own
  if (enterpriseMembers.has(plainPath(attribute))) {
    const extension = memberOf(resource, enterpriseSchema)
    const changed = changedMember(isObject(extension) ? extension : {}, { op, path: { attribute, ...(sub !== undefined && { sub }) }, value })
    return changed.ok ? ok({ ...resource, [enterpriseSchema]: changed.value }) : changed
  }
  return changedMember(resource, { op, path: { attribute, ...(filter && { filter }), ...(sub !== undefined && { sub }) }, value })
}

interface Change {
  readonly op: Operator
  readonly path: ScimPath
  readonly value: unknown
}

function changedMember(object: JsonObject, { op, path: { attribute, filter, sub }, value }: Change): Result<JsonObject, PatchProblem> {
  const name = nameIn(object, attribute) ?? attribute
  const current = object[name]
  const put = (next: unknown): Result<JsonObject, PatchProblem> => ok(next === undefined ? without(object, name) : { ...object, [name]: next })
  if (filter) {
    const values = changedValues(listOf(current), { op, filter, value, ...(sub !== undefined && { sub }) })
    return values.ok ? put(values.value) : values
  }
  if (sub !== undefined) {
    if (Array.isArray(current)) return put(current.map((one) => (isObject(one) ? withMember(one, sub, op === "remove" ? undefined : value) : one)))
    return put(withMember(isObject(current) ? current : {}, sub, op === "remove" ? undefined : value))
  }
  if (op === "remove") return put(Array.isArray(current) && value !== undefined && value !== null ? current.filter((one) => !listOf(value).some((other) => isSameValue(one, other))) : undefined)
  if (op === "add" && (Array.isArray(current) || Array.isArray(value))) return put(united(listOf(current), listOf(value)))
  return put(isObject(current) && isObject(value) ? { ...current, ...value } : value)
}

/** Values of a list that a filter chooses. */
function changedValues(list: readonly unknown[], { op, filter, sub, value }: { readonly op: Operator; readonly filter: ScimFilter; readonly sub?: string; readonly value: unknown }): Result<readonly unknown[], PatchProblem> {
  const chosen = new Set(list.filter((one) => isObject(one) && holds(filter, one)))
  if (chosen.size === 0) {
    // RFC 7644 §3.5.2.2, §3.5.2.3 say noTarget; Entra adds a first `phoneNumbers[type eq "work"].value` so
    const made = op === "remove" ? undefined : exactly(filter)
    if (!made) return op === "remove" ? ok(list) : problem("noTarget", "the filter of the path finds nothing")
    return ok([...list, sub === undefined ? { ...made, ...(isObject(value) ? value : { value }) } : { ...made, [sub]: value }])
  }
  if (op === "remove" && sub === undefined) return ok(list.filter((one) => !chosen.has(one)))
  return ok(list.map((one) => (!chosen.has(one) || !isObject(one) ? one : sub === undefined ? { ...one, ...(isObject(value) ? value : { value }) } : withMember(one, sub, op === "remove" ? undefined : value))))
}

/** The members that a value must have so that a filter of equalities holds. */
function exactly(filter: ScimFilter): JsonObject | undefined {
  if (filter.kind === "compare" && filter.operator === "eq" && !forbidden.has(filter.path)) return { [filter.path]: filter.value }
  if (filter.kind !== "and") return undefined
  const [left, right] = [exactly(filter.left), exactly(filter.right)]
  return left && right ? { ...left, ...right } : undefined
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : value === undefined || value === null ? [] : [value])

const without = (object: JsonObject, name: string): JsonObject => Object.fromEntries(Object.entries(object).filter(([one]) => one !== name))

function withMember(object: JsonObject, name: string, value: unknown): JsonObject {
  const found = nameIn(object, name) ?? name
  return value === undefined ? without(object, found) : { ...object, [found]: value }
}

const keyOf = (one: unknown): unknown => (isObject(one) ? (memberOf(one, "value") ?? JSON.stringify(one)) : one)
const isSameValue = (one: unknown, other: unknown): boolean => keyOf(one) === keyOf(other)

/** What is there already is not added again (§3.5.2.1). Thousands of members are added at once. */
function united(list: readonly unknown[], more: readonly unknown[]): readonly unknown[] {
  const known = new Map(list.map((one) => [keyOf(one), one]))
  for (const one of more) known.set(keyOf(one), one)
  return [...known.values()]
}
