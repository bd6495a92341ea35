import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, type Figure, milliseconds, perSecond } from "../bench-case.ts"
import type { ImapClient } from "../imap-client.ts"
import { message } from "../messages.ts"
import { inParallel, Samples, timed } from "../samples.ts"
import { addressOf, openMailbox, openRelay, outsider, type Target } from "../target.ts"

/** Many mail clients that wait over TLS: what each costs, and how soon it hears of a new message after the sender's 250. */
const sessions = 2000
const warming = 400
const notified = 100
/** What signing in needed is given back by then. */
const settleMs = 5_000

const memoryOf = (target: Target): number => [...target.memoryKiB().values()].reduce((sum, kib) => sum + kib, 0)

async function openIdle(target: Target, count: number): Promise<readonly ImapClient[]> {
  const clients: ImapClient[] = []
  await inParallel(count, 50, async (index) => {
    const client = await openMailbox(target, index + 1)
    await client.select("INBOX")
    await client.idle()
    clients[index] = client
  })
  return clients
}

export const idle: BenchCase = {
  name: "idle",
  title: `${sessions} idle connections over TLS`,
  engine: "redis",
  runs: 1,
  async run(target, meter) {
    // caches that any number of connections fills, PostgreSQL's among them, are no cost of each
    for (const client of await openIdle(target, warming)) client.close()
    await wait(settleMs)
    const before = memoryOf(target)
    const { ms, value: clients } = await timed(() => openIdle(target, sessions))
    await wait(settleMs)
    const each: Figure = { name: "memory each", value: (memoryOf(target) - before) / sessions, unit: "KiB", better: "less" }
    const sender = await openRelay(target)
    const latency = new Samples()
    await meter.during(notified, async () => {
      for (let sent = 0; sent < notified; sent++) {
        const index = (sent * 37) % sessions
        const to = addressOf(target, index + 1)
        const client = clients[index]
        if (!client) continue
        const told = new Promise<number>((resolve) => (client.onMore = () => resolve(performance.now())))
        await sender.send({ reversePath: outsider, recipients: [to], message: message({ from: outsider, to, bytes: 4_096 }) })
        const accepted = performance.now()
        latency.add(Math.max(0, (await told) - accepted))
        await wait(20)
      }
    })
    for (const client of [...clients, sender]) client.close()
    return [...(before > 0 ? [each] : []), milliseconds("notify p50", latency.p50), milliseconds("notify p99", latency.p99), perSecond("sign in, SELECT, IDLE", sessions, ms)]
  },
}
