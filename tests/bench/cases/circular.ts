import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, type Figure, milliseconds } from "../bench-case.ts"
import type { ImapClient } from "../imap-client.ts"
import { letterWithAttachment } from "../messages.ts"
import { inParallel } from "../samples.ts"
import { addressOf, benchUsers, type DiskUse, openMailbox, openRelay, outsider } from "../target.ts"

/** One circular to everybody: a 5 MB attachment, 1,000 recipients a transaction. */
const attachmentBytes = 5 * 1024 * 1024
const recipientsAtOnce = 1000

export const circular: BenchCase = {
  name: "circular",
  title: `Circular: 5 MB attachment to ${benchUsers} mailboxes`,
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const readers: { client: ImapClient; before: number }[] = []
    await inParallel(benchUsers, 32, async (index) => {
      const client = await openMailbox(target, index + 1)
      readers.push({ client, before: await client.countMessages("INBOX") })
    })
    const sender = await openRelay(target)
    const message = letterWithAttachment({ from: outsider, to: "circular@bench.example", bytes: attachmentBytes })
    const disk = target.diskBytes()
    let acceptedMs = 0
    const ms = await meter.during(benchUsers, async () => {
      const from = performance.now()
      const sending = (async () => {
        for (let first = 0; first < benchUsers; first += recipientsAtOnce) {
          const recipients = Array.from({ length: Math.min(recipientsAtOnce, benchUsers - first) }, (_, at) => addressOf(target, first + at + 1))
          await sender.send({ reversePath: outsider, recipients, message })
        }
        acceptedMs = performance.now() - from
      })()
      await Promise.all([
        sending,
        inParallel(readers.length, 8, async (index) => {
          const reader = readers[index]
          while (reader && (await reader.client.countMessages("INBOX")) <= reader.before) await wait(50)
        }),
      ])
    })
    for (const { client } of readers) client.close()
    sender.close()
    return [milliseconds("last visible", ms), milliseconds("accepted", acceptedMs), ...growth(disk, target.diskBytes())]
  },
}

const growth = (before: DiskUse | undefined, after: DiskUse | undefined): Figure[] => {
  if (!before || !after) return []
  const grown = (name: string, bytes: number): Figure => ({ name, value: bytes / 1e6, unit: "MB", better: "less" })
  return [grown("disk", after.data - before.data), grown("log segments", after.log - before.log)]
}
