import { hasNul } from "../../base/nul.ts"
import { errorBody, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import { type Made, resolved, tagsIn } from "./bulk-ids.ts"
import { maxOperations } from "./discovery.ts"
import type { Asked, Endpoint } from "./endpoints.ts"
import { isObject, type JsonObject, memberOf } from "./json.ts"
import { bulkResponseSchema } from "./resource-names.ts"

/**
 * Many operations in one request (RFC 7644 §3.7), one after the other, each by the endpoint that it would have alone: each all or nothing, in the audit, within the token's
 * unit. One that refers to what another makes comes after that one. Must not know: HTTP, the store.
 */
export const bulkPath = "/Bulk"

interface Operation {
  readonly method: string
  /** "Users", and mostly an id. */
  readonly segments: readonly string[]
  readonly bulkId: string | undefined
  readonly version: string | undefined
  readonly data: JsonObject
  /** `bulkId`s of what it refers to. */
  readonly needs: readonly string[]
}

/** `failed` says what is told of an error. */
export async function answerBulk(asked: Asked, endpoints: readonly Endpoint[], failed: (error: unknown, path: string) => ScimProblem): Promise<ScimAnswer> {
  const read = readOperations(asked.body)
  if ("kind" in read) return read
  const { operations, failOnErrors } = read
  const made = new Map<string, string | undefined>()
  const results: (JsonObject | undefined)[] = operations.map(() => undefined)
  const waiting = new Set(operations.keys())
  for (let errors = 0; waiting.size > 0 && errors < failOnErrors; ) {
    const at = nextOf(waiting, operations, made)
    const operation = operations[at]
    waiting.delete(at)
    if (!operation) continue
    const { answer, location } = await one(operation).catch((error: unknown) => ({ answer: failed(error, `/${operation.segments.join("/")}`.slice(0, 200)), location: undefined }))
    if (operation.bulkId !== undefined) made.set(operation.bulkId, answer.kind === "resource" ? String(answer.body["id"]) : undefined)
    if (answer.kind === "problem") errors++
    results[at] = result(operation, answer, location)
  }
  return { kind: "resource", status: 200, body: { schemas: [bulkResponseSchema], Operations: results.filter((of) => of !== undefined) } }

  async function one({ method, segments, version, data, needs }: Operation): Promise<{ readonly answer: ScimAnswer; readonly location?: string }> {
    const missing = needs.find((tag) => made.get(tag) === undefined)
    if (missing !== undefined) return { answer: scimProblem(409, `bulkId:${missing.slice(0, 100)} was not made`) }
    const endpoint = endpoints.find((known) => known.method === method && method !== "get" && fits(known.path.slice(1).split("/"), segments))
    if (!endpoint) return { answer: scimProblem(404, "there is no such operation") }
    const [kind = "", id = ""] = segments.map((value) => String((resolved({ value }, made) as JsonObject)["value"]))
    const answer = await endpoint.work({ ...asked, body: resolved(data, made) as JsonObject, id, ifMatch: version, query: () => undefined })
    return { answer, ...(id !== "" && { location: `${asked.base}/${kind}/${encodeURIComponent(id)}` }) }
  }
}

const fits = (known: readonly string[], segments: readonly string[]): boolean => known.length === segments.length && known.every((segment, at) => segment === ":id" || segment === segments[at])

/** The first that waits for nothing; where all wait for each other, the first, which then fails. */
function nextOf(waiting: ReadonlySet<number>, operations: readonly Operation[], made: Made): number {
  const toCome = new Set([...waiting].flatMap((at) => operations[at]?.bulkId ?? []))
  const [first = 0] = waiting
  return [...waiting].find((at) => operations[at]?.needs.every((tag) => made.has(tag) || !toCome.has(tag))) ?? first
}

function readOperations(body: JsonObject): { readonly operations: readonly Operation[]; readonly failOnErrors: number } | ScimProblem {
  const [given, failOnErrors = Number.POSITIVE_INFINITY] = [memberOf(body, "Operations"), memberOf(body, "failOnErrors") ?? undefined]
  if (!Array.isArray(given) || given.length === 0 || !given.every(isObject)) return scimProblem(400, "Operations is no list of operations", "invalidSyntax")
  if (given.length > maxOperations) return scimProblem(413, `there are more than ${maxOperations} operations`)
  if (typeof failOnErrors !== "number" || !(failOnErrors >= 1)) return scimProblem(400, "failOnErrors is no number from 1", "invalidValue")
  const operations: Operation[] = []
  const tags = new Set<string>()
  for (const [at, one] of given.entries()) {
    const [method, path, bulkId, version, data = {}] = ["method", "path", "bulkId", "version", "data"].map((name) => memberOf(one, name) ?? undefined)
    const wrong = (name: string): ScimProblem => scimProblem(400, `Operations.${at}.${name} is missing, or not what it should be`, "invalidSyntax")
    if (typeof method !== "string") return wrong("method")
    const segments = typeof path === "string" ? segmentsOf(path) : undefined
    if (!segments || hasNul(segments)) return wrong("path")
    if (!isObject(data)) return wrong("data")
    if (version !== undefined && typeof version !== "string") return wrong("version")
    // a POST cannot be told from another without it, nor two with the same
    if (bulkId === undefined ? method.toLowerCase() === "post" : typeof bulkId !== "string" || bulkId === "" || tags.has(bulkId)) return wrong("bulkId")
    if (typeof bulkId === "string") tags.add(bulkId)
    operations.push({ method: method.toLowerCase(), segments, bulkId: typeof bulkId === "string" ? bulkId : undefined, version, data, needs: tagsIn([data, ...segments.map((value) => ({ value }))]) })
  }
  return { operations, failOnErrors }
}

function result({ method, bulkId }: Operation, answer: ScimAnswer, location: string | undefined): JsonObject {
  const shown = { method: method.toUpperCase(), ...(bulkId !== undefined && { bulkId }) }
  const meta = answer.kind === "resource" && isObject(answer.body["meta"]) ? answer.body["meta"] : {}
  const where = meta["location"] ?? location
  const at = where === undefined ? {} : { location: where }
  if (answer.kind === "problem") return { ...shown, ...at, status: String(answer.status), response: errorBody(answer) }
  return { ...shown, ...at, ...(meta["version"] !== undefined && { version: meta["version"] }), status: answer.kind === "resource" ? String(answer.status) : "204" }
}

function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path.startsWith("/") ? path.slice(1).split("/").map(decodeURIComponent) : undefined
  } catch {
    return undefined
  }
}
