import { afterAll, beforeAll, expect, test } from "vitest"
import { documentOf } from "../../src/pki/revocation/evidence.ts"
import type { EvidenceStore } from "../../src/store/evidence-store.ts"
import { createEvidenceStore } from "../../src/store/sql/evidence.ts"
import { createRevocationStore } from "../../src/store/sql/revocations.ts"
import { type EvidenceFixture, evidenceContract } from "../contracts/evidence.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let evidence: EvidenceStore
let messages = 0
beforeAll(async () => {
  store = await createTestStore()
  evidence = createEvidenceStore({ database: store.database })
})
afterAll(() => store.close())

const directoryVersion = async (): Promise<number> => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0

const fixture: EvidenceFixture = {
  get store() {
    return evidence
  },
  async accept(frozen, change) {
    const content = await store.prepare(`Subject: ${messages++}\r\n\r\n`)
    const base = acceptance({ content, accountIds: [], remote: ["dan@xa.example"], directoryVersion: await directoryVersion() })
    return unwrap(await store.acceptances.commit({ ...base, ...(frozen && { evidence: frozen }), ...change })).envelopeId
  },
  async keepDocument(kind, der) {
    const document = await documentOf(kind, der)
    await createRevocationStore({ database: store.database }).keep(document)
    return document.sha256
  },
}

evidenceContract(() => fixture)

test("a message that is not accepted leaves no evidence", async () => {
  const count = async (): Promise<number> => (await store.database.query<{ n: number }>({ text: "SELECT count(*)::int AS n FROM evidence" }))[0]?.n ?? -1
  const before = await count()
  await expect(fixture.accept({ record: "{}", certificates: [], documents: [] }, { directoryVersion: -1 })).rejects.toThrow("directory has changed")
  expect(await count()).toBe(before)
})

test("a signed message to a reporting address has both its evidence and its place among the reports", async () => {
  const id = await fixture.accept({ record: '{"v":1}', certificates: [], documents: [] }, { reportMail: true })
  expect(await evidence.ofEnvelope(id)).toMatchObject({ record: '{"v":1}' })
  expect(await store.database.query({ text: "SELECT state FROM report_mail WHERE envelope_id = $1" }, [id])).toEqual([{ state: "waiting" }])
  await fixture.accept({ record: "{}", certificates: [], documents: [] })
  expect((await store.database.query({ text: "SELECT FROM report_mail" })).length).toBe(1)
})

test("evidence cannot be changed afterwards", async () => {
  const id = await fixture.accept({ record: '{"v":1}', certificates: [], documents: [] })
  await expect(store.database.query({ text: "UPDATE evidence SET record = '{}' WHERE envelope_id = $1" }, [id])).rejects.toThrow("evidence is frozen")
})

test("a document is kept as long as evidence names it", async () => {
  const revocations = createRevocationStore({ database: store.database })
  const [named, unnamed] = [await fixture.keepDocument("crl", Buffer.from("con dung")), await fixture.keepDocument("crl", Buffer.from("khong dung"))]
  await fixture.accept({ record: "{}", certificates: [], documents: [named] })
  await revocations.deleteUnused(Date.now() + 3_600_000)
  expect(await revocations.read(named)).toEqual(Buffer.from("con dung"))
  expect(await revocations.read(unnamed)).toBeUndefined()
})
