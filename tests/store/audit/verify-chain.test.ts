import fc from "fast-check"
import { expect, test } from "vitest"
import { type AuditEntry, type AuditSeal, chainHash, chainStart } from "../../../src/store/audit/entry.ts"
import { auditKey, headLine, readHeads, signHead } from "../../../src/store/audit/head.ts"
import { verifyChain } from "../../../src/store/audit/verify-chain.ts"

const key = auditKey(Buffer.alloc(32, 4))
const keys = new Set([Buffer.from(key.publicKey).toString("hex")])

const entry = fc.record({
  kind: fc.string({ maxLength: 10 }), principalId: fc.option(fc.string({ maxLength: 5 })), accountId: fc.option(fc.nat()), clientAddress: fc.option(fc.ipV4()), envelopeId: fc.option(fc.nat()),
  actor: fc.option(fc.record({ name: fc.string({ unit: "grapheme", maxLength: 5 }) })), detail: fc.jsonValue({ maxDepth: 2 }), gap: fc.integer({ min: 1, max: 3 }),
})

function chained(rows: readonly (Omit<AuditEntry, "id" | "at"> & { readonly gap: number })[]) {
  const entries: AuditEntry[] = []
  const seals: AuditSeal[] = []
  for (const { gap, ...row } of rows) {
    const one = { ...row, id: (entries.at(-1)?.id ?? 0) + gap, at: `2026-11-27T00:00:00.${String(entries.length).padStart(6, "0")}Z` }
    entries.push(one)
    seals.push({ position: seals.length + 1, auditId: one.id, hash: chainHash(seals.at(-1)?.hash ?? chainStart, one) })
  }
  const last = seals.at(-1)
  if (!last) throw new Error("an empty chain has no head")
  return { entries, seals, head: signHead({ ...last, at: Date.UTC(2026, 10, 27), system: "mail.tinh.example" }, key) }
}

async function* each<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}

const verify = (entries: readonly AuditEntry[], seals: readonly AuditSeal[], head: ReturnType<typeof signHead>) =>
  verifyChain({
    start: { position: 0, auditId: 0, hash: chainStart }, entries: each(entries), seals: each(seals), heads: [head], keys,
    positionOf: async (id) => seals.find(({ auditId }) => auditId === id)?.position,
  })

const mutations = ["entry gone", "seal gone", "both gone", "changed", "swapped", "seals swapped", "added", "tail gone", "rehashed"] as const

test("a chain as it was made holds; whatever one change is made to it, is found, and nothing before it is blamed", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { minLength: 2, maxLength: 12 }), fc.constantFrom(...mutations), fc.nat(), async (rows, mutation, where) => {
      const { entries, seals, head } = chained(rows)
      expect(await verify(entries, seals, head)).toMatchObject({ checked: rows.length, headsChecked: 1, problems: [] })
      const at = where % (rows.length - 1)
      const bad = [...entries]
      const badSeals = [...seals]
      const [one, next] = [bad[at], bad[at + 1]]
      const [seal, nextSeal] = [badSeals[at], badSeals[at + 1]]
      if (!one || !next || !seal || !nextSeal) throw new Error("out of range")
      if (mutation === "entry gone" || mutation === "both gone") bad.splice(at, 1)
      if (mutation === "seal gone" || mutation === "both gone") badSeals.splice(at, 1)
      if (mutation === "changed") bad[at] = { ...one, kind: `${one.kind}x` }
      if (mutation === "swapped") bad.splice(at, 2, { ...next, id: one.id }, { ...one, id: next.id })
      if (mutation === "seals swapped") badSeals.splice(at, 2, { ...seal, auditId: nextSeal.auditId }, { ...nextSeal, auditId: seal.auditId })
      if (mutation === "added") bad.splice(at + 1, 0, { ...one, id: one.id + 0.5 })
      if (mutation === "tail gone") [bad, badSeals].forEach((list) => list.splice(at + 1))
      if (mutation === "rehashed") {
        // all of it anew from there, as only a head that was kept can tell
        bad[at] = { ...one, kind: `${one.kind}x` }
        badSeals.splice(0)
        for (const each of bad) badSeals.push({ position: badSeals.length + 1, auditId: each.id, hash: chainHash(badSeals.at(-1)?.hash ?? chainStart, each) })
      }
      const { problems } = await verify(bad, badSeals, head)
      expect(problems[0]?.position).toBeGreaterThan(at)
      if (mutation !== "rehashed") expect(problems[0]?.position).toBeLessThanOrEqual(at + 2)
    }),
    { numRuns: 300 },
  )
})

test("a head is one line that says itself what it is", () => {
  const { head } = chained([{ kind: "a", principalId: null, accountId: null, clientAddress: null, envelopeId: null, actor: null, detail: {}, gap: 1 }])
  expect(readHeads(`${headLine(head)}\n\n${headLine({ ...head, stamp: Buffer.from("stamp") })}\n`)).toEqual({ ok: true, value: [head, { ...head, stamp: Buffer.from("stamp") }] })
  for (const [text, problem] of [["", "there is no head in it"], ["{}", "line 1 is not a head of the audit"], [`${headLine(head)}\nx`, "line 2 is not a head of the audit"], [headLine(head).replace(/"hash":"../, '"hash":"'), "line 1 is not a head of the audit"]]) {
    expect(readHeads(text ?? "")).toEqual({ ok: false, failure: problem })
  }
})
