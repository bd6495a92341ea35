import { createHash, randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { RevocationDocument, RevocationStore } from "../../src/pki/revocation/revocation-store.ts"
import type { RevocationEvidence } from "../../src/pki/signature-facts.ts"
import { createRevocationStore } from "../../src/store/sql/revocations.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let store: RevocationStore
beforeAll(async () => {
  database = await createTestDatabase()
  store = createRevocationStore({ database })
})
afterAll(() => database.drop())

const documentOf = (bytes: number, kind: RevocationDocument["kind"] = "crl"): RevocationDocument => {
  const der = randomBytes(bytes)
  return { kind, der, sha256: createHash("sha256").update(der).digest("hex") }
}
const start = 1_764_000_000_000
const answer = (overrides: Partial<RevocationEvidence> = {}): RevocationEvidence => ({
  fingerprint: randomBytes(32).toString("hex"), status: "good", source: "crl", producedAt: start, nextUpdate: start + 1000, revokedAt: null, reason: "", evidence: null, ...overrides,
})

test.each([1, 256 * 1024, 256 * 1024 + 1, 3_000_000])("a document of %i bytes comes back as it was", async (bytes) => {
  const document = documentOf(bytes)
  await store.keep(document)
  expect(Buffer.from((await store.read(document.sha256)) ?? []).equals(document.der)).toBe(true)
})

test("a document is kept once, whoever keeps it", async () => {
  const document = documentOf(600_000)
  await Promise.all([store.keep(document), store.saveLatest("crl a", document, start), store.keep(document), store.saveLatest("crl b", document, start)])
  const rows = await database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM revocation_piece WHERE sha256 = $1" }, [Buffer.from(document.sha256, "hex")])
  expect(rows[0]?.n).toBe(3)
})

test("what was never kept is not there", async () => {
  expect(await store.read("00".repeat(32))).toBeUndefined()
  expect(await store.latest("crl nowhere")).toBeUndefined()
  expect(await store.answers(["11".repeat(32)])).toEqual([])
})

test("a source's latest document survives and moves forward only", async () => {
  const [first, second] = [documentOf(10), documentOf(20)]
  await store.saveLatest("crl c", second, start + 60_000)
  await store.saveLatest("crl c", first, start)
  expect(await createRevocationStore({ database }).latest("crl c")).toEqual({ sha256: second.sha256, fetchedAt: start + 60_000 })
})

test("answers are kept by certificate, and those that say something else are named", async () => {
  const document = documentOf(10, "ocsp")
  await store.keep(document)
  const [kept, turned] = [answer({ evidence: document.sha256 }), answer()]
  expect(await store.saveAnswers([kept, turned], start)).toHaveLength(2)
  const revoked = { ...turned, status: "revoked", source: "ocsp", revokedAt: start - 5000, reason: "keyCompromise", evidence: document.sha256 } as const
  expect(await store.saveAnswers([kept, revoked, turned, revoked], start + 1000)).toEqual([turned.fingerprint])
  const known = await store.answers([kept.fingerprint, turned.fingerprint])
  expect(known).toHaveLength(2)
  expect(known).toEqual(expect.arrayContaining([{ ...kept, checkedAt: start + 1000 }, { ...revoked, checkedAt: start + 1000 }]))
})

test("two processes that save the same answers in another order both succeed", async () => {
  const answers = Array.from({ length: 500 }, () => answer())
  await Promise.all(Array.from({ length: 6 }, (_, at) => store.saveAnswers(at % 2 === 0 ? answers : answers.toReversed(), start + at)))
  expect(await store.answers(answers.map(({ fingerprint }) => fingerprint))).toHaveLength(500)
})

test("a document goes when nothing refers to it any more, whichever table does", async () => {
  await database.query({ text: "CREATE TABLE frozen_evidence (id int PRIMARY KEY, document bytea REFERENCES revocation_document)" })
  const documents = { loose: documentOf(10), latest: documentOf(11), answered: documentOf(12), frozen: documentOf(600_000) }
  for (const document of Object.values(documents)) await store.keep(document)
  await store.saveLatest("crl d", documents.latest, start)
  await store.saveAnswers([answer({ evidence: documents.answered.sha256 })], start)
  await database.query({ text: "INSERT INTO frozen_evidence VALUES (1, $1)" }, [Buffer.from(documents.frozen.sha256, "hex")])
  const alive = async (): Promise<string[]> => {
    const found = await Promise.all(Object.entries(documents).map(async ([name, { sha256 }]) => ((await store.read(sha256)) ? [name] : [])))
    return found.flat()
  }
  const hourAgo = Date.now() - 3_600_000
  const soon = Date.now() + 3_600_000
  await store.deleteUnused(start)
  expect(await alive()).toEqual(["loose", "latest", "answered", "frozen"])
  // the source was last heard before that, but its document was kept later
  await store.deleteUnused(hourAgo)
  expect(await alive()).toEqual(["loose", "latest", "answered", "frozen"])
  expect(await store.latest("crl d")).toBeUndefined()
  await store.deleteUnused(soon)
  expect(await alive()).toEqual(["answered", "frozen"])
  await database.query({ text: "DROP TABLE frozen_evidence" })
  await store.deleteUnused(soon)
  expect(await alive()).toEqual(["answered"])
})
