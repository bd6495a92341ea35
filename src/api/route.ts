import type { z } from "zod"
import type { ApiScope, ApiTokenHolder } from "../accounts/api-token.ts"
import type { Problem } from "./problem.ts"

/**
 * One thing that can be asked of the API, as data: what it is called, who may, what it takes, what it does. The server walks the list; so can whoever
 * writes its documentation.
 */
export interface Route {
  readonly method: "get" | "post" | "delete"
  /** Below `/api/v1`, in express's form. */
  readonly path: string
  readonly scope: ApiScope
  readonly summary: string
  /** Of path, query and body together; no member has the name of another. */
  readonly input: z.ZodType
  run(input: unknown, caller: ApiTokenHolder): Promise<Answer>
}

export type Answer = { readonly kind: "ok"; readonly body: unknown } | { readonly kind: "created"; readonly body: unknown } | { readonly kind: "problem"; readonly problem: Problem }

/** A route whose work is given what its schema makes of the request. */
export const route = <Schema extends z.ZodType>(definition: Omit<Route, "input" | "run"> & { readonly input: Schema; readonly run: (input: z.output<Schema>, caller: ApiTokenHolder) => Promise<Answer> }): Route => ({
  ...definition,
  run: (input, caller) => definition.run(input as z.output<Schema>, caller),
})

export const answered = (body: unknown): Answer => ({ kind: "ok", body })
export const created = (body: unknown): Answer => ({ kind: "created", body })
export const refused = (problem: Problem): Answer => ({ kind: "problem", problem })
