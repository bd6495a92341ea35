import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, type Figure, milliseconds, perSecond } from "../bench-case.ts"
import type { BenchKeyType } from "../certificates.ts"
import { letterWithAttachment, message } from "../messages.ts"
import { inParallel, Samples, timed } from "../samples.ts"
import { signLetter } from "../sign-letter.ts"
import type { Letter, SmtpClient } from "../smtp-client.ts"
import { addressOf, benchUsers, openSubmission, type Target } from "../target.ts"
import { openAll } from "./smtp.ts"

/** Signed mail, submitted by its holders: what verifying and deciding cost, and what they add to the reply. */
const bytes = 20_480
const connections = 20

export interface Written {
  readonly letter: Letter
  readonly lane: number
}

/** Letters of the users whose certificates are registered, none like another; signed before the clock runs. */
export async function writeLetters(target: Target, count: number, keyType: BenchKeyType | null): Promise<readonly Written[]> {
  const { signingKeys } = target
  if (!signingKeys) throw new Error("its users have no certificates that we could sign with")
  const written: Written[] = []
  for (let index = 0; index < count; index++) {
    const lane = index % connections
    const from = addressOf(target, lane + 1)
    const to = addressOf(target, 1 + ((index * 7) % benchUsers))
    const unsigned = message({ from, to, bytes })
    const key = keyType && signingKeys[keyType][lane]
    written.push({ lane, letter: { reversePath: from, recipients: [to], message: key ? await signLetter(unsigned, key) : unsigned } })
  }
  return written
}

const openSenders = (target: Target): Promise<SmtpClient[]> => openAll(connections, (lane) => openSubmission(target, lane + 1))

const send = async (senders: readonly SmtpClient[], { letter, lane }: Written): Promise<number> => {
  const sender = senders[lane]
  if (!sender) throw new Error("no connection for this lane")
  return sender.send(letter)
}

/** Each lane sends its own users' letters, so that the account, the connection and the key are one person's. */
const sendAll = (senders: readonly SmtpClient[], letters: readonly Written[], heard: (ms: number) => void): Promise<void> => {
  const byLane = Map.groupBy(letters, ({ lane }) => lane)
  return inParallel(connections, connections, async (lane) => {
    for (const one of byLane.get(lane) ?? []) heard(await send(senders, one))
  })
}

const throughput = (name: string, keyType: BenchKeyType, algorithm: string): BenchCase => ({
  name,
  title: `Submission of signed messages, ${algorithm}, 20 KB, 20 connections: verified, decided, durable at 250`,
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = 2000
    const letters = await writeLetters(target, count + 200, keyType)
    const senders = await openSenders(target)
    const latency = new Samples()
    await sendAll(senders, letters.slice(count), () => undefined)
    const ms = await meter.during(count, () => sendAll(senders, letters.slice(0, count), (one) => latency.add(one)))
    await Promise.all(senders.map((sender) => sender.quit()))
    return [perSecond("accepted", count, ms), milliseconds("p50", latency.p50), milliseconds("p99", latency.p99)]
  },
})

export const signedEcdsa = throughput("signed", "P-256", "ECDSA P-256")
export const signedRsa = throughput("signed-rsa", "rsa2048", "RSA 2048")

const pacedPerSecond = 50
const pacedSeconds = 20

export const signedPaced: BenchCase = {
  name: "signed-pace",
  title: `Submission of ${pacedPerSecond} messages a second, 20 KB, for ${pacedSeconds} s each: unsigned, then signed (ECDSA P-256)`,
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const count = pacedPerSecond * pacedSeconds
    const senders = await openSenders(target)
    const unsigned = await writeLetters(target, count + 300, null)
    const signed = await writeLetters(target, count + 300, "P-256")
    for (const letters of [unsigned, signed]) await sendAll(senders, letters.slice(count), () => undefined)
    const plain = await paced(senders, unsigned.slice(0, count))
    let verified = new Samples()
    await meter.during(count, async () => {
      verified = await paced(senders, signed.slice(0, count))
    })
    await Promise.all(senders.map((sender) => sender.quit()))
    return [
      milliseconds("unsigned p50", plain.p50), milliseconds("unsigned p99", plain.p99), milliseconds("signed p50", verified.p50), milliseconds("signed p99", verified.p99),
      milliseconds("added p50", verified.p50 - plain.p50), milliseconds("added p99", verified.p99 - plain.p99),
    ]
  },
}

/** Each at its time; one whose connection is still busy then goes when it is free, and has waited since its time. */
async function paced(senders: readonly SmtpClient[], letters: readonly Written[]): Promise<Samples> {
  const latency = new Samples()
  const from = performance.now()
  const free = new Map<number, Promise<void>>()
  for (const [index, written] of letters.entries()) {
    const due = from + (index * 1000) / pacedPerSecond
    const early = due - performance.now()
    if (early > 0) await wait(early)
    const before = free.get(written.lane)
    const sent = async (): Promise<void> => {
      await before
      const late = Math.max(0, performance.now() - due)
      latency.add(late + (await send(senders, written)))
    }
    free.set(written.lane, sent())
  }
  await Promise.all(free.values())
  return latency
}

/** In base64, with the signature around it, just below the 50 MiB that are accepted. */
const attachmentBytes = 37_500_000

export const signedLarge: BenchCase = {
  name: "signed-big",
  title: "One signed message of 50 MB, and what others wait meanwhile",
  engine: "redis",
  runs: 3,
  async run(target, meter) {
    const [sender, other] = await Promise.all([openSubmission(target, 1), openSubmission(target, 2)])
    const key = target.signingKeys?.["P-256"][0]
    if (!key) throw new Error("its users have no certificates that we could sign with")
    const from = addressOf(target, 1)
    const letter = { reversePath: from, recipients: [addressOf(target, 3)], message: await signLetter(letterWithAttachment({ from, to: from, bytes: attachmentBytes }), key) }
    const small = async (): Promise<Letter> => ({ ...letter, message: await signLetter(message({ from, to: from, bytes }), key) })
    // the threads that verify start with the first
    for (let warm = 0; warm < 20; warm++) await sender.send(await small())
    const idle = new Samples()
    for (let count = 0; count < 500; count++) await askNow(other, idle)
    await target.loopDelayMs?.("smtp")
    const waits = new Samples()
    let acceptedMs = 0
    await meter.during(1, async () => {
      const accepted = new AbortController()
      const sent = sender.send(letter).then((ms) => (acceptedMs = ms)).finally(() => accepted.abort())
      while (!accepted.signal.aborted) await askNow(other, waits)
      await sent
    })
    const delayMs = await target.loopDelayMs?.("smtp")
    for (const client of [sender, other]) client.close()
    return [
      milliseconds("accepted in", acceptedMs), milliseconds("another's NOOP p50", waits.p50), milliseconds("p99", waits.p99), milliseconds("max", waits.quantile(1)), milliseconds("max before", idle.quantile(1)),
      ...(delayMs === undefined ? [] : [longestTurn(delayMs)]),
    ]
  },
}

/** As the process itself sees it: by a timer of 10 ms, which is part of the figure. */
const longestTurn = (ms: number): Figure => milliseconds("timer of 10 ms late at most", ms)

async function askNow(client: SmtpClient, waits: Samples): Promise<void> {
  waits.add((await timed(() => client.noop())).ms)
  await wait(1)
}
