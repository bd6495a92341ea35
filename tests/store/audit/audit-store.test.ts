import { afterAll, beforeAll, expect, test } from "vitest"
import { actAs } from "../../../src/accounts/actor.ts"
import type { AuditFilter } from "../../../src/store/audit-store.ts"
import { createApiTokenStore } from "../../../src/store/sql/api-tokens.ts"
import { createAuditStore } from "../../../src/store/sql/audit.ts"
import { createAuditChain } from "../../../src/store/sql/audit-chain.ts"
import type { Database } from "../../../src/store/sql/database.ts"
import { createPauseStore } from "../../../src/store/sql/pauses.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../../support/store.ts"

let store: TestStore
let accountId: number
beforeAll(async () => {
  store = await createTestStore()
  accountId = await store.account("an@tinh.example")
})
afterAll(() => store.close())

const cli = { via: "cli", name: "quantri" } as const
const web = { via: "console", name: "an@tinh.example", principalId: "an", address: "192.0.2.1", onBehalfOf: "binh" } as const

test("whoever acts is in each entry of what he changes, and in nobody else's", async () => {
  const { database } = store
  const tokens = createApiTokenStore(database)
  const token = (name: string) => tokens.add({ name, sha256: Buffer.from(name), scopes: ["audit:read"], createdBy: "x", expiresAt: null })
  const pauses = createPauseStore({ database })
  await Promise.all([
    actAs(cli, () => token("one")), token("two"), actAs(web, () => pauses.pause({ kind: "domain", pattern: "a.example", until: null }, { by: "an", why: "w" })),
    actAs(web, () => database.transaction(async (tx) => {
      await tx.query({ text: "INSERT INTO audit (kind) VALUES ('test.one')" })
      await tx.query({ text: "INSERT INTO audit (kind) VALUES ('test.two')" })
    })),
  ])
  // the same connections serve others now
  await Promise.all(Array.from({ length: 8 }, (_, n) => token(`later ${n}`)))
  const rows = await database.query<{ kind: string; name: string | null; actor: unknown }>({ text: "SELECT kind, detail->>'name' AS name, actor FROM audit WHERE kind <> 'message.accepted' ORDER BY id" })
  const of = (kind: string, name: string | null = null) => rows.filter((row) => row.kind === kind && row.name === name).map(({ actor }) => actor)
  expect([of("apiToken.created", "one"), of("apiToken.created", "two"), of("destination.paused"), of("test.one"), of("test.two")]).toEqual([[cli], [null], [web], [web], [web]])
  expect(rows.filter(({ name }) => name?.startsWith("later")).map(({ actor }) => actor)).toEqual(Array.from({ length: 8 }, () => null))
})

test("messages that are accepted in one batch are nobody's, whoever sent one of them", async () => {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const accept = async (n: number) => unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(`Subject: ${n}\r\n\r\n${n}\r\n`), accountIds: [accountId], directoryVersion: current?.version ?? 0 })))
  await actAs(web, () => Promise.all([1, 2, 3, 4].map(accept)))
  expect(await store.database.query({ text: "SELECT DISTINCT actor FROM audit WHERE kind = 'message.accepted'" })).toEqual([{ actor: null }])
})

test("entries are found by what happened, by whom, to whom, when and with which words, page by page", async () => {
  const { database } = store
  const audit = createAuditStore(database)
  const start = Date.now()
  await audit.record({ kind: "signIn.failed", clientAddress: "198.51.100.7", detail: { names: ["Ông-X@tinh.example"] } })
  await audit.record({ kind: "access.mailboxOpened", accountId, principalId: "binh", detail: { mailbox: "INBOX" } })
  await actAs(cli, () => audit.record({ kind: "audit.exported", detail: {} }))
  const found = async (filter: AuditFilter) => (await audit.list(filter, { limit: 100 })).filter(({ at }) => Date.parse(at) >= start).map(({ kind }) => kind)
  expect(await found({})).toEqual(["audit.exported", "access.mailboxOpened", "signIn.failed"])
  expect(await found({ kind: "signIn.*" })).toEqual(["signIn.failed"])
  expect(await found({ kind: "signIn" })).toEqual([])
  expect(await found({ who: "quantri" })).toEqual(["audit.exported"])
  expect(await found({ who: "binh" })).toEqual(["access.mailboxOpened"])
  expect(await found({ accountId })).toEqual(["access.mailboxOpened"])
  expect(await found({ text: "ông-x@TINH" })).toEqual(["signIn.failed"])
  expect(await found({ text: "198.51.100" })).toEqual(["signIn.failed"])
  expect(await found({ until: start })).toEqual([])
  expect(await found({ since: start, until: Date.now() + 1_000 })).toHaveLength(3)
  expect((await audit.list({ kind: "message.accepted" }, { limit: 2 })).map(({ kind }) => kind)).toEqual(["message.accepted", "message.accepted"])

  await createAuditChain({ database }).seal()
  const pages: number[] = []
  for (let before: number | undefined; ; ) {
    const page = await audit.list({}, { limit: 3, ...(before !== undefined && { before }) })
    pages.push(...page.map(({ id }) => id))
    before = page.at(-1)?.id
    if (page.length < 3) break
  }
  const exported = []
  for await (const entry of audit.export({})) exported.push(entry)
  expect(pages).toEqual(exported.filter(({ kind }) => kind !== "message.accepted").map(({ id }) => id).toReversed())
  expect(exported.map(({ position }) => position)).toEqual(exported.map((_, index) => index + 1))
})

test("a search can be told how many entries to look at, and says how far back that was", async () => {
  const audit = createAuditStore(store.database)
  const ids = (await audit.list({}, { limit: 1_000 })).map(({ id }) => id)
  expect(ids.length).toBeGreaterThan(3)
  expect(await audit.reach({}, { entries: 2 })).toBe(ids[1])
  expect(await audit.reach({ text: "nothing has this", who: "nobody", kind: "signIn.*" }, { entries: 2 })).toBe(ids[1])
  expect(await audit.reach({}, { entries: 2, before: ids[1] ?? 0 })).toBe(ids[3])
  expect(await audit.reach({}, { entries: ids.length })).toBe(ids.at(-1))
  expect(await audit.reach({}, { entries: ids.length + 1 })).toBeUndefined()
  expect(await audit.reach({ until: 0 }, { entries: 1 })).toBeUndefined()
  expect((await audit.list({}, { limit: 1_000, after: (ids[1] ?? 0) - 1 })).map(({ id }) => id)).toEqual(ids.slice(0, 2))
})

test("who came into a mailbox is found by an index of such entries alone, however much the mailbox sends", async () => {
  const { database } = store
  await database.query({ text: "INSERT INTO audit (kind, account_id, detail) SELECT CASE WHEN n % 20 = 0 THEN 'signIn.succeeded' ELSE 'message.accepted' END, $1, '{\"owner\": true}' FROM generate_series(1, 20000) AS n" }, [accountId])
  await database.query({ text: "ANALYZE audit" })
  const plans: string[] = []
  const query: Database["query"] = async (statement, values) => {
    plans.push((await database.query<{ "QUERY PLAN": string }>({ text: `EXPLAIN ${statement.text}` }, values)).map((row) => row["QUERY PLAN"]).join("\n"))
    return []
  }
  await createAuditStore({ query }).accessesOf(accountId, { limit: 50 })
  expect(plans.join("\n")).toContain("audit_accesses")
})
