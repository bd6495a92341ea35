import { afterAll, beforeAll, expect, test } from "vitest"
import { startRecheckWorker } from "../../queue-workers/recheck.worker.ts"
import { configSchema } from "../../src/config/schema.ts"
import { recheckCertificates } from "../../src/pki/revocation/recheck.ts"
import { createRevocation } from "../../src/roles/revocation.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"
import { activeCertificates } from "../../src/store/sql/active-certificates.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { insertCertificate } from "../support/smime-people.ts"
import { certificateOf, createSmimeWorld, minutes, type SmimeWorld } from "../support/smime-world.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

let world: SmimeWorld
let store: TestStore
beforeAll(async () => {
  ;[world, store] = await Promise.all([createSmimeWorld(), createTestStore()])
  await createProvince(store.database)
})
afterAll(async () => {
  await world.close()
  await store.close()
})

/** A process with its own memory on the shared store: a worker when it runs the check, and a judge of signatures anyway. */
async function startProcess() {
  const { database } = store
  const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog, hears: ["directory"] })
  await feed.ready
  const config = configSchema.parse({ pki: { revocation: { prefer: "crl", remember: "1h", refresh: "30m", allow: [world.server.origin], lists: [world.server.urls.rootCrl] } } }).pki
  const parts = createRevocation({ database, feed, config, paths: () => world.paths, recorded: () => undefined, clock: world.clock, log: testLog })
  const logged: object[] = []
  const worker = startRecheckWorker({
    recheck: () => recheckCertificates({ certificates: activeCertificates(database, world.clock), paths: world.paths, purpose: parts.purpose, checker: parts.checker, store: parts.store, now: world.clock.time }),
    announce: () => feed.publish([{ kind: "revocation" }]),
    exclusively: createExclusive(database, "recheck"),
    everyMs: 3_600_000,
    log: Object.assign(Object.create(testLog) as typeof testLog, { info: (counts: object) => void logged.push(counts), warn: (detail: { readonly err: unknown }) => void logged.push(detail) }),
  })
  return { ...parts, feed, worker, logged, end: async () => [await worker.close(), await parts.close(), await feed.close()] }
}

/** Resolves when `listener` has heard all that was published on `feed` before: changes arrive in their order. */
const saidSoFar = (feed: ChangeFeed, listener: ChangeFeed): Promise<void> =>
  new Promise((resolve) => {
    const unsubscribe = listener.subscribe((changes) => {
      if (!changes.some(({ kind }) => kind === "directory")) return
      unsubscribe()
      resolve()
    })
    feed.publish([{ kind: "directory", version: 0 }])
  })

const register = async (state: "active" | "suspended" = "active") => {
  const issued = world.ca.issue({ subject: { commonName: "Trần Thị Bình" }, addresses: ["binh@tinh.example"], crlUrls: [world.server.urls.crl] })
  await insertCertificate(store.database, "binh", issued.certificateDer)
  await store.database.query({ text: "UPDATE certificate SET state = $2 WHERE der = $1" }, [Buffer.from(issued.certificateDer), state])
  return certificateOf(issued.certificateDer)
}

test("the check of the registry's certificates finds a revocation, and the process that receives mail refuses with its next message", async () => {
  const [worker, receiver] = await Promise.all([startProcess(), startProcess()])
  const certificates = await Promise.all(Array.from({ length: 3 }, () => register()))
  const [certificate] = certificates
  await register("suspended")
  if (!certificate) throw new Error("none was registered")
  const problems = async (): Promise<readonly string[]> => (await receiver.statuses.of({ certificate, pool: [], at: world.clock.time })).problems
  expect(await problems()).toEqual([])
  await worker.worker.run()
  expect(worker.logged).toEqual([{ checked: 3, good: 3, revoked: 0, unknown: 0, withoutPath: 0, changed: expect.any(Number) }])
  const asked = (path: string): number => world.server.requests.filter((one) => one === path).length
  // what was announced made it forget; from now on it remembers
  for (const { feed } of [worker, receiver]) await saidSoFar(feed, receiver.feed)
  expect(await problems()).toEqual([])
  expect(asked("/signing.crl")).toBe(1)

  world.server.revoke(certificate.serialNumber, "keyCompromise")
  world.clock.time += minutes(31)
  expect(await problems()).toEqual([])
  const heard = new Promise<void>((resolve) => receiver.feed.subscribe((changes) => changes.some(({ kind }) => kind === "revocation") && resolve()))
  await worker.worker.run()
  await heard
  expect(worker.logged.at(-1)).toEqual({ checked: 3, good: 2, revoked: 1, unknown: 0, withoutPath: 0, changed: 1 })
  expect(await problems()).toEqual(["revoked"])
  // the receiver reads what the worker fetched
  expect(asked("/signing.crl")).toBe(2)
  expect(await worker.store.answers([certificate.fingerprint])).toMatchObject([{ status: "revoked", checkedAt: world.clock.time }])
  await worker.end()
  await receiver.end()
})

test("of two processes one checks, nothing is logged for an empty registry, and a failure is not the end", async () => {
  let gone = true
  let announced = 0
  const logged: object[] = []
  let release = (): void => undefined
  const gate = new Promise<void>((open) => (release = open))
  let runs = 0
  const start = () =>
    startRecheckWorker({
      async recheck() {
        runs++
        await gate
        if (gone) throw new Error("the database is away")
        return { checked: 0, good: 0, revoked: 0, unknown: 0, withoutPath: 0, changed: [] }
      },
      announce: () => void announced++,
      exclusively: createExclusive(store.database, "recheck"),
      everyMs: 3_600_000,
      log: Object.assign(Object.create(testLog) as typeof testLog, { info: (counts: object) => void logged.push(counts) }),
    })
  const [one, two] = [start(), start()]
  const both = [one.run(), two.run()]
  // the one that did not get the lock is done at once
  await Promise.race(both)
  expect(runs).toBe(1)
  release()
  await Promise.all(both)
  gone = false
  await two.run()
  expect([runs, announced, logged]).toEqual([2, 0, []])
  await Promise.all([one.close(), two.close()])
})
