import { z } from "zod"
import type { PersonDetails } from "../../../store/directory-view.ts"
import { principalAnswer, principalsAnswer } from "../../answers/directory.ts"
import { shownTime } from "../../fields.ts"
import { answered, created, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { changed, type DirectoryRoutesParts, given, key, list, listed, made, shownAfter, word } from "./shared.ts"

/** People and organizations over HTTP. */
const fields = { name: word, unitCode: word, title: word, phone: word }
const kind = z.enum(["individual", "organization"])

const body = ({ record, unitName, assignments, certificates }: PersonDetails) => ({
  ...record, unitName, assignments: assignments.map(({ seen, ...assignment }) => ({ ...assignment, tag: seen })), certificates: certificates.map(({ notAfter, ...certificate }) => ({ ...certificate, notAfter: shownTime(notAfter) })),
})

export function principalRoutes(parts: DirectoryRoutesParts): readonly Route[] {
  const { view, editor } = parts
  const shown = (details: PersonDetails) => answered(body(details), details.seen)
  return [
    route({
      method: "get", path: "/directory/principals", scope: "directory:read", summary: "People and organizations that are found by all words.", input: listed, output: principalsAnswer,
      run: (asked, caller) => list(view, { caller, kind: "person", asked, show: (hits) => ({ principals: hits.map(({ key: principalId, name, detail: title, unitCode, unitName, suspended }) => ({ principalId, name, title, unitCode, unitName, suspended })) }) }),
    }),
    route({
      method: "get", path: "/directory/principals/:principalId", scope: "directory:read", summary: "One person or organization, with what it may do with which account.", input: z.strictObject({ principalId: key }), output: principalAnswer, tagged: "shown",
      run: async ({ principalId }, caller) => shownAfter(await view.person(scopeOfToken(caller, "directory:read"), principalId), shown),
    }),
    route({
      method: "post", path: "/directory/principals", scope: "directory:write", summary: "A new person or organization; without `principalId` it gets the next number.", output: principalAnswer, success: 201, tagged: "shown",
      input: z.strictObject({ ...fields, kind: kind.default("individual"), principalId: word.default(""), title: word.default(""), phone: word.default("") }),
      async run(person, caller) {
        const scope = scopeOfToken(caller, "directory:write")
        return made(await editor.change({ kind: "addPerson", person }, { scope }), async (id) =>
          shownAfter(await view.person(scope, id), (details) => created(body(details), { tag: details.seen, location: `/api/v1/directory/principals/${encodeURIComponent(id)}` })))
      },
    }),
    route({
      method: "patch", path: "/directory/principals/:principalId", scope: "directory:write", summary: "Changes what is given.", input: z.strictObject({ principalId: key, ...z.object({ ...fields, kind }).partial().shape }), output: principalAnswer, tagged: "demanded",
      run: ({ principalId, ...some }, caller, request) => changed({
        parts, caller, request, current: (scope) => view.person(scope, principalId), tag: ({ seen }) => seen,
        change: ({ record: { suspended: _suspended, ...person } }, seen) => ({ kind: "changePerson", seen, person: { ...person, ...given(some) } }),
        show: async () => shownAfter(await view.person(scopeOfToken(caller, "directory:write"), principalId), shown),
      }),
    }),
    ...(["suspend", "reactivate"] as const).map((action) =>
      route({
        method: "post", path: `/directory/principals/:principalId/${action}`, scope: "directory:write", summary: action === "suspend" ? "From the next request on it opens no account." : "It opens its accounts again.", input: z.strictObject({ principalId: key }), output: principalAnswer, tagged: "demanded",
        run: ({ principalId }, caller, request) => changed({
          parts, caller, request, current: (scope) => view.person(scope, principalId), tag: ({ seen }) => seen,
          change: (_person, seen) => ({ kind: `${action}Person`, principalId, seen }),
          show: async () => shownAfter(await view.person(scopeOfToken(caller, "directory:write"), principalId), shown),
        }),
      })),
  ]
}
