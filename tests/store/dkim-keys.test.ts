import { afterAll, beforeAll, expect, test } from "vitest"
import { newDkimKeys } from "../../src/mail/dkim/new-keys.ts"
import type { DkimKeyStore } from "../../src/store/dkim-key-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let store: DkimKeyStore
beforeAll(async () => {
  database = await createTestDatabase(2)
  store = createDkimKeyStore({ database, sealer: createSealer(Buffer.alloc(32, 7)) })
})
afterAll(() => database.drop())

const add = async (domain: string) => store.add(domain, await newDkimKeys({ now: Date.UTC(2026, 10, 26), taken: new Set((await store.list(domain)).map(({ selector }) => selector)) }))
const states = async (domain: string) => (await store.list(domain)).map(({ selector, state }) => `${selector} ${state}`).sort()

test("a domain's keys: made, signing, replaced, gone; each step once and with its audit entry", async () => {
  expect((await store.activate("tinh.example")).ok).toBe(false)
  expect((await add("tinh.example")).ok).toBe(true)
  expect(await add("tinh.example")).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
  expect(await states("tinh.example")).toEqual(["ct20261126e pending", "ct20261126r pending"])
  expect(await store.active()).toEqual([])
  expect((await store.activate("tinh.example")).ok).toBe(true)
  expect(await store.retire("tinh.example")).toMatchObject({ ok: false, failure: { kind: "notFound" } })
  expect((await store.activate("tinh.example")).ok).toBe(false)
  expect((await add("tinh.example")).ok).toBe(true)
  expect((await store.activate("tinh.example")).ok).toBe(true)
  expect(await states("tinh.example")).toEqual(["ct20261126e retiring", "ct20261126e2 active", "ct20261126r retiring", "ct20261126r2 active"])
  expect((await store.retire("tinh.example")).ok).toBe(true)
  expect(await states("tinh.example")).toEqual(["ct20261126e retired", "ct20261126e2 active", "ct20261126r retired", "ct20261126r2 active"])
  const audit = await database.query<{ kind: string; selectors: string[] }>({ text: "SELECT kind, detail->'selectors' AS selectors FROM audit WHERE kind LIKE 'dkim.%' ORDER BY id" })
  expect(audit.map(({ kind }) => kind)).toEqual(["dkim.created", "dkim.activated", "dkim.created", "dkim.activated", "dkim.retired"])
  expect(audit.at(-1)?.selectors.sort()).toEqual(["ct20261126e", "ct20261126r"])
})

test("keys that sign are the same after their rest, RSA first; private halves rest sealed and go with their keys", async () => {
  const active = (await store.active()).filter(({ domain }) => domain === "tinh.example")
  expect(active.map(({ algorithm, privateKey }) => [algorithm, privateKey.asymmetricKeyType, privateKey.asymmetricKeyDetails?.modulusLength])).toEqual([["rsa-sha256", "rsa", 2048], ["ed25519-sha256", "ed25519", undefined]])
  const rows = await database.query<{ state: string; private_key: Buffer | null }>({ text: "SELECT state, private_key FROM dkim_key" })
  for (const { state, private_key } of rows) {
    expect(private_key === null).toBe(state === "retired")
    // 1.2.840.113549.1.1.1 or 1.3.101.112 would be there in clear
    expect(private_key?.includes(Buffer.from("2a864886f70d010101", "hex")) ?? false).toBe(false)
    expect(private_key?.includes(Buffer.from("06032b6570", "hex")) ?? false).toBe(false)
  }
})

test("a private half that was moved to another name is not used", async () => {
  await add("khac.example")
  await store.activate("khac.example")
  await database.query({ text: "UPDATE dkim_key SET private_key = (SELECT private_key FROM dkim_key WHERE domain = 'tinh.example' AND state = 'active' AND algorithm = 'rsa-sha256') WHERE domain = 'khac.example' AND algorithm = 'rsa-sha256'" })
  await expect(store.active()).rejects.toThrow()
  await database.query({ text: "DELETE FROM dkim_key WHERE domain = 'khac.example'" })
})

test("two commands at once make one generation", async () => {
  const both = await Promise.all([add("hai.example"), add("hai.example")])
  expect(both.map(({ ok }) => ok).sort()).toEqual([false, true])
  expect(await states("hai.example")).toHaveLength(2)
})
