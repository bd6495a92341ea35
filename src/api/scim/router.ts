import express, { type NextFunction, type Request, type Response, Router } from "express"
import { actAs } from "../../accounts/actor.ts"
import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import { hasNul, isDeeperThan } from "../../base/nul.ts"
import { failed, ok } from "../../base/result.ts"
import type { ScimQuestion, ScimStore } from "../../store/scim-store.ts"
import type { ApiGate } from "../gate.ts"
import { scopeOfToken } from "../token-scope.ts"
import type { ApiLog } from "../server.ts"
import { errorBody, projected, questionProblem, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import { matches, type ResourceRequest } from "./change.ts"
import { maxResults, providerConfig, resourceTypes, schemas } from "./discovery.ts"
import { parseFilter, plainPath } from "./filter.ts"
import { shownGroup } from "./group.ts"
import { changeGroup, createGroup, deleteGroup } from "./groups.ts"
import { isObject, type JsonObject } from "./json.ts"
import { applyPatch } from "./patch.ts"
import { listSchema } from "./resource-names.ts"
import { shownUser } from "./user.ts"
import { changeUser, createUser, deleteUser } from "./users.ts"

/**
 * SCIM 2.0 (RFC 7643, 7644), mounted at `/scim/v2` by whoever serves HTTPS: identity systems provision people and groups through it. Same tokens and limits as the API, with the
 * scope `scim`; a token for one unit sees and changes only that. Must not know: SQL.
 */
export interface ScimParts {
  readonly gate: ApiGate
  readonly store: ScimStore
  readonly isUnavailable: (error: unknown) => boolean
  readonly log: ApiLog
}

const path = "/scim/v2"
const maxBodyBytes = 4 * 1024 * 1024
/** A resource has four levels, an operation on it two more. */
const maxDepth = 20
const mediaTypes = ["application/scim+json", "application/json"]

interface Asked {
  readonly caller: ApiTokenHolder
  readonly base: string
  readonly id: string
  readonly body: JsonObject
  readonly query: (name: string) => string | undefined
  readonly header: (name: string) => string | undefined
}

export function scimRouter({ gate, store, isUnavailable, log }: ScimParts): Router {
  const router = Router()
  const readBody = express.json({ limit: maxBodyBytes, strict: true, type: mediaTypes })
  const on = (method: "get" | "post" | "put" | "patch" | "delete", at: string, work: (asked: Asked) => Promise<ScimAnswer>): void => void router[method](at, (request, response) => handle(request, response, work))

  const fixed = (all: (base: string) => readonly JsonObject[]) => async ({ base }: Asked): Promise<ScimAnswer> => ({ kind: "list", total: all(base).length, startIndex: 1, resources: all(base) })
  const oneOf = (all: (base: string) => readonly JsonObject[]) => async ({ base, id }: Asked): Promise<ScimAnswer> => {
    const found = all(base).find((one) => one["id"] === id)
    return found ? { kind: "resource", status: 200, body: found } : scimProblem(404, "there is no such resource")
  }
  on("get", "/ServiceProviderConfig", async ({ base }) => ({ kind: "resource", status: 200, body: providerConfig(base) }))
  on("get", "/ResourceTypes", fixed(resourceTypes))
  on("get", "/ResourceTypes/:id", oneOf(resourceTypes))
  on("get", "/Schemas", fixed(schemas))
  on("get", "/Schemas/:id", oneOf(schemas))

  on("get", "/Users", async (asked) => {
    const question = questionOf(asked)
    if ("kind" in question) return question
    const page = await store.users(question)
    return page.ok ? { kind: "list", total: page.value.total, startIndex: question.offset + 1, resources: page.value.rows.map((user) => shownUser(user, asked.base)) } : questionProblem(page.failure)
  })
  on("get", "/Users/:id", async ({ caller, id, base }) => {
    const user = await store.user(scopeOfToken(caller, "directory:read"), id)
    return user ? { kind: "resource", status: 200, body: shownUser(user, base) } : scimProblem(404, "there is no such resource")
  })
  on("post", "/Users", (asked) => createUser(store, asked))
  on("put", "/Users/:id", (asked) => changeUser(store, replacing(asked)))
  on("patch", "/Users/:id", (asked) => changeUser(store, patching(asked)))
  on("delete", "/Users/:id", (asked) => deleteUser(store, replacing(asked)))

  on("get", "/Groups", async (asked) => {
    const question = questionOf(asked)
    if ("kind" in question) return question
    const withMembers = !named(asked.query("excludedattributes")).has("members") && (asked.query("attributes") === undefined || [...named(asked.query("attributes"))].some((name) => name.startsWith("members")))
    const page = await store.groups({ ...question, withMembers })
    return page.ok ? { kind: "list", total: page.value.total, startIndex: question.offset + 1, resources: page.value.rows.map((group) => shownGroup(group, asked.base)) } : questionProblem(page.failure)
  })
  on("get", "/Groups/:id", async ({ caller, id, base }) => {
    const group = await store.group(scopeOfToken(caller, "directory:read"), id)
    return group ? { kind: "resource", status: 200, body: shownGroup(group, base) } : scimProblem(404, "there is no such resource")
  })
  on("post", "/Groups", (asked) => createGroup(store, asked))
  on("put", "/Groups/:id", (asked) => changeGroup(store, replacing(asked)))
  on("patch", "/Groups/:id", (asked) => changeGroup(store, patching(asked)))
  on("delete", "/Groups/:id", (asked) => deleteGroup(store, replacing(asked)))
  router.use((request, response) => handle(request, response, async () => scimProblem(404, "there is no such endpoint")))
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const problem = problemOf(error, isUnavailable)
    if (problem.status === 500) log.failed({ method: request.method, path: request.path, error })
    send(response, problem, {})
  })

  async function handle(request: Request, response: Response, work: (asked: Asked) => Promise<ScimAnswer>): Promise<void> {
    response.set("cache-control", "no-store")
    const clientAddress = request.socket.remoteAddress ?? ""
    const admitted = await gate.admit(request.headers.authorization, clientAddress)
    const refusal = admitted.kind === "problem" ? gateProblem(response, admitted.problem) : admitted.caller.scopes.includes("scim") ? undefined : scimProblem(403, "this token has not the scope scim")
    if (refusal || admitted.kind === "problem") {
      send(response, refusal ?? scimProblem(401, ""), {})
      return log.refused({ clientAddress, status: response.statusCode })
    }
    const { caller } = admitted
    const body = await bodyOf(request, response)
    const query = (name: string): string | undefined => {
      const found = Object.entries(request.query).find(([one]) => one.toLowerCase() === name)?.[1]
      return typeof found === "string" ? found : undefined
    }
    const given = { body, params: request.params, query: request.query }
    const asked: Asked | undefined = body && { caller, body, base: `${origin(request)}${path}`, id: String(request.params["id"] ?? ""), query, header: (name) => one(request.headers[name]) }
    const answer = !asked ? scimProblem(400, "the content is no JSON object, or one too deep", "invalidSyntax") : hasNul(given) ? scimProblem(400, "there is a NUL in it", "invalidValue") : await actAs({ via: "api", name: caller.name, tokenId: caller.id, address: clientAddress }, () => work(asked))
    send(response, answer, { ifNoneMatch: request.method === "GET" ? one(request.headers["if-none-match"]) : undefined, only: query("attributes"), without: query("excludedattributes") })
    log.called({ token: caller.id, name: caller.name, method: request.method, path: request.path, status: response.statusCode })
  }

  async function bodyOf(request: Request, response: Response): Promise<JsonObject | undefined> {
    if (request.headers["transfer-encoding"] === undefined && (request.headers["content-length"] ?? "0") === "0") return {}
    if (!request.is(mediaTypes)) return undefined
    await new Promise<void>((resolve, reject) => readBody(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error))))
    const body: unknown = request.body
    return isObject(body) && !isDeeperThan(body, maxDepth) ? body : undefined
  }
  return router
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header)

