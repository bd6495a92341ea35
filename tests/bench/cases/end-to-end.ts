import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, milliseconds, perSecond } from "../bench-case.ts"
import { message } from "../messages.ts"
import type { Meter } from "../meter.ts"
import { inParallel, Samples, timed } from "../samples.ts"
import { addressOf, openMailbox, openRelay, outsider, type Target } from "../target.ts"
import { openAll } from "./smtp.ts"

/** From SMTP to what an IMAP client sees. */
const bytes = 10_240
const connections = 20
const mailboxes = 100

const delivered = (engine: BenchCase["engine"], name: string, count: number): BenchCase => ({
  name,
  title: `Delivered end to end, 10 KB, ${mailboxes} mailboxes${engine === "embedded" ? ", embedded defaults without Redis" : ""}`,
  engine,
  runs: 3,
  run: (target, meter) => deliver(target, meter, count),
})

export const endToEnd = delivered("redis", "e2e", 3000)
export const embedded = delivered("embedded", "embedded", 2000)

async function deliver(target: Target, meter: Meter, count: number) {
  const readers = await openAll(mailboxes, (index) => openMailbox(target, index + 1))
  const before = await Promise.all(readers.map((reader) => reader.countMessages("INBOX")))
  const senders = await openAll(connections, () => openRelay(target))
  let acceptedMs = 0
  const ms = await meter.during(count, async () => {
    const from = performance.now()
    await inParallel(count, connections, async (index, lane) => {
      const to = addressOf(target, 1 + (index % mailboxes))
      await senders[lane]?.send({ reversePath: outsider, recipients: [to], message: message({ from: outsider, to, bytes }) })
    })
    acceptedMs = performance.now() - from
    // one reader at a time, so that asking is no load to speak of
    for (const [index, reader] of readers.entries()) {
      const wanted = (before[index] ?? 0) + Math.floor(count / mailboxes)
      while ((await reader.countMessages("INBOX")) < wanted) await wait(5)
    }
  })
  for (const client of [...readers, ...senders]) client.close()
  return [perSecond("delivered", count, ms), perSecond("accepted", count, acceptedMs)]
}

export const oneAtATime: BenchCase = {
  name: "single",
  title: "One message at a time: from its first byte until visible in IMAP",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 200
    await warmUp(target)
    const reader = await openMailbox(target, 1)
    await reader.select("INBOX")
    const sender = await openRelay(target)
    const to = addressOf(target, 1)
    const visible = new Samples()
    await meter.during(count, async () => {
      for (let sent = 0; sent < count; sent++) {
        const before = reader.exists
        const letter = { reversePath: outsider, recipients: [to], message: message({ from: outsider, to, bytes }) }
        const { ms } = await timed(async () => {
          await sender.send(letter)
          for (;;) {
            await reader.command("NOOP")
            if (reader.exists > before) return
            await wait(1)
          }
        })
        visible.add(ms)
        await wait(20)
      }
    })
    for (const client of [reader, sender]) client.close()
    return [milliseconds("p50", visible.p50), milliseconds("p99", visible.p99)]
  },
}

/** A server that has just started still compiles its code; what is asked here is how quick it is at work. */
async function warmUp(target: Target): Promise<void> {
  const senders = await openAll(connections, () => openRelay(target))
  await inParallel(1000, connections, async (index, lane) => {
    const to = addressOf(target, 2 + (index % mailboxes))
    await senders[lane]?.send({ reversePath: outsider, recipients: [to], message: message({ from: outsider, to, bytes }) })
  })
  for (const sender of senders) sender.close()
  await target.settled()
}
