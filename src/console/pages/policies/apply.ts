import { z } from "zod"
import { readPolicy } from "../../../policy/read-policy.ts"
import { policyText as text } from "../../text/policies.ts"
import { whyField } from "../../web/inputs.ts"
import { type AdministratorVisit, type Answer, done, type Page, problem, provincePage } from "../../web/page.ts"
import { whoOf } from "../../web/who.ts"
import { checkedPage, yamlField } from "./edit.ts"
import type { PolicyPorts } from "./policies.ts"

/** A text put in force, a new one or an old one again: a new version with its reason. The history only grows. */
export function applyPages(ports: PolicyPorts): readonly Page[] {
  const { policies, announce } = ports
  async function putInForce(yaml: string, why: string, visit: AdministratorVisit): Promise<Answer> {
    const { say } = visit
    const applied = await policies.apply({ yaml, by: whoOf(visit), why })
    if (!applied.ok) return { kind: "redirect", to: "/console/policies", notice: problem(say(text.unchanged)) }
    announce(applied.value)
    return { kind: "redirect", to: "/console/policies", notice: done(say(text.appliedNow, { version: String(applied.value) })) }
  }
  return [
    provincePage({ method: "post", path: "/policies/check", who: "policy:read", input: z.object({ yaml: yamlField }), run: ({ yaml }, visit) => checkedPage(ports, visit, { yaml }) }),
    provincePage({
      method: "post", path: "/policies/apply", who: "policy:write", fresh: true, input: z.object({ yaml: yamlField, why: whyField }),
      async run({ yaml, why }, visit) {
        if (why === "") return checkedPage(ports, visit, { yaml, error: { why: visit.say(text.whyNeeded) } })
        return readPolicy(yaml).ok ? putInForce(yaml, why, visit) : checkedPage(ports, visit, { yaml })
      },
    }),
    provincePage({
      method: "post", path: "/policies/:version/rollback", who: "policy:write", fresh: true, input: z.object({ version: z.coerce.number().int().min(1).max(1_000_000_000), why: whyField }),
      async run({ version, why }, visit) {
        const { say } = visit
        const stored = await policies.version(version)
        if (!stored) return { kind: "error", status: 404 }
        const back = `/console/policies/${version}`
        if (why === "") return { kind: "redirect", to: back, notice: problem(say(text.whyNeeded)) }
        if (!readPolicy(stored.yaml).ok) return { kind: "redirect", to: back, notice: problem(say(text.cannot)) }
        return putInForce(stored.yaml, say(text.rollbackWhy, { why, version: String(version) }), visit)
      },
    }),
  ]
}
