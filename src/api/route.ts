import type { z } from "zod"
import type { ApiScope, ApiTokenHolder } from "../accounts/api-token.ts"
import type { Problem } from "./problem.ts"

/**
 * One thing that can be asked of the API, as data: what it is called, who may, what it takes, what it does. The server walks the list; so can whoever
 * writes its documentation.
 */
export interface Route {
  readonly method: "get" | "post" | "put" | "patch" | "delete"
  /** Below `/api/v1`, in express's form. */
  readonly path: string
  readonly scope: ApiScope
  readonly summary: string
  /** Of path, query and body together; no member has the name of another. */
  readonly input: z.ZodType
  /** Of the body it answers with, once it is JSON. */
  readonly output: z.ZodType
  /** How it answers when all is well; absent: 200. `events`: with a stream of them, each with such data. */
  readonly success?: 200 | 201 | 202 | "events"
  /** Its answers carry a tag of what was seen, and it changes only what it still is (RFC 9110 §13.1.1): `If-Match` is demanded. */
  readonly tagged?: "shown" | "demanded"
  /** Headers that it looks at, beside those of every request. */
  readonly headers?: readonly { readonly name: string; readonly summary: string }[]
  /** Absent: 16 KiB. */
  readonly maxBodyBytes?: number
  /** What is about no unit in particular, whatever its scope is for: a token for one unit is refused. */
  readonly provinceOnly?: true
  /** The request's content is a file of one of these media types, not JSON; the rest of the input is in the path and the query. */
  readonly takesFile?: readonly string[]
  /** It answers with a file of one of these media types, not JSON. */
  readonly givesFile?: readonly string[]
  /** Counted apart from all other requests of the token: this many in a minute; 0: as many as it likes. */
  readonly callsPerMinute?: number
  run(input: unknown, caller: ApiTokenHolder, request: RouteRequest): Promise<Answer>
}

/** What a route may ask of the request beside its input. */
export interface RouteRequest {
  /** Of a header, by its lower-case name. */
  header(name: string): string | undefined
  /** SHA-256 of the body's octets. */
  readonly bodySha256: Uint8Array
  /** Network address. */
  readonly clientAddress: string
  /** What was sent to a route that takes a file; else empty. */
  readonly file: Buffer
}

export interface ServerSentEvent {
  readonly event: string
  readonly id?: string
  readonly data: unknown
}

export type Answer =
  /** 202: durable, to be done later; told at `location`. */
  | { readonly kind: "accepted"; readonly location: string; readonly body: unknown }
  /** `text/event-stream`, until it ends or the client goes away, which aborts the signal. */
  | { readonly kind: "events"; events(signal: AbortSignal): AsyncIterable<ServerSentEvent> }
  /** `tag`: of what is shown, for the next change. */
  | { readonly kind: "ok"; readonly body: unknown; readonly tag?: string }
  | { readonly kind: "file"; readonly name: string; readonly type: string; readonly content: Buffer | AsyncIterable<Uint8Array> }
  | { readonly kind: "created"; readonly body: unknown; readonly tag?: string; readonly location?: string }
  | { readonly kind: "problem"; readonly problem: Problem }

/** Whether its input stands in the address. A DELETE's content has no meaning to proxies between (RFC 9110 §9.3.5). */
export const readsQuery = ({ method, takesFile }: Pick<Route, "method" | "takesFile">): boolean => method === "get" || method === "delete" || takesFile !== undefined

/** A route whose work is given what its schema makes of the request. */
export const route = <Schema extends z.ZodType>(definition: Omit<Route, "input" | "run"> & { readonly input: Schema; readonly run: (input: z.output<Schema>, caller: ApiTokenHolder, request: RouteRequest) => Promise<Answer> }): Route => ({
  ...definition,
  run: (input, caller, request) => definition.run(input as z.output<Schema>, caller, request),
})

export const answered = (body: unknown, tag?: string): Answer => ({ kind: "ok", body, ...(tag !== undefined && { tag }) })
export const created = (body: unknown, more: { readonly tag?: string; readonly location?: string } = {}): Answer => ({ kind: "created", body, ...more })
export const refused = (problem: Problem): Answer => ({ kind: "problem", problem })
