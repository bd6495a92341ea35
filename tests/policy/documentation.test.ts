import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { policyLimits, policySchema } from "../../src/policy/policy-document.ts"
import { describePolicyProblem, readPolicy } from "../../src/policy/read-policy.ts"

const text = readFileSync(new URL("../../docs/policy.md", import.meta.url), "utf8")

/** Every key and every word of a closed list that the schema knows, whatever stands around them. */
function wordsOf(schema: z.core.JSONSchema._JSONSchema, found = new Set<string>()): ReadonlySet<string> {
  if (typeof schema === "boolean") return found
  for (const [key, inner] of Object.entries(schema.properties ?? {})) wordsOf(found.add(key) && inner, found)
  for (const word of schema.enum ?? []) found.add(String(word))
  const inner = [schema.items, schema.additionalProperties, ...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flat()
  for (const next of inner) if (typeof next === "object") wordsOf(next, found)
  return found
}

describe("docs/policy.md", () => {
  test("has every word that may stand in a policy", () => {
    const words = [...wordsOf(z.toJSONSchema(policySchema, { io: "input", unrepresentable: "any" }))]
    expect(words).toContain("everyRecipient")
    expect(words).toContain("noSigningRight")
    expect(words.filter((word) => !new RegExp(`(?<![A-Za-z])${word}(?![A-Za-z])`).test(text))).toEqual([])
  })

  test.each([...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = ""]) => yaml))("example %# is a good policy", (yaml) => {
    const read = readPolicy(yaml)
    expect(read.ok ? [] : read.failure.map(describePolicyProblem)).toEqual([])
  })

  test("tells the bounds that are", () => {
    expect(text).toContain(`Bounds: ${policyLimits.bytes / 1024} KiB, ${policyLimits.rules}`)
  })
})
