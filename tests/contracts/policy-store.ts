import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import type { PolicyStore } from "../../src/store/policy-store.ts"
import { unwrap } from "../support/store.ts"

/** What every store of policies promises. `open` gives an empty one that two processes share. */
export function policyStoreContract(name: string, open: () => Promise<{ readonly one: PolicyStore; readonly other: PolicyStore }>): void {
  const by = "root"

  test(`${name}: nothing is in force before the first policy`, async () => {
    const { one } = await open()
    expect([await one.versionInForce(), await one.inForce(), await one.version(1), await one.history(10)]).toEqual([null, null, undefined, []])
  })

  test(`${name}: what is applied is in force everywhere, and nothing before it is lost`, async () => {
    const { one, other } = await open()
    expect(unwrap(await one.apply({ yaml: "a: Đ\n", by, why: "đầu" }))).toBe(1)
    expect(unwrap(await other.apply({ yaml: "b\n", by, why: "" }))).toBe(2)
    expect(await one.inForce()).toMatchObject({ version: 2, yaml: "b\n", source: "command", by, inForce: true })
    expect(await one.version(1)).toMatchObject({ version: 1, yaml: "a: Đ\n", sha256: createHash("sha256").update("a: Đ\n").digest("hex"), why: "đầu", inForce: false })
    // an old text again is a new version
    expect(unwrap(await one.apply({ yaml: "a: Đ\n", by, why: "back" }))).toBe(3)
    expect((await other.history(2)).map(({ version, inForce }) => [version, inForce])).toEqual([[3, true], [2, false]])
  })

  test(`${name}: the text in force is not applied again`, async () => {
    const { one } = await open()
    await one.apply({ yaml: "a", by, why: "" })
    expect(await one.apply({ yaml: "a", by, why: "" })).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
    expect(await one.versionInForce()).toBe(1)
  })

  test(`${name}: a file is put in force when it has changed, once for all processes, and does not undo a command`, async () => {
    const { one, other } = await open()
    const first = await Promise.all([one.applyFile({ yaml: "file 1", by }), other.applyFile({ yaml: "file 1", by }), one.applyFile({ yaml: "file 1", by })])
    expect(first.toSorted((a, b) => Number(a) - Number(b))).toEqual([null, null, 1])
    await one.apply({ yaml: "command", by, why: "" })
    expect(await other.applyFile({ yaml: "file 1", by })).toBeNull()
    expect(await one.inForce()).toMatchObject({ yaml: "command" })
    expect(await one.applyFile({ yaml: "file 2", by })).toBe(3)
    expect(await one.inForce()).toMatchObject({ yaml: "file 2", source: "file" })
  })

  test(`${name}: of many at once each has its own version, without gaps, and exactly one is in force`, async () => {
    const { one, other } = await open()
    const versions = await Promise.all(Array.from({ length: 12 }, async (_, n) => unwrap(await (n % 2 ? one : other).apply({ yaml: `policy ${n}`, by, why: "" }))))
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1))
    expect((await one.history(100)).filter(({ inForce }) => inForce).map(({ version }) => version)).toEqual([12])
  })
}
