import { afterAll, beforeAll, expect, test } from "vitest"
import { startAuditWorker } from "../../queue-workers/audit.worker.ts"
import { auditKey } from "../../src/store/audit/head.ts"
import { createAuditUpkeep } from "../../src/store/audit/upkeep.ts"
import { createAuditChain } from "../../src/store/sql/audit-chain.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { testLog } from "../support/store.ts"

let database: TestDatabase
beforeAll(async () => void (database = await createTestDatabase()))
afterAll(() => database.drop())

const key = auditKey(Buffer.alloc(32, 5))
const clock = { time: Date.UTC(2026, 10, 27), now: () => clock.time }
const chain = () => createAuditChain({ database })
const start = (stamp?: () => Promise<Uint8Array | undefined>) =>
  startAuditWorker({ upkeep: createAuditUpkeep({ chain: chain(), key, system: "s", headEveryMs: 3_600_000, keepMs: 0, stamp, clock }), exclusively: createExclusive(database, "auditSeals"), everyMs: 3_600_000, log: testLog })
const write = () => database.query({ text: "INSERT INTO audit (kind) VALUES ('test.one')" })

test("two workers seal once, a head is stamped by who can, and the last of them seals and signs what there is when it ends", async () => {
  await write()
  const [one, two] = [start(async () => Buffer.from("stamp")), start()]
  await one.run()
  await Promise.all([one.run(), two.run()])
  expect(await chain().lastHead()).toMatchObject({ position: 1, stamp: Buffer.from("stamp") })
  await write()
  await two.run()
  expect(await chain().state()).toMatchObject({ position: 2, headPosition: 1, lagMs: 0 })
  await write()
  await one.close()
  expect(await chain().state()).toMatchObject({ position: 3, headPosition: 3 })
  expect((await chain().lastHead())?.stamp).toBeNull()
  await two.close()
})

test("an authority that gives no stamp does not keep a head from being signed, and a failure is not the end", async () => {
  await write()
  clock.time += 3_600_000
  let gives = false
  const worker = start(async () => {
    if (!gives) throw new Error("the database is away")
    return undefined
  })
  await worker.run()
  expect(await chain().state()).toMatchObject({ position: 4, headPosition: 3 })
  gives = true
  await worker.run()
  expect(await chain().lastHead()).toMatchObject({ position: 4, stamp: null })
  await worker.close()
})
