import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import { failed, ok } from "../../base/result.ts"
import type { ScimQuestion, ScimStore } from "../../store/scim-store.ts"
import { scopeOfToken } from "../token-scope.ts"
import { questionProblem, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import type { ResourceRequest } from "./change.ts"
import { maxResults, providerConfig, resourceTypes, schemas } from "./discovery.ts"
import { parseFilter, plainPath } from "./filter.ts"
import { shownGroup } from "./group.ts"
import { changeGroup, createGroup, deleteGroup } from "./groups.ts"
import type { JsonObject } from "./json.ts"
import { applyPatch } from "./patch.ts"
import { shownUser } from "./user.ts"
import { changeUser, createUser, deleteUser } from "./users.ts"

/** What there is to ask for, asked alone or as one of many. Must not know: HTTP. */
export interface Endpoint {
  readonly method: "get" | "post" | "put" | "patch" | "delete"
  /** `:id` stands for one segment. */
  readonly path: string
  readonly work: (asked: Asked) => Promise<ScimAnswer>
}

export interface Asked {
  readonly caller: ApiTokenHolder
  readonly base: string
  readonly id: string
  readonly body: JsonObject
  /** Undefined: whatever it is by now. */
  readonly ifMatch: string | undefined
  readonly query: (name: string) => string | undefined
}

export const endpoints = (store: ScimStore): readonly Endpoint[] => [
  { method: "get", path: "/ServiceProviderConfig", work: async ({ base }) => ({ kind: "resource", status: 200, body: providerConfig(base) }) },
  { method: "get", path: "/ResourceTypes", work: fixed(resourceTypes) },
  { method: "get", path: "/ResourceTypes/:id", work: oneOf(resourceTypes) },
  { method: "get", path: "/Schemas", work: fixed(schemas) },
  { method: "get", path: "/Schemas/:id", work: oneOf(schemas) },

  {
    method: "get", path: "/Users",
    async work(asked) {
      const question = questionOf(asked)
      if ("kind" in question) return question
      const page = await store.users(question)
      return page.ok ? { kind: "list", total: page.value.total, startIndex: question.offset + 1, resources: page.value.rows.map((user) => shownUser(user, asked.base)) } : questionProblem(page.failure)
    },
  },
  {
    method: "get", path: "/Users/:id",
    async work({ caller, id, base }) {
      const user = await store.user(scopeOfToken(caller, "directory:read"), id)
      return user ? { kind: "resource", status: 200, body: shownUser(user, base) } : nothing
    },
  },
  { method: "post", path: "/Users", work: (asked) => createUser(store, asked) },
  { method: "put", path: "/Users/:id", work: (asked) => changeUser(store, replacing(asked)) },
  { method: "patch", path: "/Users/:id", work: (asked) => changeUser(store, patching(asked)) },
  { method: "delete", path: "/Users/:id", work: (asked) => deleteUser(store, replacing(asked)) },

  {
    method: "get", path: "/Groups",
    async work(asked) {
      const question = questionOf(asked)
      if ("kind" in question) return question
      const withMembers = !named(asked.query("excludedattributes")).has("members") && (asked.query("attributes") === undefined || [...named(asked.query("attributes"))].some((name) => name.startsWith("members")))
      const page = await store.groups({ ...question, withMembers })
      return page.ok ? { kind: "list", total: page.value.total, startIndex: question.offset + 1, resources: page.value.rows.map((group) => shownGroup(group, asked.base)) } : questionProblem(page.failure)
    },
  },
  {
    method: "get", path: "/Groups/:id",
    async work({ caller, id, base }) {
      const group = await store.group(scopeOfToken(caller, "directory:read"), id)
      return group ? { kind: "resource", status: 200, body: shownGroup(group, base) } : nothing
    },
  },
  { method: "post", path: "/Groups", work: (asked) => createGroup(store, asked) },
  { method: "put", path: "/Groups/:id", work: (asked) => changeGroup(store, replacing(asked)) },
  { method: "patch", path: "/Groups/:id", work: (asked) => changeGroup(store, patching(asked)) },
  { method: "delete", path: "/Groups/:id", work: (asked) => deleteGroup(store, replacing(asked)) },
]

const nothing = scimProblem(404, "there is no such resource")

type Fixed = (base: string) => readonly JsonObject[]

const fixed = (all: Fixed) => async ({ base }: Asked): Promise<ScimAnswer> => ({ kind: "list", total: all(base).length, startIndex: 1, resources: all(base) })

const oneOf = (all: Fixed) => async ({ base, id }: Asked): Promise<ScimAnswer> => {
  const found = all(base).find((one) => one["id"] === id)
  return found ? { kind: "resource", status: 200, body: found } : nothing
}

const replacing = ({ body, ...request }: Asked): ResourceRequest => ({ ...request, next: () => ok(body) })

const patching = ({ body, ...request }: Asked): ResourceRequest => ({
  ...request,
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
