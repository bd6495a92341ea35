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
  /** How it answers when all is well; absent: 200. `events`: with a stream of them, each with such data; `csv`: with a file. */
  readonly success?: 200 | 201 | 202 | "events" | "csv"
  /** Its answers carry a tag of what was seen, and it changes only what it still is (RFC 9110 §13.1.1): `If-Match` is demanded. */
  readonly tagged?: "shown" | "demanded"
  /** Headers that it looks at, beside those of every request. */
  readonly headers?: readonly { readonly name: string; readonly summary: string }[]
  /** Absent: 16 KiB. */
  readonly maxBodyBytes?: number
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
  | { readonly kind: "csv"; readonly name: string; readonly content: Buffer }
  /** `tag`: of what is shown, for the next change. */
  | { readonly kind: "ok"; readonly body: unknown; readonly tag?: string }
  | { readonly kind: "created"; readonly body: unknown; readonly tag?: string; readonly location?: string }
  | { readonly kind: "problem"; readonly problem: Problem }

/** Whether its input stands in the address. A DELETE's content has no meaning to proxies between (RFC 9110 §9.3.5). */
export const readsQuery = ({ method }: Pick<Route, "method">): boolean => method === "get" || method === "delete"

/** A route whose work is given what its schema makes of the request. */
export const route = <Schema extends z.ZodType>(definition: Omit<Route, "input" | "run"> & { readonly input: Schema; readonly run: (input: z.output<Schema>, caller: ApiTokenHolder, request: RouteRequest) => Promise<Answer> }): Route => ({
  ...definition,
  run: (input, caller, request) => definition.run(input as z.output<Schema>, caller, request),
})

export const answered = (body: unknown, tag?: string): Answer => ({ kind: "ok", body, ...(tag !== undefined && { tag }) })
export const created = (body: unknown, more: { readonly tag?: string; readonly location?: string } = {}): Answer => ({ kind: "created", body, ...more })
export const refused = (problem: Problem): Answer => ({ kind: "problem", problem })
