import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import { startDeliverWorker } from "../../queue-workers/deliver.worker.ts"
import { runWorker } from "../../queue-workers/run-worker.ts"
import { systemClock } from "../../src/base/clock.ts"
import { createLocalDelivery } from "../../src/delivery/local-delivery.ts"
import { createOutbox } from "../../src/delivery/outbox.ts"
import { type QueueBackend, queueNames } from "../../src/delivery/queues.ts"
import { createSweeper } from "../../src/delivery/sweeper.ts"
import { acceptance, createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

/** A queue engine under test. */
export interface QueueEngine {
  readonly backend: QueueBackend
  /** Loses every job and every connection, as SIGKILL does to a Redis that saves nothing. */
  lose(): Promise<void>
  /** Can be reached again, empty. */
  restore(): Promise<void>
  close(): Promise<void>
}

/** What every queue engine promises. `open` gives a fresh one; the store's database is there for engines that live in it. */
export function queueContract(name: string, open: (store: TestStore) => Promise<QueueEngine>): void {
  describe(`queue on ${name}`, () => {
    let store: TestStore
    let engine: QueueEngine
    const closers: (() => Promise<void>)[] = []
    const closing = <T extends { close(): Promise<void> }>(part: T): T => {
      closers.unshift(() => part.close())
      return part
    }

    beforeEach(async () => {
      store = await createTestStore()
      engine = await open(store)
    })
    afterEach(async () => {
      for (const close of closers.splice(0)) await close()
      await engine.close()
      await store.close()
    })

    const outboxOf = () => closing(createOutbox({ backend: engine.backend, clock: systemClock, log: testLog }))
    const available = (outbox: { isAvailable(): boolean }) => vi.waitFor(() => expect(outbox.isAvailable()).toBe(true), { timeout: 20_000, interval: 10 })
    const deliverWorker = () => closing(startDeliverWorker({ backend: engine.backend, localDelivery: createLocalDelivery({ deliveries: store.deliveries, delivered: () => undefined }), log: testLog }))

    const accept = async (accountIds: readonly number[], text: string) => {
      const content = await store.prepare(`Subject: ${text}\r\n\r\n${text}\r\n`)
      const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
      return unwrap(await store.acceptances.commit(acceptance({ content, accountIds, directoryVersion: current?.version ?? 0 })))
    }

    test("what is woken is worked off once, in jobs of bounded size", async () => {
      const outbox = outboxOf()
      await available(outbox)
      const jobs: (readonly number[])[] = []
      closing(runWorker({ queue: queueNames.deliver, backend: engine.backend, concurrency: 4, log: testLog, handle: async (job) => void jobs.push(job.data.ids) }))
      for (let id = 1; id <= 3_000; id++) outbox.wake({ local: [id], remote: [] })
      await vi.waitFor(() => expect(jobs.flat().length).toBeGreaterThanOrEqual(3_000), { timeout: 20_000, interval: 10 })
      expect(jobs.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 3_000 }, (_, n) => n + 1))
      expect(Math.max(...jobs.map((ids) => ids.length))).toBeLessThanOrEqual(500)
    })

    test("local and remote deliveries go to queues of their own", async () => {
      const outbox = outboxOf()
      await available(outbox)
      const heard = new Map<string, readonly number[]>()
      for (const queue of Object.values(queueNames)) closing(runWorker({ queue, backend: engine.backend, concurrency: 1, log: testLog, handle: async (job) => void heard.set(queue, job.data.ids) }))
      outbox.wake({ local: [1, 2], remote: [3] })
      await vi.waitFor(() => expect(heard).toEqual(new Map([["deliver", [1, 2]], ["relay", [3]]])), { timeout: 20_000, interval: 10 })
    })

    test("an engine that loses everything loses no mail and doubles none", async () => {
      const accounts = await Promise.all(["a", "b", "c"].map((one) => store.account(`${one}@tinh.example`)))
      const outbox = outboxOf()
      await available(outbox)
      const sweeper = closing(createSweeper({ deliveries: store.deliveries, outbox, everyMs: 3_600_000, log: testLog }))
      const accepted: number[] = []
      const send = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const { deliveryIds } = await accept(accounts, `message ${accepted.length}`)
          accepted.push(...deliveryIds)
          outbox.wake({ local: deliveryIds, remote: [] })
        }
      }
      // jobs that nobody works off yet are lost
      await send(10)
      await engine.lose()
      // mail goes on being accepted while the engine is away
      await send(10)
      deliverWorker()
      await engine.restore()
      await available(outbox)
      await send(10)
      // as if the first leases and the pause between two sweeps of the same delivery had run out
      const makeDue = () => store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 minute', requeued_at = NULL WHERE state = 'waiting'" })
      await vi.waitFor(
        async () => {
          await makeDue()
          await sweeper.sweep()
          expect((await store.deliveries.waiting()).count).toBe(0)
        },
        { timeout: 25_000, interval: 200 },
      )
      // and jobs that come late or twice change nothing
      expect(await outbox.enqueue({ local: accepted, remote: [] })).toBe(true)
      await vi.waitFor(async () => expect((await store.deliveries.waiting()).count).toBe(0))
      const rows = await store.database.query<{ delivery_id: number; copies: number }>({ text: "SELECT delivery_id, count(*) AS copies FROM message GROUP BY delivery_id ORDER BY delivery_id" })
      expect(rows).toEqual(accepted.toSorted((a, b) => a - b).map((id) => ({ delivery_id: id, copies: 1 })))
    })

    test("an engine that is away does not keep a process from ending", async () => {
      const outbox = createOutbox({ backend: engine.backend, clock: systemClock, log: testLog })
      await available(outbox)
      const worker = runWorker({ queue: queueNames.deliver, backend: engine.backend, concurrency: 1, log: testLog, handle: async () => undefined })
      await engine.lose()
      outbox.wake({ local: [1], remote: [] })
      await Promise.all([outbox.close(), worker.close()])
      await engine.restore()
    })

    test("an engine that is away takes nothing and says so", async () => {
      const outbox = outboxOf()
      await available(outbox)
      await engine.lose()
      outbox.wake({ local: [1], remote: [2] })
      await vi.waitFor(async () => expect(await outbox.enqueue({ local: [1], remote: [] })).toBe(false), { timeout: 10_000, interval: 20 })
      await engine.restore()
      await vi.waitFor(async () => expect(await outbox.enqueue({ local: [1], remote: [] })).toBe(true), { timeout: 20_000, interval: 50 })
    })
  })
}