/** As the client calls this server; what is no name of a host is left out. */
const origin = ({ headers: { host = "" } }: Request): string => (/^[\w.-]{1,255}(?::\d{1,5})?$|^\[[\da-f:.]{2,45}\](?::\d{1,5})?$/i.test(host) ? `https://${host}` : "")

const replacing = ({ header, body, ...request }: Asked): ResourceRequest => ({ ...request, ifMatch: header("if-match"), next: () => ok(body) })

const patching = ({ header, body, ...request }: Asked): ResourceRequest => ({
  ...request, ifMatch: header("if-match"),
  next(shown) {
    const patched = applyPatch(shown, body)
    return patched.ok ? patched : failed(scimProblem(400, patched.failure.detail, patched.failure.scimType))
  },
})

const named = (list: string | undefined): ReadonlySet<string> => new Set((list ?? "").split(",").slice(0, 100).map((name) => plainPath(name.trim())))

const maxOffset = 1_000_000

/** RFC 7644 §3.4.2.4: a count below 0 is 0, a start before the first is the first. */
function questionOf({ caller, query }: Asked): ScimQuestion | ScimProblem {
  const [filter, startIndex, count, sortBy, sortOrder] = [query("filter"), query("startindex") ?? "1", query("count") ?? "100", query("sortby"), query("sortorder")]
  const parsed = filter === undefined ? undefined : parseFilter(filter)
  if (parsed && !parsed.ok) return scimProblem(400, `filter ${parsed.failure}`, "invalidFilter")
  if (!/^-?\d{1,9}$/.test(startIndex) || !/^-?\d{1,9}$/.test(count)) return scimProblem(400, "startIndex and count are numbers", "invalidValue")
  return {
    scope: scopeOfToken(caller, "directory:read"), offset: Math.min(Math.max(Number(startIndex), 1) - 1, maxOffset), limit: Math.min(Math.max(Number(count), 0), maxResults),
    ...(parsed && { filter: parsed.value }), ...(sortBy !== undefined && { sortBy: plainPath(sortBy) }), ...(sortOrder?.toLowerCase() === "descending" && { descending: true }),
  }
}

