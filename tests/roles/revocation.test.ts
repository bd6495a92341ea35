import { afterAll, beforeAll, expect, test } from "vitest"
import { configSchema } from "../../src/config/schema.ts"
import { createRevocation } from "../../src/roles/revocation.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"
import { createSmimeWorld, minutes, type SmimeWorld } from "../support/smime-world.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"

let world: SmimeWorld
let store: TestStore
beforeAll(async () => {
  ;[world, store] = await Promise.all([createSmimeWorld(), createTestStore()])
})
afterAll(async () => {
  await world.close()
  await store.close()
})

async function startProcess() {
  const { database } = store
  const feed = createPostgresChangeFeed({ database, url: database.url, log: testLog, hears: ["directory"] })
  await feed.ready
  const config = configSchema.parse({ pki: { revocation: { allow: [world.server.origin], lists: [world.server.urls.rootCrl] } } }).pki
  const parts = createRevocation({ database, feed, config, paths: () => world.paths, recorded: () => undefined, clock: world.clock, log: testLog })
  return { ...parts, feed, end: async () => [await parts.close(), await feed.close()] }
}

test("what one process finds revoked, another refuses with its next message, though it would not have looked yet", async () => {
  const [one, other] = await Promise.all([startProcess(), startProcess()])
  const certificate = world.holder()
  const problems = async ({ statuses }: typeof one): Promise<readonly string[]> => (await statuses.of({ certificate, pool: [], at: world.clock.time })).problems
  expect(await problems(other)).toEqual([])
  world.clock.time += minutes(11)
  expect(await problems(one)).toEqual([])
  world.server.revoke(certificate.serialNumber, "keyCompromise")
  world.clock.time += minutes(4.5)
  expect(await problems(one)).toEqual([])
  const heard = new Promise<void>((resolve) => one.feed.subscribe((changes) => changes.some(({ kind }) => kind === "revocation") && resolve()))
  expect(await problems(other)).toEqual(["revoked"])
  await heard
  const asked = world.server.requests.length
  expect(await problems(one)).toEqual(["revoked"])
  expect(world.server.requests.length).toBe(asked)
  await one.end()
  await other.end()
})
