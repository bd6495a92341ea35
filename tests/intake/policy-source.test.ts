import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createPolicySource, type PolicySource } from "../../src/intake/policy-source.ts"
import { evaluatePolicy } from "../../src/policy/evaluate.ts"
import type { PolicyStore } from "../../src/store/policy-store.ts"
import { createPolicyStore } from "../../src/store/sql/policies.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { messageFacts } from "../policy/facts.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { testLog, unwrap } from "../support/store.ts"

/** A policy whose decisions say which one it is. */
const yaml = (name: string): string => `format: 1\nrules:\n  - { id: ${name}, verdict: accept }\n`
const bad = "format: 1\nrules:\n  - { id: x, wenn: {}, verdict: accept }\n"

let database: TestDatabase
let policies: PolicyStore
const closers: (() => Promise<void> | void)[] = []
beforeEach(async () => {
  database = await createTestDatabase(6)
  policies = createPolicyStore(database)
})
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
  await database.drop()
})

const logged: string[] = []
const log = { inForce: () => undefined, refused: ({ problem }: { readonly problem: string }) => void logged.push(problem), notRead: () => undefined }

async function open(text: string, withFeed = false): Promise<PolicySource> {
  const feed = withFeed ? createPostgresChangeFeed({ database, url: database.url, log: testLog, hears: ["directory"] }) : undefined
  await feed?.ready
  if (feed) closers.push(() => feed.close())
  const source = await createPolicySource({ policies, ...(feed && { feed }), file: { name: "policy.yaml", text }, by: "test", log, tickMs: 0 })
  closers.push(() => source.close())
  return source
}

const decides = (source: PolicySource): string => evaluatePolicy(source.current().policy, messageFacts()).verdict.ruleId

describe("the policy in force", () => {
  test("is the configured file at the first start", async () => {
    const source = await open(yaml("first"))
    expect([source.current().version, decides(source), source.problem()]).toEqual([1, "first", null])
  })

  test("is what a command put in force, until the file changes", async () => {
    await open(yaml("file-1"))
    await policies.apply({ yaml: yaml("command"), by: "quantri", why: "" })
    expect(decides(await open(yaml("file-1")))).toBe("command")
    expect(decides(await open(yaml("file-2")))).toBe("file-2")
  })

  test("is not replaced by a bad file, which is told with line and column", async () => {
    await open(yaml("good"))
    logged.length = 0
    const source = await open(bad)
    expect(decides(source)).toBe("good")
    expect(source.problem()).toBe("policy.yaml:3:14: rules.0.wenn: is no key that is known here; the policy before it stays in force")
    expect(logged).toEqual([source.problem()])
    expect(await policies.versionInForce()).toBe(1)
    // put right by a command
    await policies.apply({ yaml: yaml("right"), by: "quantri", why: "" })
    await source.refresh()
    expect([decides(source), source.problem()]).toEqual(["right", null])
  })

  test("must be there: with a bad file and nothing before it nobody decides", async () => {
    await expect(open(bad)).rejects.toThrow("there is no policy to decide by: policy.yaml:3:14")
  })

  test("that this program cannot read leaves the one before, also at a start", async () => {
    const source = await open(yaml("good"))
    unwrap(await policies.apply({ yaml: bad, by: "a newer program", why: "" }))
    await source.refresh()
    expect([decides(source), source.current().version]).toEqual(["good", 1])
    expect(source.problem()).toBe("policy version 2 cannot be used, the one before it stays in force: 3:14: rules.0.wenn: is no key that is known here")
    const later = await open(yaml("good"))
    expect([decides(later), later.problem()]).toEqual(["good", source.problem()])
  })

  test("changes in every process when the change feed names it", async () => {
    const [one, other] = [await open(yaml("a"), true), await open(yaml("a"), true)]
    const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog, hears: [] })
    closers.push(() => feed.close())
    const version = unwrap(await policies.apply({ yaml: yaml("b"), by: "quantri", why: "" }))
    feed.publish([{ kind: "policy", version }])
    await expect.poll(() => [decides(one), decides(other)]).toEqual(["b", "b"])
  })
})

test("at any moment a process decides by exactly one version, one that was in force, and never goes back", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ what: fc.constant("apply" as const), good: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant("refresh" as const), which: fc.nat(1), wait: fc.boolean() }) },
  )
  let names = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 12 }), async (steps) => {
      const texts = new Map<number, string>()
      const start = `start-${names++}`
      const sources = [await open(yaml(start)), await open(yaml(start))]
      texts.set((await policies.versionInForce()) ?? 0, start)
      const last = sources.map((source) => source.current().version)
      const pending: Promise<unknown>[] = []
      const check = (): void => {
        for (const [index, source] of sources.entries()) {
          const { version, policy } = source.current()
          // what is decided with a policy taken before a change does not change with it
          expect(evaluatePolicy(policy, messageFacts()).verdict.ruleId).toBe(texts.get(version))
          expect(version).toBeGreaterThanOrEqual(last[index] ?? 0)
          last[index] = version
        }
      }
      for (const next of steps) {
        if (next.what === "apply") {
          const name = `p-${names++}`
          // the text is known before anybody can see its version
          const expected = ((await policies.versionInForce()) ?? 0) + 1
          if (next.good) texts.set(expected, name)
          expect(unwrap(await policies.apply({ yaml: next.good ? yaml(name) : `${bad}# ${name}\n`, by: "test", why: "" }))).toBe(expected)
        } else {
          const refreshed = sources[next.which]?.refresh().then(check)
          pending.push(refreshed ?? Promise.resolve())
          if (next.wait) await refreshed
        }
        check()
      }
      await Promise.all(pending)
      await Promise.all(sources.map((source) => source.refresh()))
      check()
      expect(sources.map((source) => source.current().version)).toEqual([Math.max(...texts.keys()), Math.max(...texts.keys())])
      for (const source of sources) source.close()
    }),
    { numRuns: 25 },
  )
})
