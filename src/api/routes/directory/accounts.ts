import { z } from "zod"
import type { AccountDetails } from "../../../store/directory-view.ts"
import { accountAnswer, accountsAnswer } from "../../answers/directory.ts"
import { answered, created, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { address, bytes, changed, type DirectoryRoutesParts, given, key, list, listed, made, shownAfter, word } from "./shared.ts"

/** Accounts over HTTP. */
const fields = { displayName: word, unitCode: word, quotaBytes: bytes }
const usualQuotaBytes = 2 * 2 ** 30

/** Console roles are the administrators' business. */
const body = ({ record, seen: _seen, roles: _roles, holders, aliases, ...more }: AccountDetails) => ({
  ...record, ...more, holders: holders.map(({ seen, ...holder }) => ({ ...holder, tag: seen })), aliases: aliases.map(({ seen, ...alias }) => ({ ...alias, tag: seen })),
})

export function accountRoutes(parts: DirectoryRoutesParts): readonly Route[] {
  const { view, editor } = parts
  const shown = (details: AccountDetails) => answered(body(details), details.seen)
  return [
    route({
      method: "get", path: "/directory/accounts", scope: "directory:read", summary: "Accounts that are found by all words.", input: listed, output: accountsAnswer,
      run: (asked, caller) => list(view, { caller, kind: "account", asked, show: (hits) => ({ accounts: hits.map(({ key: found, name, detail: kind, unitCode, unitName, suspended }) => ({ address: found, displayName: name, kind, unitCode, unitName, suspended })) }) }),
    }),
    route({
      method: "get", path: "/directory/accounts/:address", scope: "directory:read", summary: "One account, with who holds it, its aliases and groups, and how full it is.", input: z.strictObject({ address }), output: accountAnswer, tagged: "shown",
      run: async ({ address: one }, caller) => shownAfter(await view.account(scopeOfToken(caller, "directory:read"), one), shown),
    }),
    route({
      method: "post", path: "/directory/accounts", scope: "directory:write", summary: "A new account; without `address` it gets one by its unit's rule. `ownerId` is whose it is.", output: accountAnswer, success: 201, tagged: "shown",
      input: z.strictObject({ ...fields, kind: z.enum(["personal", "organizational"]), address: address.nullable().default(null), quotaBytes: bytes.default(usualQuotaBytes), ownerId: key.nullable().default(null) }),
      async run(account, caller) {
        const scope = scopeOfToken(caller, "directory:write")
        return made(await editor.change({ kind: "addAccount", account }, { scope }), async (one) =>
          shownAfter(await view.account(scope, one), (details) => created(body(details), { tag: details.seen, location: `/api/v1/directory/accounts/${encodeURIComponent(one)}` })))
      },
    }),
    route({
      method: "patch", path: "/directory/accounts/:address", scope: "directory:write", summary: "Changes what is given.", input: z.strictObject({ address, ...z.object(fields).partial().shape }), output: accountAnswer, tagged: "demanded",
      run: ({ address: one, ...some }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.account(scope, one), tag: ({ seen }) => seen,
        change: ({ record: { displayName, unitCode, quotaBytes } }, seen) => ({ kind: "changeAccount", seen, account: { address: one, displayName, unitCode, quotaBytes, ...given(some) } }),
        show: async () => shownAfter(await view.account(scopeOfToken(caller, "directory:write"), one), shown),
      }),
    }),
    ...(["suspend", "reactivate"] as const).map((action) =>
      route({
        method: "post", path: `/directory/accounts/:address/${action}`, scope: "directory:write", summary: action === "suspend" ? "Nobody opens it, and it takes no mail, from now on." : "It is opened and takes mail again.", input: z.strictObject({ address }), output: accountAnswer, tagged: "demanded",
        run: ({ address: one }, caller, request) => changed({
          parts, caller, request, current: (scope) => view.account(scope, one), tag: ({ seen }) => seen,
          change: (_account, seen) => ({ kind: `${action}Account`, address: one, seen }),
          show: async () => shownAfter(await view.account(scopeOfToken(caller, "directory:write"), one), shown),
        }),
      })),
  ]
}