interface Shape {
  readonly ifNoneMatch?: string | undefined
  readonly only?: string | undefined
  readonly without?: string | undefined
}

function send(response: Response, answer: ScimAnswer, { ifNoneMatch, only, without }: Shape): void {
  const shape = (resource: JsonObject): JsonObject => projected(resource, { ...(only !== undefined && { only }), ...(without !== undefined && { without }) })
  const json = (status: number, body: JsonObject): void => void response.status(status).type("application/scim+json").send(JSON.stringify(body))
  switch (answer.kind) {
    case "problem":
      return json(answer.status, errorBody(answer))
    case "none":
      return void response.status(204).end()
    case "list":
      return json(200, { schemas: [listSchema], totalResults: answer.total, startIndex: answer.startIndex, itemsPerPage: answer.resources.length, Resources: answer.resources.map(shape) })
    case "resource": {
      const meta = isObject(answer.body["meta"]) ? answer.body["meta"] : {}
      const [version, location] = [meta["version"], meta["location"]]
      if (typeof version === "string") response.set("etag", version)
      if (typeof location === "string") response.location(location)
      if (ifNoneMatch !== undefined && typeof version === "string" && matches(ifNoneMatch, version.replace(/^W\/"|"$/g, ""))) return void response.status(304).end()
      return json(answer.status, shape(answer.body))
    }
  }
}

/** The gate's words, in SCIM's form. */
function gateProblem(response: Response, { kind, waitSeconds }: { readonly kind: string; readonly waitSeconds?: number }): ScimProblem {
  if (waitSeconds !== undefined) response.set("retry-after", String(waitSeconds))
  if (kind === "tooMany") return scimProblem(429, "too many requests; try again later")
  response.set("www-authenticate", 'Bearer realm="Cong Thu"')
  return scimProblem(401, "a valid token is needed")
}

function problemOf(error: unknown, isUnavailable: ScimParts["isUnavailable"]): ScimProblem {
  if (isUnavailable(error)) return scimProblem(503, "the system cannot answer now")
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : error instanceof URIError ? 400 : 500
  if (status === 413) return scimProblem(413, "the request is too large")
  return status === 400 || status === 415 ? scimProblem(400, "the request is not understood", "invalidSyntax") : scimProblem(500, "the system failed to answer")
}
