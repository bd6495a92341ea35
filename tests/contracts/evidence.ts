import { hash } from "node:crypto"
import { expect, test } from "vitest"
import type { Acceptance } from "../../src/store/acceptance-store.ts"
import type { Evidence, EvidenceStore } from "../../src/store/evidence-store.ts"

/** What every store of evidence keeps to; `accept` commits a message of these recipients with its evidence. */
export interface EvidenceFixture {
  readonly store: EvidenceStore
  accept(evidence: Evidence | undefined, change?: Partial<Acceptance>): Promise<number>
  keepDocument(kind: "crl" | "ocsp", der: Uint8Array): Promise<string>
}

const certificate = (text: string) => ({ sha256: hash("sha256", text), der: Buffer.from(text) })

export function evidenceContract(fixture: () => EvidenceFixture): void {
  test("evidence is read back octet by octet, with what it names", async () => {
    const { store, accept, keepDocument } = fixture()
    const documents = [await keepDocument("crl", Buffer.from("danh sach")), await keepDocument("ocsp", Buffer.from("tra loi"))]
    const evidence: Evidence = { record: '{"b":1,"a":"Nguyễn \\u0000"}', certificates: [certificate("mot"), certificate("hai")], documents }
    const id = await accept(evidence)
    const stored = await store.ofEnvelope(id)
    expect(stored).toMatchObject({ envelopeId: id, record: evidence.record, reversePath: "nguoigui@ngoai.example", source: "mx", recipients: ["dan@xa.example"] })
    expect(stored?.documents).toEqual([{ sha256: documents[0], kind: "crl" }, { sha256: documents[1], kind: "ocsp" }].toSorted((a, b) => ((a.sha256 ?? "") < (b.sha256 ?? "") ? -1 : 1)))
    expect(stored?.content).not.toBeNull()
    const found = await store.certificates([...evidence.certificates.map(({ sha256 }) => sha256), "00".repeat(32)])
    expect(new Map(found.map(({ sha256, der }) => [sha256, Buffer.from(der).toString()]))).toEqual(new Map(evidence.certificates.map(({ sha256, der }) => [sha256, der.toString()])))
  })

  test("a message without a signature has none, and an envelope that is not there is undefined", async () => {
    const { store, accept } = fixture()
    expect(await store.ofEnvelope(await accept(undefined))).toMatchObject({ record: null, documents: [] })
    expect(await store.ofEnvelope(999_999_999)).toBeUndefined()
  })

  test("the same certificate and document with many messages at once is kept once, and none of them is held up", async () => {
    const { store, accept, keepDocument } = fixture()
    const sha256 = await keepDocument("crl", Buffer.from("cua nhieu nguoi"))
    const certificates = Array.from({ length: 5 }, (_, at) => certificate(`chung ${at}`))
    const ids = await Promise.all(Array.from({ length: 40 }, (_, at) => accept({ record: `{"so":${at}}`, certificates: at % 2 ? certificates : certificates.toReversed(), documents: [sha256, sha256] })))
    const all = await Promise.all(ids.map((id) => store.ofEnvelope(id)))
    expect(all.map((stored) => stored?.record)).toEqual(ids.map((_, at) => `{"so":${at}}`))
    expect(all.every((stored) => stored?.documents.length === 1)).toBe(true)
    expect(await store.certificates(certificates.map((one) => one.sha256))).toHaveLength(5)
  })

  test("a document that is not kept is left out; the message is accepted", async () => {
    const { store, accept } = fixture()
    expect(await store.ofEnvelope(await accept({ record: "{}", certificates: [], documents: ["ab".repeat(32)] }))).toMatchObject({ record: "{}", documents: [] })
  })
}
