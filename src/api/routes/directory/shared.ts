import { z } from "zod"
import type { ApiTokenHolder } from "../../../accounts/api-token.ts"
import type { Scope } from "../../../accounts/administrator.ts"
import type { DirectoryChange } from "../../../accounts/provision/changes.ts"
import { type FieldProblem, problemText } from "../../../accounts/provision/problems.ts"
import { failed, ok, type Result } from "../../../base/result.ts"
import { canonicalAddress } from "../../../mail/address.ts"
import type { Failure } from "../../../mail/failure.ts"
import type { DirectoryEditor, Refusal } from "../../../store/directory-editor.ts"
import type { DirectoryKind, DirectoryView, Hit } from "../../../store/directory-view.ts"
import { cursor, limit, truth } from "../../fields.ts"
import type { Problem } from "../../problem.ts"
import { type Answer, answered, refused, type RouteRequest } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"

/**
 * The directory over HTTP. A token sees and changes what its unit covers; the store's ports demand the scope that is made of it here. What is shown has an ETag, and a
 * change names the one that it was made on. Must not know: SQL.
 */
export interface DirectoryRoutesParts {
  readonly view: DirectoryView
  readonly editor: DirectoryEditor
}

const maxText = 100

/** What lists take. */
export const listed = z.strictObject({
  text: z.string().max(maxText).default("").describe("Words, with or without diacritics; each must be found."), unit: z.string().max(64).optional().describe("Code: only of this unit."),
  below: truth.default(true).describe("And of the units below it."), suspended: truth.optional(), cursor, limit: limit(500, 100),
})

export async function list(view: DirectoryView, { caller, kind, asked, show }: { readonly caller: ApiTokenHolder; readonly kind: DirectoryKind; readonly asked: z.output<typeof listed>; readonly show: (hits: readonly Hit[]) => object }): Promise<Answer> {
  const { text, unit, below, suspended, cursor: offset, limit: most } = asked
  const { hits, more } = await view.find({ scope: scopeOfToken(caller, "directory:read"), text, kinds: [kind], offset, limit: most, ...(unit !== undefined && { unit: { code: unit, below } }), ...(suspended !== undefined && { suspended }) })
  return answered({ ...show(hits), next: more ? offset + hits.length : null })
}

/** Text as the directory keeps it; what is wrong with it the engine says. */
export const word = z.string().max(500).transform((text) => text.normalize("NFC").trim())
export const address = z.string().max(320).transform((text) => canonicalAddress(text.trim()))
export const day = z.iso.date({ error: "is no day such as 2026-01-31" }).nullable()
export const key = z.string().max(320)
export const bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

export const problemOfFailure = ({ kind }: Failure): Problem => ({ kind: kind === "noPermission" ? "forbidden" : "notFound" })

const kinds = { noPermission: "forbidden", notFound: "notFound", alreadyExists: "conflict", inUse: "changed", invalid: "invalid" } as const satisfies Record<Refusal["kind"], Problem["kind"]>

/** What the engine refuses, said of the fields that are to blame. */
export function problemOfRefusal({ kind, problems }: Refusal): Problem {
  const both = (one: FieldProblem) => ({ vi: problemText(one, "vi"), en: problemText(one, "en") })
  const [first] = problems
  return { kind: kinds[kind], ...(first && { detail: both(first) }), errors: problems.map((one) => ({ pointer: one.field, detail: both(one) })) }
}

/** The tag that `If-Match` names; `*` is whatever is there (RFC 9110 §13.1.1). A weak one matches nothing. */
export function seenTag({ header }: RouteRequest, current: string): Result<string, Problem> {
  const given = header("if-match")?.trim()
  if (given === undefined || given === "") return failed({ kind: "tagNeeded" })
  const tags = given === "*" ? [current] : given.split(",").map((tag) => /^"([^"]*)"$/.exec(tag.trim())?.[1])
  return tags.includes(current) ? ok(current) : failed({ kind: "changed" })
}

interface ChangeRequest<Seen> {
  readonly parts: DirectoryRoutesParts
  readonly caller: ApiTokenHolder
  readonly request: RouteRequest
  /** As it is now. */
  readonly current: (scope: Scope) => Promise<Result<Seen, Failure>>
  readonly tag: (seen: Seen) => string | undefined
  readonly change: (seen: Seen, tag: string) => DirectoryChange
  readonly show: (key: string) => Promise<Answer>
}

/** One change of what was seen: it is there, it is theirs, it is still the same, and then it is changed. */
export async function changed<Seen>({ parts, caller, request, current, tag, change, show }: ChangeRequest<Seen>): Promise<Answer> {
  const scope = scopeOfToken(caller, "directory:write")
  const now = await current(scope)
  if (!now.ok) return refused(problemOfFailure(now.failure))
  const present = tag(now.value)
  if (present === undefined) return refused({ kind: "notFound" })
  const seen = seenTag(request, present)
  if (!seen.ok) return refused(seen.failure)
  return made(await parts.editor.change(change(now.value, seen.value), { scope }), show)
}

export const made = async (done: Awaited<ReturnType<DirectoryEditor["change"]>>, show: (key: string) => Promise<Answer>): Promise<Answer> => (done.ok ? show(done.value.key) : refused(problemOfRefusal(done.failure)))

/** The object after a change, whoever sees it then: somebody may give away what is theirs. */
export async function shownAfter<Details>(found: Result<Details, Failure>, show: (details: Details) => Answer): Promise<Answer> {
  return found.ok ? show(found.value) : refused(problemOfFailure(found.failure))
}

/** What of a change is not given stays as it is. */
export const given = <Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
