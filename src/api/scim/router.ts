import express, { type NextFunction, type Request, type Response, Router } from "express"
import { actAs } from "../../accounts/actor.ts"
import { hasNul, isDeeperThan } from "../../base/nul.ts"
import type { ScimStore } from "../../store/scim-store.ts"
import type { ApiGate } from "../gate.ts"
import type { ApiLog } from "../server.ts"
import { errorBody, projected, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import { answerBulk, bulkPath } from "./bulk.ts"
import { matches } from "./change.ts"
import { maxPayloadBytes } from "./discovery.ts"
import { type Asked, type Endpoint, endpoints } from "./endpoints.ts"
import { isObject, type JsonObject } from "./json.ts"
import { listSchema } from "./resource-names.ts"

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
/** A resource has four levels, an operation on it two more, one of many three more. */
const maxDepth = 20
const mediaTypes = ["application/scim+json", "application/json"]

export function scimRouter({ gate, store, isUnavailable, log }: ScimParts): Router {
  const router = Router()
  const readBody = express.json({ limit: maxPayloadBytes, strict: true, type: mediaTypes })
  const on = (method: Endpoint["method"], at: string, work: (asked: Asked) => Promise<ScimAnswer>): void => void router[method](at, (request, response) => handle(request, response, work))

  const table = endpoints(store)
  for (const { method, path: at, work } of table) on(method, at, work)
  on("post", bulkPath, (asked) => answerBulk(asked, table, (error, at) => seen(error, { method: "POST", path: `${bulkPath}${at}` })))
  // RFC 7644 §3.11: who asks is a program, not a person
  router.all("/Me", (request, response) => handle(request, response, async () => scimProblem(501, "a token is no person")))
  router.use((request, response) => handle(request, response, async () => scimProblem(404, "there is no such endpoint")))
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => send(response, seen(error, request), {}))

  /** What is told of an error; the log has it where it is ours. */
  function seen(error: unknown, { method, path: at }: Pick<Request, "method" | "path">): ScimProblem {
    const problem = problemOf(error, isUnavailable)
    if (problem.status === 500) log.failed({ method, path: at, error })
    return problem
  }

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
    const asked: Asked | undefined = body && { caller, body, base: `${origin(request)}${path}`, id: String(request.params["id"] ?? ""), query, ifMatch: one(request.headers["if-match"]) }
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
