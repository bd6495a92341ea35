import { createSocket } from "node:dgram"
import { once } from "node:events"
import { afterAll, beforeAll, expect, test } from "vitest"
import { startDkimWorker } from "../../queue-workers/dkim.worker.ts"
import { systemClock } from "../../src/base/clock.ts"
import { createStubResolver } from "../../src/dns/stub-resolver.ts"
import { activatePublishedKeys } from "../../src/domains/published-keys.ts"
import { keyRecord } from "../../src/mail/dkim/key-record.ts"
import { newDkimKeys } from "../../src/mail/dkim/new-keys.ts"
import type { DnsResolver } from "../../src/dns/resolver.ts"
import type { DkimKeyStore } from "../../src/store/dkim-key-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { testLog } from "../support/store.ts"

const unavailable = dnsUnavailable()
let database: TestDatabase
let store: DkimKeyStore
let dns: DnsWorld
beforeAll(async () => {
  if (unavailable !== undefined) return
  database = await createTestDatabase(3)
  store = createDkimKeyStore({ database, sealer: createSealer(Buffer.alloc(32, 7)) })
  dns = await startDns({ signed: { "tinh.example": "" }, unsigned: { "khac.example": "" } })
})
afterAll(async () => {
  if (unavailable !== undefined) return
  await dns.stop()
  await database.drop()
})

const add = async (domain: string): Promise<void> => void (await store.add(domain, await newDkimKeys({ now: Date.now(), taken: new Set((await store.list(domain)).map(({ selector }) => selector)) })))
const states = async (domain: string): Promise<readonly string[]> => (await store.list(domain)).map(({ state }) => state).toSorted()
const recordsOf = async (domain: string): Promise<readonly string[]> => (await store.list(domain)).map((key) => `${key.selector}._domainkey TXT ${(keyRecord(key).match(/.{1,250}/g) ?? []).map((part) => `"${part}"`).join(" ")}`)

const worker = (resolver: DnsResolver) => {
  const logged: object[] = []
  const log = { activated: (event: object) => void logged.push(event), waiting: (event: object) => void logged.push(event) }
  return { logged, ...startDkimWorker({ activatePublished: (signal) => activatePublishedKeys({ store, resolver, log }, signal), exclusively: createExclusive(database, "dkim"), everyMs: 3_600_000, log: testLog }) }
}

test.skipIf(unavailable)("keys sign once the DNS shows all that wait for their domain, and those before them are kept for mail on its way", async () => {
  await add("tinh.example")
  await add("khac.example")
  const { logged, run, close } = worker(dns.resolver())
  await run()
  expect(logged).toMatchObject([{ domain: "khac.example", problems: [expect.stringContaining("is not in the DNS yet"), expect.anything()] }, { domain: "tinh.example" }])
  const records = await recordsOf("tinh.example")
  // one of two: half of the readers would find no key
  await dns.setZone("tinh.example", records[0] ?? "")
  await run()
  expect(await states("tinh.example")).toEqual(["pending", "pending"])
  expect(logged.at(-1)).toMatchObject({ domain: "tinh.example", problems: [expect.stringMatching(/ is not in the DNS yet$/)] })
  await dns.setZone("tinh.example", records.join("\n"))
  await run()
  expect(await states("tinh.example")).toEqual(["active", "active"])
  expect(await states("khac.example")).toEqual(["pending", "pending"])
  expect(logged.at(-1)).toMatchObject({ domain: "tinh.example", selectors: [expect.any(String), expect.any(String)] })
  expect(await database.query({ text: "SELECT detail->>'by' AS by FROM audit WHERE kind = 'dkim.activated'" })).toEqual([{ by: "the DNS shows them" }])
  // the next generation
  await add("tinh.example")
  await dns.setZone("tinh.example", (await recordsOf("tinh.example")).join("\n"))
  const other = worker(dns.resolver())
  await Promise.all([run(), other.run()])
  await run()
  await other.close()
  expect(await states("tinh.example")).toEqual(["active", "active", "retiring", "retiring"])
  await close()
})

test.skipIf(unavailable)("it is asked at the start, and a DNS that does not answer does not keep a process that ends", async () => {
  const silent = createSocket("udp4")
  silent.bind(0, "127.0.0.1")
  await once(silent, "listening")
  const { close, logged } = worker(createStubResolver({ servers: [{ address: "127.0.0.1", port: silent.address().port }], trustAuthenticData: false, clock: systemClock, timeoutMs: 600_000 }))
  await once(silent, "message")
  await close()
  expect(logged).toEqual([])
  silent.close()
})
