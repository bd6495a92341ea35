import { z } from "zod"
import { rights } from "../../../accounts/import/rows.ts"
import { aliasAnswer, aliasesAnswer, assignmentAnswer, removedAnswer } from "../../answers/directory.ts"
import { type Answer, answered, created, refused, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { address, changed, day, type DirectoryRoutesParts, key, list, listed, made, problemOfFailure, seenTag } from "./shared.ts"

/** What belongs to an account: who may do what with it and when, and its further addresses. Each part has a tag of its own in the account. */
const owner = { address, principalId: key }

export function accountPartRoutes(parts: DirectoryRoutesParts): readonly Route[] {
  const { view, editor } = parts
  const removed = async (what: string): Promise<Answer> => answered({ removed: what })
  return [
    route({
      method: "put", path: "/directory/accounts/:address/assignments/:principalId", scope: "directory:write", output: assignmentAnswer, tagged: "shown",
      summary: "What somebody may do with the account, from the first to the last day. What is there already is changed with its tag in `If-Match`.", headers: [{ name: "If-Match", summary: "The tag of the assignment that is changed; none where there is none yet." }],
      input: z.strictObject({ ...owner, rights: z.array(z.enum(rights)).max(20).transform((some) => rights.filter((right) => some.includes(right))), from: day.default(null), until: day.default(null) }),
      async run({ address: one, principalId, rights: may, from, until }, caller, request) {
        const scope = scopeOfToken(caller, "directory:write")
        const account = await view.account(scope, one)
        if (!account.ok) return refused(problemOfFailure(account.failure))
        const before = account.value.holders.find((holder) => holder.principalId === principalId)
        const seen = before && seenTag(request, before.seen)
        if (seen && !seen.ok) return refused(seen.failure)
        const assignment = { address: one, principalId, rights: may, from, until }
        return made(await editor.change({ kind: "putAssignment", seen: seen?.value ?? null, assignment }, { scope }), async () => {
          const after = await view.account(scope, one)
          const now = after.ok ? after.value.holders.find((holder) => holder.principalId === principalId) : undefined
          return now ? answered({ ...assignment, tag: now.seen }, now.seen) : refused({ kind: "notFound" })
        })
      },
    }),
    route({
      method: "delete", path: "/directory/accounts/:address/assignments/:principalId", scope: "directory:write", summary: "Ends today; one that has not begun is taken away.", input: z.strictObject(owner), output: removedAnswer, tagged: "demanded",
      run: ({ address: one, principalId }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.account(scope, one), tag: ({ holders }) => holders.find((holder) => holder.principalId === principalId)?.seen,
        change: (_account, seen) => ({ kind: "endAssignment", address: one, principalId, seen }), show: () => removed(principalId),
      }),
    }),
    route({
      method: "get", path: "/directory/aliases", scope: "directory:read", summary: "Aliases that are found by all words.", input: listed, output: aliasesAnswer,
      run: (asked, caller) => list(view, { caller, kind: "alias", asked, show: (hits) => ({ aliases: hits.map(({ key: found, name, detail, unitCode, unitName, suspended }) => ({ address: found, target: detail, displayName: name, unitCode, unitName, suspended })) }) }),
    }),
    route({
      method: "post", path: "/directory/accounts/:address/aliases", scope: "directory:write", summary: "A further address of the account, for good or until a day.", input: z.strictObject({ address, alias: address, expiresOn: day.default(null) }), output: aliasAnswer, success: 201, tagged: "shown",
      async run({ address: target, alias, expiresOn }, caller) {
        const scope = scopeOfToken(caller, "directory:write")
        return made(await editor.change({ kind: "addAlias", alias: { address: alias, target, expiresOn } }, { scope }), async (one) => {
          const account = await view.account(scope, target)
          const now = account.ok ? account.value.aliases.find((other) => other.address === one) : undefined
          if (!now) return refused({ kind: "notFound" })
          const { seen, ...rest } = now
          return created({ ...rest, tag: seen }, { tag: seen, location: `/api/v1/directory/accounts/${encodeURIComponent(target)}` })
        })
      },
    }),
    route({
      method: "delete", path: "/directory/accounts/:address/aliases/:alias", scope: "directory:write", summary: "The address is free again.", input: z.strictObject({ address, alias: address }), output: removedAnswer, tagged: "demanded",
      run: ({ address: one, alias }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.account(scope, one), tag: ({ aliases }) => aliases.find((other) => other.address === alias)?.seen,
        change: (_account, seen) => ({ kind: "removeAlias", address: alias, seen }), show: () => removed(alias),
      }),
    }),
  ]
}
