import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest"
import type { AuditChain } from "../../../src/store/audit-store.ts"
import { auditKey, signHead } from "../../../src/store/audit/head.ts"
import { createAuditUpkeep } from "../../../src/store/audit/upkeep.ts"
import { readChain, type VerifyOptions } from "../../../src/store/audit/read-chain.ts"
import { createAuditChain } from "../../../src/store/sql/audit-chain.ts"
import { openDatabase } from "../../../src/store/sql/database.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

let database: TestDatabase
let chain: AuditChain
beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())

/** What an owner of the tables can do, and nobody by a slip. */
const tamper = (text: string, values: readonly unknown[] = []): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.query({ text: "SET LOCAL session_replication_role = replica" })
    await tx.query({ text }, values)
  })

const add = (count: number): Promise<unknown> => database.query({ text: "INSERT INTO audit (kind, detail) SELECT 'test.added', jsonb_build_object('n', n, 'nested', jsonb_build_object('b', 1.5, 'a', 'Ố')) FROM generate_series(1, $1) n" }, [count])
const key = auditKey(Buffer.alloc(32, 9))
const ownKey = Buffer.from(key.publicKey).toString("hex")
const clock = { time: Date.UTC(2026, 10, 27), now: () => clock.time }
const upkeep = (parts: { readonly keepMs?: number } = {}) => createAuditUpkeep({ chain, key, system: "mail.tinh.example", headEveryMs: 3_600_000, keepMs: parts.keepMs ?? 0, clock })
const verify = (options: Partial<VerifyOptions> = {}) => readChain(chain, { heads: [], keys: new Set([ownKey]), keepMs: 0, now: clock.time, ...options })
const problems = async (options: Partial<VerifyOptions> = {}) => (await verify(options)).problems.map(({ kind, position }) => `${kind} ${position}`)

beforeEach(async () => {
  await tamper("DELETE FROM audit")
  for (const table of ["audit_checkpoint", "audit_head", "audit_seal"]) await tamper(`DELETE FROM ${table}`)
  await database.query({ text: "ALTER TABLE audit ALTER id RESTART" })
  chain = createAuditChain({ database, patienceMs: 100 })
})

