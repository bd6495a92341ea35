import { problemText } from "../../accounts/provision/problems.ts"
import type { Refusal } from "../../store/directory-editor.ts"
import type { ScimQuestionProblem } from "../../store/scim-store.ts"
import { plainPath } from "./filter.ts"
import type { JsonObject } from "./json.ts"
import { enterpriseSchema, errorSchema } from "./resource-names.ts"

/** What SCIM answers: a resource, a list, nothing, or an error in its own form (RFC 7644 §3.12). */
export type ScimAnswer =
  | { readonly kind: "resource"; readonly status: 200 | 201; readonly body: JsonObject }
  | { readonly kind: "list"; readonly total: number; readonly startIndex: number; readonly resources: readonly JsonObject[] }
  | { readonly kind: "none" }
  | ScimProblem

export interface ScimProblem {
  readonly kind: "problem"
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 415 | 429 | 500 | 501 | 503
  readonly scimType?: "invalidFilter" | "uniqueness" | "mutability" | "invalidSyntax" | "invalidPath" | "noTarget" | "invalidValue"
  readonly detail: string
}

export const scimProblem = (status: ScimProblem["status"], detail: string, scimType?: ScimProblem["scimType"]): ScimProblem => ({ kind: "problem", status, detail, ...(scimType !== undefined && { scimType }) })

export const errorBody = ({ status, scimType, detail }: ScimProblem): JsonObject => ({ schemas: [errorSchema], status: String(status), ...(scimType !== undefined && { scimType }), detail })

const refusals = {
  noPermission: { status: 403 }, notFound: { status: 404 }, alreadyExists: { status: 409, scimType: "uniqueness" }, inUse: { status: 412 }, invalid: { status: 400, scimType: "invalidValue" },
} as const satisfies Record<Refusal["kind"], Pick<ScimProblem, "status" | "scimType">>

/** Whoever reads a client's log reads either language: both are said. */
export const refusalProblem = ({ kind, problems }: Refusal): ScimProblem => ({ kind: "problem", ...refusals[kind], detail: problems.map((one) => `${problemText(one, "vi")} (${problemText(one, "en")})`).join("; ").slice(0, 1_000) })

export const questionProblem = ({ kind, path }: ScimQuestionProblem): ScimProblem => scimProblem(400, kind === "unknownPath" ? `there is no attribute ${path} to ask for` : `${path} cannot be compared so`, "invalidFilter")

/** RFC 7644 §3.9. `id` and `schemas` are always there. */
export function projected(resource: JsonObject, { only, without }: { readonly only?: string; readonly without?: string }): JsonObject {
  if (only !== undefined) return narrowed(resource, pathsOf(only), (wanted) => wanted)
  return without === undefined ? resource : narrowed(resource, pathsOf(without), (wanted) => !wanted)
}

const pathsOf = (text: string): ReadonlySet<string> => new Set(text.split(",").slice(0, 100).map((path) => plainPath(path.trim())))

const always = new Set(["id", "schemas"])

function narrowed(resource: JsonObject, paths: ReadonlySet<string>, keep: (named: boolean) => boolean): JsonObject {
  const part = (prefix: string, value: unknown): unknown => {
    if (Array.isArray(value)) return value.map((one) => part(prefix, one))
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).filter(([name]) => keep(paths.has(`${prefix}${name}`.toLowerCase()))))
  }
  const hasParts = (name: string): boolean => [...paths].some((path) => path.startsWith(`${name}.`))
  return Object.fromEntries(
    Object.entries(resource).flatMap(([name, value]): readonly (readonly [string, unknown])[] => {
      const small = name.toLowerCase()
      if (always.has(small)) return [[name, value]]
      // its members are named by its URN, which `plainPath` takes away
      if (name === enterpriseSchema) return paths.has(small) ? (keep(true) ? [[name, value]] : []) : [[name, part("", value)]]
      if (paths.has(small)) return keep(true) ? [[name, value]] : []
      if (hasParts(small)) return [[name, part(`${small}.`, value)]]
      return keep(false) ? [[name, value]] : []
    }).filter(([name, value]) => name !== enterpriseSchema || (typeof value === "object" && value !== null && Object.keys(value).length > 0)),
  )
}
