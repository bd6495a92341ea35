import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import type { Result } from "../../base/result.ts"
import type { Refusal } from "../../store/directory-editor.ts"
import { refusalProblem, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import type { JsonObject } from "./json.ts"

/** One change of one resource, whichever: read, compared with what the client saw (RFC 7644 §3.14), changed, shown. */
export interface ResourceRequest {
  readonly caller: ApiTokenHolder
  readonly id: string
  readonly base: string
  /** `If-Match`; undefined: whatever it is by now. */
  readonly ifMatch: string | undefined
  /** What it is to be, of what is shown of it. */
  readonly next: (shown: JsonObject) => Result<JsonObject, ScimProblem>
}

interface ResourceChange<Resource> {
  readonly find: () => Promise<Resource | undefined>
  readonly show: (resource: Resource) => JsonObject
  /** Undefined: there is nothing to change. */
  readonly change: (resource: Resource, states: { readonly before: JsonObject; readonly after: JsonObject }) => Promise<ScimProblem | Result<string, Refusal> | undefined>
  /** It is not there afterwards. */
  readonly gone?: boolean
}

/** Clients fill a group with many requests at once: who did not say what he saw is not told that somebody was quicker. */
const maxTries = 10

export async function changedResource<Resource extends { readonly version: string }>({ ifMatch, next }: ResourceRequest, { find, show, change, gone = false }: ResourceChange<Resource>): Promise<ScimAnswer> {
  for (let tries = 1; ; tries++) {
    const resource = await find()
    if (!resource) return scimProblem(404, "there is no such resource")
    if (ifMatch !== undefined && !matches(ifMatch, resource.version)) return scimProblem(412, "it was changed after it was seen")
    const before = show(resource)
    const after = next(before)
    if (!after.ok) return after.failure
    const done = await change(resource, { before, after: after.value })
    if (done && "kind" in done) return done
    if (done && !done.ok) {
      if (done.failure.kind === "inUse" && ifMatch === undefined && tries < maxTries) continue
      return refusalProblem(done.failure)
    }
    if (gone) return { kind: "none" }
    const now = await find()
    return now ? { kind: "resource", status: 200, body: show(now) } : scimProblem(404, "it is not there any more")
  }
}

/** Weak tags are what SCIM has (RFC 7644 §3.14). */
export const matches = (header: string, version: string): boolean => header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${version}"`)
