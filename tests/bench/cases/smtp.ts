import { type BenchCase, milliseconds, perSecond } from "../bench-case.ts"
import { message } from "../messages.ts"
import { inParallel, Samples } from "../samples.ts"
import type { SmtpClient } from "../smtp-client.ts"
import { addressOf, benchUsers, openRelay, openSubmission, outsider, type Target } from "../target.ts"

/** SMTP in: how many messages a second become durable at 250, over kept connections, over new ones, and submitted. */
const bytes = 10_240
const connections = 20

const letterTo = (target: Target, index: number, from: string) => {
  const to = addressOf(target, 1 + ((index * 7) % benchUsers))
  return { reversePath: from, recipients: [to], message: message({ from, to, bytes }) }
}

export const smtpIn: BenchCase = {
  name: "smtp",
  title: "SMTP in, 10 KB, 20 connections, durable at 250",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 4000
    const clients = await openAll(connections, () => openRelay(target))
    const latency = new Samples()
    const send = (index: number, lane: number) => send1(clients[lane], letterTo(target, index, outsider))
    await inParallel(100, connections, async (index, lane) => void (await send(index, lane)))
    const ms = await meter.during(count, () => inParallel(count, connections, async (index, lane) => latency.add(await send(index, lane))))
    await Promise.all(clients.map((client) => client.quit()))
    return [perSecond("accepted", count, ms), milliseconds("p50", latency.p50), milliseconds("p99", latency.p99)]
  },
}

export const smtpNewConnections: BenchCase = {
  name: "smtp-new",
  title: "SMTP in, 10 KB, a new connection for each message, 200 at once",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 3000
    const latency = new Samples()
    const ms = await meter.during(count, () =>
      inParallel(count, 200, async (index) => {
        const client = await openRelay(target)
        latency.add(await client.send(letterTo(target, index, outsider)))
        await client.quit()
      }),
    )
    return [perSecond("accepted", count, ms), milliseconds("p99", latency.p99)]
  },
}

export const submission: BenchCase = {
  name: "submission",
  title: "Submission, STARTTLS and AUTH with an app password, 10 KB, 20 connections",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 3000
    const clients = await openAll(connections, (lane) => openSubmission(target, lane + 1))
    const latency = new Samples()
    const send = (index: number, lane: number) => send1(clients[lane], letterTo(target, index, addressOf(target, lane + 1)))
    await inParallel(100, connections, async (index, lane) => void (await send(index, lane)))
    const ms = await meter.during(count, () => inParallel(count, connections, async (index, lane) => latency.add(await send(index, lane))))
    await Promise.all(clients.map((client) => client.quit()))
    return [perSecond("accepted", count, ms), milliseconds("p99", latency.p99)]
  },
}

export const openAll = <T>(count: number, open: (index: number) => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, (_, index) => open(index)))

const send1 = (client: SmtpClient | undefined, letter: Parameters<SmtpClient["send"]>[0]): Promise<number> =>
  client ? client.send(letter) : Promise.reject(new Error("no connection for this lane"))
