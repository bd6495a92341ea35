import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { type NextFunction, type Request, type RequestHandler, type Response, Router } from "express"
import { actAs } from "../accounts/actor.ts"
import { type ApiTokenHolder, unitScopes } from "../accounts/api-token.ts"
import { hasNul } from "../base/nul.ts"
import type { ApiGate } from "./gate.ts"
import { type Problem, sendProblem } from "./problem.ts"
import { sendEvents } from "./events.ts"
import type { ApiDocument } from "./openapi/document.ts"
import { createBodyReader } from "./read-body.ts"
import { type Answer, readsQuery, type Route } from "./route.ts"

/**
 * The API: JSON over HTTPS for programs that have a token, mounted at `/api/v1` by whoever serves HTTPS. Invariants: nobody without the scope learns whether a thing
 * exists; input is what its schema says or is refused; a stack is never shown. Must not know: SQL, what the routes do.
 */
export interface ApiParts {
  readonly gate: ApiGate
  readonly routes: readonly Route[]
  /** Their description. */
  readonly document: ApiDocument
  /** True for an error that says the store cannot be reached now. */
  readonly isUnavailable: (error: unknown) => boolean
  readonly log: ApiLog
}

export interface ApiLog {
  called(event: { readonly token: number; readonly name: string; readonly method: string; readonly path: string; readonly status: number }): void
  refused(event: { readonly clientAddress: string; readonly status: number }): void
  failed(event: { readonly method: string; readonly path: string; readonly error: unknown }): void
}

export function apiRouter({ gate, routes, document, isUnavailable, log }: ApiParts): Router {
  const router = Router()
  const readBody = createBodyReader(routes)
  // how to ask is no secret: it is the same in every province
  router.get("/openapi.json", descriptionOf(document))
  router.get("/docs", (_request, response) => response.redirect(303, docsPath))
  // express hands a promise that is rejected to the last of these
  for (const route of routes) router[route.method](route.path, (request, response) => handle(route, request, response))
  router.use((request, response) => strange(request, response))
  router.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const problem = problemOf(error, isUnavailable)
    if (problem.kind === "broken") log.failed({ method: request.method, path: request.path, error })
    sendProblem(request, response, problem)
  })

  async function handle(route: Route, request: Request, response: Response): Promise<void> {
    response.set("cache-control", "no-store")
    const clientAddress = request.socket.remoteAddress ?? ""
    const lane = route.callsPerMinute === undefined ? undefined : { name: `${route.method} ${route.path}`, requestsPerMinute: route.callsPerMinute }
    const admitted = await gate.admit(request.headers.authorization, clientAddress, lane)
    if (admitted.kind === "problem") return refuse(request, response, admitted.problem)
    const { caller } = admitted
    if (!mayAsk(route, caller)) return refuse(request, response, { kind: "forbidden" })
    // only for those who may: nobody else's body is read
    const body = await readBody(route, request, response)
    if (body === undefined) return refuse(request, response, route.takesFile ? { kind: "notSuchFile", detail: { vi: route.takesFile.join(", "), en: route.takesFile.join(", ") } } : { kind: "notJson" })
    // what changes something is said in the body alone: an idempotency key is of its octets
    const strays = readsQuery(route) ? [] : Object.keys(request.query)
    if (strays.length > 0) return refuse(request, response, { kind: "invalid", errors: strays.slice(0, maxErrors).map((pointer) => ({ pointer, detail: "belongs into the body" })) })
    const given = { ...request.query, ...body.members, ...request.params }
    const input = route.input.safeParse(given)
    if (!input.success) return refuse(request, response, { kind: "invalid", errors: input.error.issues.slice(0, maxErrors).map(({ path, message }) => ({ pointer: path.join("."), detail: message })) })
    // no text in PostgreSQL has one; said here, so that no field of any route can forget it
    const suspects = body.mayHaveNul ? given : { ...request.query, ...request.params }
    const withNul = Object.entries(suspects).flatMap(([name, value]) => (hasNul(value) ? [{ pointer: name, detail: "has a NUL in it" }] : []))
    if (withNul.length > 0) return refuse(request, response, { kind: "invalid", errors: withNul.slice(0, maxErrors) })
    const asked = { header: (name: string) => one(request.headers[name]), bodySha256: body.sha256, file: body.file, clientAddress }
    const answer = await actAs({ via: "api", name: caller.name, tokenId: caller.id, address: clientAddress }, () => route.run(input.data, caller, asked))
    if (answer.kind === "events") log.called({ token: caller.id, name: caller.name, method: request.method, path: request.path, status: 200 })
    await respond(answer, request, response)
    if (answer.kind !== "events") log.called({ token: caller.id, name: caller.name, method: request.method, path: request.path, status: response.statusCode })
  }

  function refuse(request: Request, response: Response, problem: Problem): void {
    sendProblem(request, response, problem)
    log.refused({ clientAddress: request.socket.remoteAddress ?? "", status: response.statusCode })
  }

  /** That something is not there is told to those only who have a token. */
  async function strange(request: Request, response: Response): Promise<void> {
    const admitted = await gate.admit(request.headers.authorization, request.socket.remoteAddress ?? "")
    refuse(request, response, admitted.kind === "problem" ? admitted.problem : { kind: "notFound" })
  }
  return router
}

const maxErrors = 20
/** The page of the console that shows the description. */
const docsPath = "/console/api"

/** What is divided by units is the store's to refuse (`scopeOfToken`); the rest is refused here. */
const mayAsk = ({ scope, provinceOnly }: Route, { scopes, unitCode }: ApiTokenHolder): boolean => scopes.includes(scope) && (unitCode === null || (provinceOnly !== true && unitScopes.includes(scope)))

function descriptionOf(document: ApiDocument): RequestHandler {
  const text = JSON.stringify(document)
  return (_request, response) => void response.set("cache-control", "public, max-age=300").type("application/json").send(text)
}

const one = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header.join(", ") : header)

async function respond(answer: Answer, request: Request, response: Response): Promise<void> {
  switch (answer.kind) {
    case "problem":
      return sendProblem(request, response, answer.problem)
    case "events":
      return sendEvents(request, response, (signal) => answer.events(signal))
    case "file":
      response.set({ "content-type": answer.type, "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(answer.name)}` })
      if (Buffer.isBuffer(answer.content)) return void response.send(answer.content)
      return pipeline(Readable.from(answer.content), response)
    case "accepted":
      return void response.status(202).location(answer.location).json(answer.body)
    case "created":
      if (answer.location !== undefined) response.location(answer.location)
      return void tagged(response, answer.tag).status(201).json(answer.body)
    case "ok":
      return void tagged(response, answer.tag).status(200).json(answer.body)
  }
}

/** RFC 9110 §8.8.3; without one, express would make its own of the bytes. */
const tagged = (response: Response, tag: string | undefined): Response => (tag === undefined ? response : response.set("etag", `"${tag}"`))

function problemOf(error: unknown, isUnavailable: ApiParts["isUnavailable"]): Problem {
  if (isUnavailable(error)) return { kind: "unavailable", waitSeconds: 30 }
  // errors of the body's parser, and of a path that is no UTF-8
  const status = typeof error === "object" && error !== null && "status" in error ? error.status : error instanceof URIError ? 400 : 500
  if (status === 413) return { kind: "tooLarge" }
  if (status === 415) return { kind: "notJson" }
  return { kind: status === 400 ? "invalid" : "broken" }
}
