import { expect, test } from "vitest"
import type { Suppression } from "../../src/store/suppression-store.ts"
import { createSuppressionView } from "../../src/store/suppression-view.ts"

const entry = (recipient: string, until: number | null): Suppression => ({ recipient, bounces: 2, firstAt: 0, lastAt: 0, until, diagnostic: "", by: "" })

test("the list is read once for those who ask together, and again a few seconds later", async () => {
  let list = [entry("la@xa.example", 60_000), entry("het@xa.example", 1_000)]
  let reads = 0
  let now = 500
  const view = createSuppressionView({
    clock: { now: () => now },
    suppressions: { inForce: () => Promise.reject(new Error("not asked one by one")), list: async () => { reads++; return list } },
  })
  const asked = await Promise.all(["la@xa.example", "het@xa.example", "bo@xa.example"].map((recipient) => view.inForce(recipient)))
  expect(asked.map((found) => found?.recipient)).toEqual(["la@xa.example", "het@xa.example", undefined])
  now = 2_000
  expect(await view.inForce("het@xa.example")).toBeUndefined()
  expect(reads).toBe(1)
  list = []
  now = 5_501
  expect(await view.inForce("la@xa.example")).toBeUndefined()
  expect(reads).toBe(2)
})

test("a list that cannot be read is an error, and is read again by the next who asks", async () => {
  let broken = true
  const view = createSuppressionView({
    clock: { now: () => 0 },
    suppressions: { inForce: async () => undefined, list: async () => { if (broken) throw new Error("away"); return [entry("la@xa.example", Infinity)] } },
  })
  await expect(view.inForce("la@xa.example")).rejects.toThrow("away")
  broken = false
  expect(await view.inForce("la@xa.example")).toMatchObject({ recipient: "la@xa.example" })
})
