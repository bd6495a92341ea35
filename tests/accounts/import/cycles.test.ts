import fc from "fast-check"
import { expect, test } from "vitest"
import { cycleFinder } from "../../../src/accounts/import/cycles.ts"

test("an edge is on a cycle exactly when one can walk back from its end to its beginning", () => {
  const edge = fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 8 }))
  fc.assert(
    fc.property(fc.array(edge, { maxLength: 20 }), (edges) => {
      const graph = new Map<string, string[]>(Array.from({ length: 8 }, (_, node) => [String(node), []]))
      for (const [from, to] of edges) graph.get(String(from))?.push(String(to))
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        from === to || (!seen.has(from) && !!seen.add(from) && (graph.get(from) ?? []).some((next) => reaches(next, to, seen)))
      const inCycle = cycleFinder(graph)
      for (const [from, targets] of graph) for (const to of targets) expect(inCycle(from, to)).toBe(reaches(to, from))
    }),
  )
})

test("a long chain is walked without recursion", () => {
  const chain = new Map(Array.from({ length: 200_000 }, (_, node) => [String(node), [String(node + 1)]]))
  expect(cycleFinder(chain)("0", "1")).toBe(false)
})
