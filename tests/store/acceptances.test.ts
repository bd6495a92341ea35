import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { DsnFor } from "../../src/store/acceptance-store.ts"
import { acceptance, createTestStore, readAll, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let account: number
beforeAll(async () => {
  store = await createTestStore()
  account = await store.account("nguoinhan@tinh.example")
})
afterAll(() => store.close())

const version = async (): Promise<number> => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0
const envelopes = async (): Promise<number> => (await store.database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM envelope" }))[0]?.n ?? -1

test("a content refused for an old directory is the caller's again, and can be offered anew", async () => {
  const bytes = randomBytes(200_000)
  const content = await store.prepare(bytes)
  expect(content.stored.kind).toBe("blob")
  expect(await store.acceptances.commit(acceptance({ content, accountIds: [account], directoryVersion: 0 }))).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  const { deliveryIds } = unwrap(await store.acceptances.commit(acceptance({ content, accountIds: [account], directoryVersion: await version() })))
  expect(await store.deliveries.deliverLocal(deliveryIds, 0)).toBe(1)
  expect(await readAll(store.contents.read(content.ref))).toEqual(bytes)
})

test("acceptances that share a commit do not share each other's failure", async () => {
  const current = await version()
  const results = await Promise.all(
    [current, 0, current, 0].map(async (directoryVersion) => store.acceptances.commit(acceptance({ content: await store.prepare(randomBytes(100)), accountIds: [account], directoryVersion }))),
  )
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true, false])
})

test("however many share a commit, each content is stored byte for byte, one that several bring or that is there already once", async () => {
  const directoryVersion = await version()
  const known = Buffer.from("Subject: có rồi\r\n\r\n")
  unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(known), accountIds: [account], directoryVersion })))
  // the first goes alone, the others wait for it: statements for 1 to 16
  for (let together = 1; together <= 17; together++) {
    const letters = Array.from({ length: together }, (_, n) => (n === 3 ? known : n > 0 && n % 5 === 0 ? Buffer.from(`Subject: chung ${together}\r\n\r\n`) : randomBytes(50 + n)))
    const contents = await Promise.all(letters.map((letter) => store.prepare(letter)))
    const results = await Promise.all(contents.map((content) => store.acceptances.commit(acceptance({ content, accountIds: [account], directoryVersion }))))
    expect(new Set(results.map((result) => unwrap(result).envelopeId)).size).toBe(together)
    expect(await Promise.all(contents.map(({ ref }) => readAll(store.contents.read(ref))))).toEqual(letters)
    expect(await store.database.query({ text: "SELECT FROM content WHERE hash = ANY ($1)" }, [contents.map(({ ref }) => ref)])).toHaveLength(new Set(letters.map((letter) => letter.toString("latin1"))).size)
  }
})

test("a DSN is accepted once for what it tells of: the second finds nothing owed and leaves nothing", async () => {
  const failedIds = unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare("Subject: x\r\n\r\n"), accountIds: [], remote: ["ai@xa.example", "do@xa.example"], directoryVersion: await version() }))).deliveryIds
  await Promise.all(
    failedIds.map((deliveryId) => store.deliveries.recordAttempt({ deliveryId, startedAt: 0, endedAt: 1, remoteMta: "mx.xa.example", tls: null, outcome: { kind: "failed", status: "5.1.1", diagnostic: "550 5.1.1 No such user" } })),
  )
  expect((await store.deliveries.owedDsns(10)).map(({ deliveryId, kind }) => ({ deliveryId, kind }))).toEqual(failedIds.map((deliveryId) => ({ deliveryId, kind: "failure" })))
  const dsnFor: DsnFor = { deliveryIds: failedIds, kind: "failure" }
  const before = await envelopes()
  const tries = await Promise.all(
    [1, 2, 3].map(async (n) => store.acceptances.commit({ ...acceptance({ content: await store.prepare(`Subject: DSN ${n}\r\n\r\n`), accountIds: [account], directoryVersion: await version(), reversePath: "" }), dsnFor })),
  )
  expect(tries.filter(({ ok }) => ok).length).toBe(1)
  expect(tries.filter(({ ok }) => !ok)).toEqual([expect.objectContaining({ failure: expect.objectContaining({ kind: "alreadyExists" }) }), expect.objectContaining({ failure: expect.objectContaining({ kind: "alreadyExists" }) })])
  expect(await envelopes()).toBe(before + 1)
  expect(await store.deliveries.owedDsns(10)).toEqual([])
})

test("a DSN decided on an old directory is still owed afterwards", async () => {
  const [deliveryId] = unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare("Subject: y\r\n\r\n"), accountIds: [], remote: ["ai@xa.example"], directoryVersion: await version() }))).deliveryIds
  await store.deliveries.recordAttempt({ deliveryId: deliveryId ?? 0, startedAt: 0, endedAt: 1, remoteMta: "", tls: null, outcome: { kind: "failed", status: "5.4.4", diagnostic: "no route" } })
  const dsn = { ...acceptance({ content: await store.prepare("Subject: DSN\r\n\r\n"), accountIds: [account], directoryVersion: 0, reversePath: "" }), dsnFor: { deliveryIds: [deliveryId ?? 0], kind: "failure" as const } }
  expect(await store.acceptances.commit(dsn)).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  expect((await store.deliveries.owedDsns(10)).length).toBe(1)
})
