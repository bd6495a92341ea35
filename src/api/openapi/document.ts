import type { ApiScope } from "../../accounts/api-token.ts"
import { problemText } from "../text/problem.ts"
import { readsQuery, type Route } from "../route.ts"
import { type JsonSchema, schemaOf } from "./schema.ts"

/**
 * The API's description in OpenAPI 3.1.1, made from the routes themselves, so that it cannot say anything else than the server does. Pure.
 * Must not know: HTTP, how it is shown.
 */
export interface ApiDocument {
  readonly openapi: "3.1.1"
  readonly info: { readonly title: string; readonly version: string; readonly description: string; readonly license: { readonly name: string; readonly identifier: string } }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Route["method"], ApiOperation>>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly responses: Readonly<Record<string, ApiResponse>>; readonly securitySchemes: Readonly<Record<string, object>> }
}

export interface ApiOperation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  /** OpenAPI 3.1 §4.8.30: for schemes other than OAuth these are the roles that are needed; here, scopes of the token. */
  readonly security: readonly { readonly token: readonly ApiScope[] }[]
  readonly parameters: readonly ApiParameter[]
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }
  readonly responses: Readonly<Record<string, ApiResponse | { readonly $ref: string }>>
}

export interface ApiParameter {
  readonly name: string
  readonly in: "path" | "query" | "header"
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

export interface ApiResponse {
  readonly description: string
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>
  readonly content?: Readonly<Record<string, { readonly schema: JsonSchema }>>
}

const version = "1"

export function openApiDocument(routes: readonly Route[], { title }: { readonly title: string }): ApiDocument {
  const paths: Record<string, Partial<Record<Route["method"], ApiOperation>>> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}")
    paths[path] = { ...paths[path], [route.method]: operation(route) }
  }
  return {
    openapi: "3.1.1",
    info: { title, version, description: "Errors are `application/problem+json` (RFC 9457) in Vietnamese, or in English with `Accept-Language: en`. Times are RFC 3339 in UTC.", license: { name: "Apache 2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/api/v1" }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: problemSchema },
      responses: Object.fromEntries(problemStatuses.map((status) => [`Problem${status}`, problemResponse(status)])),
      securitySchemes: { token: { type: "http", scheme: "bearer", bearerFormat: "congthu_…", description: "RFC 6750. Made with `congthu token create`; what is written beside it are scopes of the token." } },
    },
  }
}

const tagOf = ({ path }: Route): string => path.split("/")[1] ?? ""

function operation(route: Route): ApiOperation {
  const { properties = {}, required = [], ...rest } = schemaOf(route.input, "input")
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name = ""]) => name)
  const others = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.includes(name)))
  const inQuery = readsQuery(route)
  const parameter = (place: "path" | "query") => ([name, schema]: readonly [string, JsonSchema]): ApiParameter => ({ name, in: place, required: place === "path" || required.includes(name), schema })
  const bodyRequired = required.filter((name) => !inPath.includes(name))
  return {
    operationId: [route.method, ...route.path.split("/").filter(Boolean).map((part) => part.replace(/^:/, "by-"))].join("-").replace(/-+(\w)/g, (_, letter: string) => letter.toUpperCase()),
    summary: route.summary,
    tags: [tagOf(route)],
    security: [{ token: [route.scope] }],
    parameters: [
      ...inPath.map((name): readonly [string, JsonSchema] => [name, properties[name] ?? { type: "string" }]).map(parameter("path")),
      ...(inQuery ? Object.entries(others).map(parameter("query")) : []),
      ...headersOf(route).map(({ name, summary }): ApiParameter => ({ name, in: "header", required: name === "If-Match" && route.tagged === "demanded", description: summary, schema: { type: "string" } })),
    ],
    ...(route.takesFile && { requestBody: { required: true, content: filesOf(route.takesFile) } }),
    ...(!inQuery && Object.keys(others).length > 0 && {
      requestBody: { required: bodyRequired.length > 0, content: { "application/json": { schema: { ...rest, properties: others, ...(bodyRequired.length > 0 && { required: bodyRequired }) } } } },
    }),
    responses: { [statusOf(route)]: successResponse(route), ...Object.fromEntries(problemsOf(route).map((status) => [status, { $ref: `#/components/responses/Problem${status}` }])) },
  }
}

const headersOf = ({ headers = [], tagged }: Route): NonNullable<Route["headers"]> =>
  tagged === "demanded" ? [...headers, { name: "If-Match", summary: "The ETag of what was seen; what is another by now is not changed." }] : headers

const statusOf = ({ success = 200 }: Route): string => String(success === "events" ? 200 : success)

function successResponse({ output, success = 200, tagged, summary, givesFile }: Route): ApiResponse {
  const headers = {
    ...(tagged && { ETag: { description: "Of what is shown.", schema: { type: "string" } } }),
    ...((success === 202 || success === 201) && { Location: { description: "Where it is.", schema: { type: "string" } } }),
  }
  const schema = schemaOf(output, "output")
  if (givesFile) return { description: summary, content: filesOf(givesFile) }
  return { description: success === "events" ? "Server-sent events; the data of each is JSON." : summary, ...(Object.keys(headers).length > 0 && { headers }), content: { [success === "events" ? "text/event-stream" : "application/json"]: { schema } } }
}

/** OpenAPI 3.1 §4.8.14.2: what is binary has no schema. */
const filesOf = (types: readonly string[]): Readonly<Record<string, { readonly schema: JsonSchema }>> => Object.fromEntries(types.map((type) => [type, { schema: {} }]))

const problemStatuses = [...new Set(Object.values(problemText).map(({ status }) => status))]

function problemsOf(route: Route): readonly number[] {
  const reading = route.method === "get"
  const matches = headersOf(route).some(({ name }) => name === "If-Match")
  return problemStatuses.filter((status) => !(reading && [409, 413, 415, 422].includes(status)) && (matches || ![412, 428].includes(status)))
}

const problemSchema: JsonSchema = {
  type: "object",
  properties: {
    type: { type: "string", enum: Object.keys(problemText).map((kind) => `urn:congthu:problem:${kind}`) },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    errors: { type: "array", items: { type: "object", properties: { pointer: { type: "string", description: "The member of the request." }, detail: { type: "string" } }, required: ["pointer", "detail"], additionalProperties: false } },
  },
  required: ["type", "title", "status"],
  additionalProperties: false,
}

function problemResponse(status: number): ApiResponse {
  const titles = Object.values(problemText).filter((text) => text.status === status).map(({ en }) => `${en}.`)
  const waits = status === 429 || status === 503
  return {
    description: titles.join(" "),
    ...(waits && { headers: { "Retry-After": { description: "Seconds.", schema: { type: "integer" } } } }),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  }
}
