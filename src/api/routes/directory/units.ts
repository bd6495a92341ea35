import { z } from "zod"
import { parseAddressRule } from "../../../accounts/provision/address-rule.ts"
import { ruleProblem } from "../../../accounts/provision/check-change.ts"
import { problemWords } from "../../../accounts/provision/problems.ts"
import { sampleAddresses } from "../../../accounts/provision/sample-addresses.ts"
import { unitKinds } from "../../../accounts/import/rows.ts"
import type { UnitDetails } from "../../../store/directory-view.ts"
import { ruleSamplesAnswer, treeAnswer, unitAnswer, unitsAnswer } from "../../answers/directory.ts"
import { type Answer, answered, created, refused, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { changed, type DirectoryRoutesParts, given, key, list, listed, made, problemOfRefusal, shownAfter, word } from "./shared.ts"

/** Units over HTTP. */
const fields = { name: word, kind: z.enum(unitKinds), parentCode: word.nullable(), domain: word, addressRule: word.nullable().describe("Such as {ten}{hodem}.{donvi}@{domain}; null: the rule of the nearest unit above that has one.") }

const shown = ({ record, seen, ...more }: UnitDetails): Answer => answered({ ...record, ...more }, seen)

export const unitRoutes = (parts: DirectoryRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/directory/tree", scope: "directory:read", summary: "The tree of units, parents before children, with how many accounts, people and groups are in each.", input: z.strictObject({}), output: treeAnswer,
    run: async (_input, caller) => answered({ units: await parts.view.tree(scopeOfToken(caller, "directory:read")) }),
  }),
  route({
    method: "get", path: "/directory/units", scope: "directory:read", summary: "Units that are found by all words.", input: listed, output: unitsAnswer,
    run: (asked, caller) => list(parts.view, { caller, kind: "unit", asked, show: (hits) => ({ units: hits.map(({ key: code, name, detail: kind, suspended }) => ({ code, name, kind, suspended })) }) }),
  }),
  route({
    method: "get", path: "/directory/units/:code", scope: "directory:read", summary: "One unit, with the units above it.", input: z.strictObject({ code: key }), output: unitAnswer, tagged: "shown",
    run: async ({ code }, caller) => shownAfter(await parts.view.unit(scopeOfToken(caller, "directory:read"), code), shown),
  }),
  route({
    method: "post", path: "/directory/address-rule/preview", scope: "directory:write", summary: "What a rule makes of names, one after the other. Nothing is changed.", input: z.strictObject({ rule: word, code: word, domain: word, names: z.array(word).min(1).max(20) }), output: ruleSamplesAnswer,
    async run({ rule, code, domain, names }) {
      const parsed = parseAddressRule(rule)
      if (!parsed.ok) return refused(problemOfRefusal({ kind: "invalid", problems: [ruleProblem("rule", parsed.failure)] }))
      return answered({ samples: sampleAddresses(parsed.value, { code, domain }, names).map(({ name, made }) => ({ name, ...("address" in made ? { address: made.address, problem: null } : { address: null, problem: problemWords[made.problem] }) })) })
    },
  }),
  route({
    method: "post", path: "/directory/units", scope: "directory:write", summary: "A new unit.", input: z.strictObject({ ...fields, code: word, parentCode: fields.parentCode.default(null), addressRule: fields.addressRule.default(null) }), output: unitAnswer, success: 201, tagged: "shown",
    async run(unit, caller) {
      const scope = scopeOfToken(caller, "directory:write")
      return made(await parts.editor.change({ kind: "addUnit", unit }, { scope }), async (code) =>
        shownAfter(await parts.view.unit(scope, code), ({ record, seen, ...more }) => created({ ...record, ...more }, { tag: seen, location: `/api/v1/directory/units/${encodeURIComponent(code)}` })))
    },
  }),
  route({
    method: "patch", path: "/directory/units/:code", scope: "directory:write", summary: "Changes what is given.", input: z.strictObject({ code: key, ...z.object(fields).partial().shape }), output: unitAnswer, tagged: "demanded",
    run: ({ code, ...some }, caller, request) => changed({
      parts, caller, request, current: (scope) => parts.view.unit(scope, code), tag: ({ seen }) => seen,
      change: ({ record: { suspended: _suspended, ...unit } }, seen) => ({ kind: "changeUnit", seen, unit: { ...unit, ...given(some) } }),
      show: async () => shownAfter(await parts.view.unit(scopeOfToken(caller, "directory:write"), code), shown),
    }),
  }),
  ...(["suspend", "reactivate"] as const).map((action) =>
    route({
      method: "post", path: `/directory/units/:code/${action}`, scope: "directory:write", summary: action === "suspend" ? "Closes a unit in which nothing is left." : "Opens a unit again.", input: z.strictObject({ code: key }), output: unitAnswer, tagged: "demanded",
      run: ({ code }, caller, request) => changed({
        parts, caller, request, current: (scope) => parts.view.unit(scope, code), tag: ({ seen }) => seen,
        change: (_unit, seen) => ({ kind: `${action}Unit`, code, seen }),
        show: async () => shownAfter(await parts.view.unit(scopeOfToken(caller, "directory:write"), code), shown),
      }),
    })),
]
