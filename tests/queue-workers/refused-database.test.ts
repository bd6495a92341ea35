import { afterAll, beforeAll, expect, test } from "vitest"
import { startArchiveWorker } from "../../queue-workers/archive.worker.ts"
import { startFiguresWorker } from "../../queue-workers/figures.worker.ts"
import { startHousekeepingWorker } from "../../queue-workers/housekeeping.worker.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { systemClock } from "../../src/base/clock.ts"
import { oneTimePasswords } from "../../src/roles/provisioning.ts"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { createDirectoryActions } from "../../src/store/sql/directory-actions.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createHousekeeping } from "../../src/store/sql/housekeeping.ts"
import { createOverviewStore } from "../../src/store/sql/overview.ts"
import { until } from "../support/running-system.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

let store: TestStore
let admin: ReturnType<typeof openDatabase>
beforeAll(async () => {
  store = await createTestStore()
  admin = openDatabase({ url: store.database.url.replace(/\/test_\w+\?/, "/postgres?"), poolSize: 1, applicationName: "tests" })
})
afterAll(async () => {
  await admin.close()
  await store.close()
})

test("work of once an hour that the database refuses at its start is done soon after it answers again", async () => {
  const { database } = store
  const name = /\/(test_\w+)\?/.exec(database.url)?.[1] ?? ""
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, domain) VALUES ('ut', 'Đơn vị', 'department', 'ut.example') ON CONFLICT DO NOTHING" })
  await database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes, suspended_at, archive_on) VALUES ('di@ut.example', 'personal', 'Đã đi', 'ut', 1, now(), '2020-01-01')" })
  await admin.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS false` })
  await admin.query({ text: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1" }, [name])
  const refused: string[] = []
  const log = testLog.child({})
  log.warn = ((_fields: unknown, text: string) => void refused.push(text)) as typeof log.warn
  const done: string[] = []
  const parts = { everyMs: 3_600_000, log }
  const actions = createDirectoryActions({ database, mailboxes: [], addressRule: defaultAddressRule, clock: systemClock, feed: { publish: () => undefined }, keeping: { aliasUntil: () => "", leaverMonths: 1, headMonths: 1, headTitles: [] }, oneTimePasswords: oneTimePasswords(Buffer.alloc(32)) })
  const housekeeping = startHousekeepingWorker({ ...parts, housekeeping: createHousekeeping({ database, blobs: createFileBlobs(store.blobDir), clock: systemClock }), exclusively: createExclusive(database, "housekeeping"), contentGraceMs: 1_000, forgetDecisions: async () => (done.push("housekeeping"), 0) })
  const workers = [
    startArchiveWorker({ ...parts, actions }),
    startFiguresWorker({ ...parts, exclusively: createExclusive(database, "figures"), count: async () => (await createOverviewStore({ database }).count(systemClock.now()), void done.push("figures")) }),
    housekeeping,
  ]
  void housekeeping.run()
  await until(async () => new Set(refused).size === workers.length, 20_000)
  expect(done).toEqual([])
  await admin.query({ text: `ALTER DATABASE ${name} ALLOW_CONNECTIONS true` })
  await until(async () => {
    const [row] = await database.query<{ archived: boolean }>({ text: "SELECT archived_at IS NOT NULL AS archived FROM account WHERE address = 'di@ut.example'" })
    return row?.archived === true && done.length === 2
  }, 60_000)
  expect(done.toSorted()).toEqual(["figures", "housekeeping"])
  for (const worker of workers) await worker.close()
})
