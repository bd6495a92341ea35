import { z } from "zod"
import type { GroupDetails } from "../../../store/directory-view.ts"
import { groupAnswer, groupsAnswer, removedAnswer } from "../../answers/directory.ts"
import { answered, created, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { address, changed, type DirectoryRoutesParts, given, key, list, listed, made, shownAfter, word } from "./shared.ts"

/** Groups over HTTP. */
const maxMembers = 50_000
const maxListed = 200
/** Fifty thousand addresses. */
const maxBodyBytes = 4 * 1024 * 1024

const addresses = (most: number) => z.array(address).max(most).transform((some) => [...new Set(some)].toSorted())
const fields = {
  displayName: word, unitCode: key.nullable().describe("Who looks after it; null: the province."), allowedSenders: addresses(maxListed).nullable().describe("Null: anyone may send to it."),
  moderators: addresses(maxListed).nullable().describe("Accounts that approve what is sent to it; null: it goes at once."), members: addresses(maxMembers),
}

const body = ({ record, unitName, members }: GroupDetails) => ({ ...record, unitName, memberDetails: members })

export function groupRoutes(parts: DirectoryRoutesParts): readonly Route[] {
  const { view, editor } = parts
  const shown = (details: GroupDetails) => answered(body(details), details.seen)
  return [
    route({
      method: "get", path: "/directory/groups", scope: "directory:read", summary: "Groups that are found by all words.", input: listed, output: groupsAnswer,
      run: (asked, caller) => list(view, { caller, kind: "group", asked, show: (hits) => ({ groups: hits.map(({ key: found, name, detail, unitCode, unitName }) => ({ address: found, displayName: name, restriction: detail, unitCode, unitName })) }) }),
    }),
    route({
      method: "get", path: "/directory/groups/:address", scope: "directory:read", summary: "One group and its members.", input: z.strictObject({ address }), output: groupAnswer, tagged: "shown",
      run: async ({ address: one }, caller) => shownAfter(await view.group(scopeOfToken(caller, "directory:read"), one), shown),
    }),
    route({
      method: "post", path: "/directory/groups", scope: "directory:write", summary: "A new group.", output: groupAnswer, success: 201, tagged: "shown", maxBodyBytes,
      input: z.strictObject({ ...fields, address, unitCode: fields.unitCode.default(null), allowedSenders: fields.allowedSenders.default(null), moderators: fields.moderators.default(null), members: fields.members.default([]) }),
      async run(group, caller) {
        const scope = scopeOfToken(caller, "directory:write")
        return made(await editor.change({ kind: "addGroup", group }, { scope }), async (one) =>
          shownAfter(await view.group(scope, one), (details) => created(body(details), { tag: details.seen, location: `/api/v1/directory/groups/${encodeURIComponent(one)}` })))
      },
    }),
    route({
      method: "patch", path: "/directory/groups/:address", scope: "directory:write", summary: "Changes what is given; `members` are all of them.", input: z.strictObject({ address, ...z.object(fields).partial().shape }), output: groupAnswer, tagged: "demanded", maxBodyBytes,
      run: ({ address: one, ...some }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.group(scope, one), tag: ({ seen }) => seen,
        change: ({ record }, seen) => ({ kind: "changeGroup", seen, group: { ...record, ...given(some) } }),
        show: async () => shownAfter(await view.group(scopeOfToken(caller, "directory:write"), one), shown),
      }),
    }),
    route({
      method: "delete", path: "/directory/groups/:address", scope: "directory:write", summary: "The group is no more, and its address is free.", input: z.strictObject({ address }), output: removedAnswer, tagged: "demanded",
      run: ({ address: one }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.group(scope, one), tag: ({ seen }) => seen,
        change: (_group, seen) => ({ kind: "removeGroup", address: one, seen }), show: async () => answered({ removed: one }),
      }),
    }),
  ]
}
