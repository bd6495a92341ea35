import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, milliseconds, perSecond } from "../bench-case.ts"
import { message } from "../messages.ts"
import { inParallel } from "../samples.ts"
import { addressOf, openSubmission } from "../target.ts"
import { openAll } from "./smtp.ts"

/** From submission to another server: accepted, committed, signed where a key is there, and handed over with TLS. */
const bytes = 10_240
const connections = 20

export const relay: BenchCase = {
  name: "relay",
  title: "Relayed to another server with TLS, 10 KB, submitted on 20 connections",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const { sink } = target
    if (!sink) throw new Error("only where the destination is ours")
    const count = 3000
    const clients = await openAll(connections, (lane) => openSubmission(target, lane + 1))
    let sentBytes = 0
    const send = async (index: number, lane: number): Promise<void> => {
      const [from, to] = [addressOf(target, lane + 1), `nguoi${index % 500}@sink.example`]
      const letter = message({ from, to, bytes })
      sentBytes += letter.length
      await clients[lane]?.send({ reversePath: from, recipients: [to], message: letter })
    }
    const arrived = async (wanted: number): Promise<void> => {
      while ((await sink.counts()).messages < wanted) await wait(5)
    }
    const first = await sink.counts()
    await inParallel(100, connections, send)
    await arrived(first.messages + 100)
    const before = await sink.counts()
    sentBytes = 0
    let acceptedMs = 0
    const ms = await meter.during(count, async () => {
      const from = performance.now()
      await inParallel(count, connections, send)
      acceptedMs = performance.now() - from
      await arrived(before.messages + count)
    })
    await Promise.all(clients.map((client) => client.quit()))
    await target.settled()
    const after = await sink.counts()
    // a message too many is as wrong as one that is missing
    if (after.messages !== before.messages + count) throw new Error(`${after.messages - before.messages} messages arrived where ${count} were sent`)
    if (after.bytes - before.bytes < sentBytes) throw new Error("bytes were lost")
    if (after.inClear > 0) throw new Error(`${after.inClear} messages came without TLS`)
    return [
      perSecond("relayed", count, ms), perSecond("accepted", count, acceptedMs), milliseconds("behind", ms - acceptedMs),
      { name: "per connection", value: count / Math.max(after.connections - before.connections, 1), unit: "messages", better: "more" },
      { name: "unsigned", value: after.unsigned - before.unsigned, unit: "messages", better: "less" },
    ]
  },
}