describe("sealing", () => {
  test("an entry whose transaction ends after others with higher ids is neither missed nor put behind them", async () => {
    const slow = openDatabase({ url: database.url, poolSize: 1, applicationName: "slow" })
    let commit = (): void => undefined
    let began = (): void => undefined
    const written = new Promise<void>((resolve) => (began = resolve))
    const slowly = slow.transaction(async (tx) => {
      await tx.query({ text: "INSERT INTO audit (kind) VALUES ('test.slow')" })
      began()
      await new Promise<void>((resolve) => (commit = resolve))
    })
    await written
    await add(3)
    expect(await chain.seal()).toEqual({ sealed: 0, complete: false })
    expect((await chain.state()).lagMs).toBeGreaterThanOrEqual(0)
    commit()
    await slowly
    expect(await chain.seal()).toEqual({ sealed: 4, complete: true })
    expect(await database.query({ text: "SELECT s.position, a.kind FROM audit_seal s JOIN audit a ON a.id = s.audit_id ORDER BY 1" })).toEqual([1, 2, 3, 4].map((position) => ({ position, kind: position === 1 ? "test.slow" : "test.added" })))
    expect(await problems()).toEqual([])
    await slow.close()
  })

  test("ids of transactions that came to nothing are gaps, and hold nothing up", async () => {
    await database.transaction(async (tx) => {
      await tx.query({ text: "INSERT INTO audit (kind) VALUES ('test.undone')" })
      throw new Error("undone")
    }).catch(() => undefined)
    await add(2)
    expect(await chain.seal()).toEqual({ sealed: 2, complete: true })
    expect(await problems()).toEqual([])
  })

  test("many writers at once, sealers beside each other: all is sealed once, in the order of the ids", async () => {
    const other = createAuditChain({ database, patienceMs: 5_000 })
    const write = async (): Promise<void> => {
      for (let n = 0; n < 40; n++) {
        await database.transaction(async (tx) => {
          await tx.query({ text: "INSERT INTO audit (kind) VALUES ('test.many')" })
          await tx.query({ text: "SELECT pg_sleep(random() * 0.005)" })
          if (n % 7 === 0) throw new Error("undone")
        }).catch(() => undefined)
      }
    }
    let writing = true
    const sealAll = async (by: AuditChain): Promise<void> => {
      while (writing) await by.seal()
    }
    const sealers = [sealAll(other), sealAll(createAuditChain({ database, patienceMs: 5_000 }))]
    await Promise.all([write(), write(), write(), write()])
    writing = false
    await Promise.all(sealers)
    expect((await other.seal()).complete).toBe(true)
    const [counts] = await database.query<{ entries: number; seals: number; last: number }>({ text: "SELECT (SELECT count(*) FROM audit) AS entries, count(*) AS seals, max(position) AS last FROM audit_seal" })
    expect(counts).toEqual({ entries: 4 * 34, seals: 4 * 34, last: 4 * 34 })
    expect(await problems()).toEqual([])
  })

  test("a sealer that dies between two batches, or in one, leaves what the next one goes on with", async () => {
    await add(600)
    const dying = openDatabase({ url: database.url, poolSize: 1, applicationName: "dying sealer" })
    const killed = createAuditChain({
      database: {
        ...dying,
        transaction: (work) => dying.transaction((tx) => work({
          query: async (statement, values) => {
            const rows = await tx.query(statement, values)
            const [tip] = statement.name === "audit-insert-seals" ? await tx.query<{ position: number }>({ text: "SELECT max(position) AS position FROM audit_seal" }) : []
            if ((tip?.position ?? 0) > 200) await database.query({ text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dying sealer'" })
            return rows as never
          },
        })),
      },
    })
    await expect(killed.seal()).rejects.toThrow()
    expect((await chain.tip()).position).toBe(200)
    await vi.waitFor(async () => expect((await chain.seal()).complete).toBe(true))
    expect((await chain.tip()).position).toBe(600)
    expect(await problems()).toEqual([])
    await dying.close()
  })

  test("entries and seals are refused every change and deletion", async () => {
    await add(1)
    await chain.seal()
    for (const text of ["UPDATE audit SET kind = 'x'", "DELETE FROM audit", "TRUNCATE audit", "UPDATE audit_seal SET position = 2", "DELETE FROM audit_seal", "TRUNCATE audit_seal"]) {
      await expect(database.query({ text })).rejects.toThrow(/append-only/)
    }
  })
})

describe("verification finds", () => {
  beforeEach(async () => {
    await add(10)
    await upkeep().run()
  })

  test("nothing where all is well, by part too", async () => {
    expect(await verify()).toMatchObject({ checked: 10, headsChecked: 1, problems: [] })
    expect(await verify({ from: 4, to: 6 })).toMatchObject({ checked: 3, problems: [] })
    await add(1)
    expect(await verify()).toMatchObject({ checked: 10, problems: [] })
  })

  test.each([
    ["a changed detail", `UPDATE audit SET detail = jsonb_set(detail, '{nested,a}', '"O"') WHERE id = 4`, ["changed 4"]],
    ["a changed time", "UPDATE audit SET at = at + interval '1 microsecond' WHERE id = 4", ["changed 4"]],
    ["another actor", `UPDATE audit SET actor = '{"name": "ai"}' WHERE id = 4`, ["changed 4"]],
    ["entries that changed places", "UPDATE audit a SET at = b.at, detail = b.detail FROM audit b WHERE (a.id, b.id) IN ((4, 5), (5, 4))", ["changed 4", "changed 5"]],
    ["a removed entry", "DELETE FROM audit WHERE id = 4", ["removed 4"]],
    ["a removed entry with its seal", "WITH a AS (DELETE FROM audit WHERE id = 4) DELETE FROM audit_seal WHERE audit_id = 4", ["sealRemoved 4", "changed 5"]],
    ["the last entries, removed with their seals", "WITH a AS (DELETE FROM audit WHERE id > 8) DELETE FROM audit_seal WHERE audit_id > 8", ["truncated 9"]],
    ["a changed seal", "UPDATE audit_seal SET hash = sha256(hash) WHERE position = 4", ["changed 4", "changed 5"]],
    ["seals that changed places", "UPDATE audit_seal s SET audit_id = CASE audit_id WHEN 4 THEN 5 ELSE 4 END WHERE position IN (4, 5)", ["reordered 4", "changed 4"]],
  ])("%s", async (_, text, expected) => {
    if (text.startsWith("UPDATE audit_seal s")) await tamper("ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_audit_id_key")
    await tamper(text)
    if (text.startsWith("UPDATE audit_seal s")) await tamper("ALTER TABLE audit_seal ADD CONSTRAINT audit_seal_audit_id_key UNIQUE (audit_id)")
    expect((await problems())[0]).toBe(expected[0])
    expect(await problems()).toEqual(expected)
  })

  test("entries deleted behind a checkpoint that somebody made, which no trigger refuses", async () => {
    await add(20)
    await upkeep().run()
    const [kept] = await chain.heads(0)
    await add(5)
    clock.time += 3_600_000
    await upkeep().run()
    await database.query({ text: "INSERT INTO audit_checkpoint (position, audit_id) SELECT position, audit_id FROM audit_head ORDER BY position DESC LIMIT 1" })
    await database.query({ text: "DELETE FROM audit_seal WHERE audit_id < 36" })
    await database.query({ text: "DELETE FROM audit WHERE id < 36" })
    expect(await problems()).toEqual(["forgotten 35"])
    expect(await problems({ keepMs: 365 * 86_400_000 })).toEqual(["forgotten 35"])
    expect(await verify({ heads: kept ? [kept] : [] })).toMatchObject({ headsUnused: 1 })
  })

  test("an entry put before the first one, where no id is given out", async () => {
    await add(3)
    await chain.seal()
    await database.query({ text: "INSERT INTO audit (id, kind) OVERRIDING SYSTEM VALUE VALUES (-7, 'test.forged'), (0, 'test.forged')" })
    expect(await problems()).toEqual(["inserted 1", "inserted 1"])
  })

  test("an entry put behind the last one, where no id was given out yet", async () => {
    await chain.seal()
    expect(await problems()).toEqual([])
    await database.query({ text: "INSERT INTO audit (id, kind, at) OVERRIDING SYSTEM VALUE VALUES (1000000, 'test.forged', '2999-01-01')" })
    expect(await problems()).toEqual(["inserted 11"])
  })

  test("an entry put where an id was left out", async () => {
    await database.query({ text: "SELECT nextval('audit_id_seq')" })
    await add(1)
    await chain.seal()
    expect(await problems()).toEqual([])
    await tamper("INSERT INTO audit (id, kind) OVERRIDING SYSTEM VALUE VALUES (11, 'test.inserted')")
    expect(await problems()).toEqual(["inserted 11"])
  })

  test("a chain that was written anew, by a head that was kept elsewhere", async () => {
    const kept = await chain.heads(0)
    await tamper("UPDATE audit SET detail = '{}' WHERE id = 2")
    await tamper("DELETE FROM audit_seal")
    await tamper("DELETE FROM audit_head")
    await upkeep().run()
    expect(await problems()).toEqual([])
    expect(await problems({ heads: kept })).toEqual(["rewritten 10"])
  })

  test("heads that another key has signed, or that were changed", async () => {
    const [head] = await chain.heads(0)
    if (!head) throw new Error("no head was signed")
    await tamper("DELETE FROM audit_head")
    expect(await problems({ heads: [signHead(head, auditKey(Buffer.alloc(32, 1)))] })).toEqual(["headForged 10"])
    expect(await problems({ heads: [{ ...head, at: head.at + 1 }] })).toEqual(["headForged 10"])
    expect(await problems({ heads: [head] })).toEqual([])
  })
})

describe("heads", () => {
  test("are signed when it is time and the chain has grown", async () => {
    await add(3)
    await upkeep().run()
    await add(1)
    await upkeep().run()
    expect((await chain.heads(0)).map(({ position }) => position)).toEqual([3])
    clock.time += 3_600_000
    await upkeep().run()
    clock.time += 3_600_000
    await upkeep().run()
    expect((await chain.heads(0)).map(({ position }) => position)).toEqual([3, 4])
    await add(1)
    await upkeep().end()
    expect((await chain.lastHead())?.position).toBe(5)
  })

  test("are signed although somebody put one where the chain has not come to, or of a time that has not come", async () => {
    const forge = (position: number) => database.query({ text: "INSERT INTO audit_head (position, audit_id, hash, at, system, public_key, signature) VALUES ($1, $1, decode(repeat('00', 32), 'hex'), '2999-01-01', 'x', '\\x00', '\\x00')" }, [position])
    await forge(1_000_000)
    await add(3)
    await upkeep().run()
    expect((await chain.heads(0)).map(({ position }) => position)).toEqual([3, 1_000_000])
    expect((await chain.lastHead())?.position).toBe(3)
    await add(1)
    await chain.seal()
    await forge(4)
    await add(1)
    await upkeep().run()
    expect((await chain.lastHead())?.position).toBe(5)
    expect((await chain.state()).headPosition).toBe(5)
  })

  test("what is too old is deleted up to one of them, and the rest is verified from there", async () => {
    await add(1_500)
    await upkeep().run()
    clock.time += 3_600_000
    await add(5)
    await upkeep({ keepMs: 1_800_000 }).run()
    // told of in an entry of its own
    expect(await database.query({ text: "SELECT kind, count(*) FROM audit GROUP BY kind ORDER BY kind" })).toEqual([{ kind: "audit.forgotten", count: 1 }, { kind: "test.added", count: 5 }])
    await chain.seal()
    const keepMs = 1_800_000
    expect(await verify({ keepMs })).toMatchObject({ checked: 6, headsUnused: 0, problems: [] })
    // entries are kept longer than that, or for ever: whoever knows why they are gone says where the chain begins
    expect(await problems()).toEqual(["forgotten 1500"])
    expect(await problems({ keepMs: 2 * 3_600_000 })).toEqual(["forgotten 1500"])
    expect(await problems({ from: 1_501 })).toEqual([])
    await tamper("UPDATE audit SET detail = '{}' WHERE id = 1503")
    expect(await problems({ keepMs })).toEqual(["changed 1503"])
    await expect(database.query({ text: "DELETE FROM audit" })).rejects.toThrow(/append-only/)
  })
})
