/**
 * `npm run bench`: the numbers of the main job on this machine. Starts the whole system in a folder of its own, runs each test
 * against it (and against a peer when one is named, in turn, never at the same moment), prints one line a test. It never fails
 * because a figure is low: what a figure should be depends on the machine.
 */
import { setTimeout as wait } from "node:timers/promises"
import { newAppPassword } from "../../src/accounts/credential.ts"
import type { BenchCase, Figure } from "./bench-case.ts"
import { bigMailbox } from "./cases/big-mailbox.ts"
import { circular } from "./cases/circular.ts"
import { embedded, endToEnd, oneAtATime } from "./cases/end-to-end.ts"
import { idle } from "./cases/idle.ts"
import { imapMix } from "./cases/imap-mix.ts"
import { notify10000, notifyCalls } from "./cases/notify.ts"
import { pages } from "./cases/pages.ts"
import { relay } from "./cases/relay.ts"
import { signedDecide } from "./cases/signed-decide.ts"
import { signedEcdsa, signedLarge, signedPaced, signedRsa } from "./cases/signed.ts"
import { smtpIn, smtpNewConnections, submission } from "./cases/smtp.ts"
import { machineDescription } from "./machine.ts"
import { createMeter, type Usage } from "./meter.ts"
import { type BenchOptions, readOptions, usage } from "./options.ts"
import { peerTarget } from "./peer.ts"
import { type CaseRuns, reportLine } from "./report.ts"
import { buildPrograms } from "../support/programs.ts"
import { startSystem } from "./system.ts"
import type { Target, UserPattern } from "./target.ts"

/** The idle connections first: memory is measured on a system that has done nothing else. */
const cases: readonly BenchCase[] = [idle, smtpIn, smtpNewConnections, submission, signedEcdsa, signedRsa, signedDecide, signedPaced, signedLarge, endToEnd, oneAtATime, relay, circular, imapMix, bigMailbox, notifyCalls, notify10000, pages, embedded]
/** A test that hangs must not hold up the others. */
const defaultLimitMs = 300_000

/** An app password of which the last four characters are the user's number. */
const defaultUsers = (): UserPattern => ({ address: "user%04d@bench.example", password: `${newAppPassword().replaceAll("-", "").slice(0, -4)}%04d` })

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (typeof options === "string") {
    process.stderr.write(`${options}\n${options === usage ? "" : usage}`)
    return options === usage ? 0 : 2
  }
  const unknown = options.names.find((name) => cases.every((bench) => bench.name !== name))
  if (unknown !== undefined) {
    process.stderr.write(`there is no test "${unknown}"; there are: ${cases.map(({ name }) => name).join(" ")}\n`)
    return 2
  }
  const removePrograms = await buildPrograms()
  return (options.serve ? serve(options) : runAll(options)).finally(removePrograms)
}

async function runAll(options: BenchOptions): Promise<number> {
  process.stdout.write(`${machineDescription()}\n`)
  for (const engine of ["redis", "province", "embedded"] as const) {
    const chosen = cases.filter((bench) => bench.engine === engine && (options.names.length === 0 || options.names.includes(bench.name)))
    if (chosen.length > 0) await runOn(engine, chosen, options)
  }
  return 0
}

async function runOn(engine: BenchCase["engine"], chosen: readonly BenchCase[], options: BenchOptions): Promise<void> {
  const system = await startSystem({ redis: engine !== "embedded", seed: engine === "province", users: defaultUsers() })
  const ended = stopOnSignal()
  try {
    process.stdout.write(system.withRedis ? "PostgreSQL (embedded, fsync on), Redis (append-only)\n" : "PostgreSQL (embedded, fsync on), no Redis\n")
    const peer = options.peer && engine === "redis" ? peerTarget(options.peer) : undefined
    for (const bench of chosen) await Promise.race([runCase(bench, { target: system.target, peer, runs: runsOf(bench, options.runs) }), ended])
  } finally {
    await system.stop()
  }
}

/** A test that runs once by itself runs once whatever was asked: memory per connection can only be read on a system that has not had so many before. */
const runsOf = (bench: BenchCase, asked: number | undefined): number => (bench.runs === 1 ? 1 : (asked ?? bench.runs))

async function runCase(bench: BenchCase, { target, peer, runs }: { readonly target: Target; readonly peer: Target | undefined; readonly runs: number }): Promise<void> {
  process.stdout.write(`\n${bench.title}\n`)
  const ours = emptyRuns()
  const theirs = emptyRuns()
  for (let run = 0; run < runs; run++) {
    await runOnce(bench, target, ours)
    if (peer) await runOnce(bench, peer, theirs)
  }
  if (ours.figures.length > 0) process.stdout.write(`${reportLine(bench, ours, theirs.figures.length > 0 ? theirs : undefined)}\n`)
}

interface GrowingRuns extends CaseRuns {
  readonly figures: (readonly Figure[])[]
  readonly usages: Usage[]
}

const emptyRuns = (): GrowingRuns => ({ figures: [], usages: [] })

async function runOnce(bench: BenchCase, target: Target, runs: GrowingRuns): Promise<void> {
  const meter = createMeter(target)
  const tooLong = new AbortController()
  const { limitMs = defaultLimitMs } = bench
  try {
    const figures = await Promise.race([
      bench.run(target, meter),
      wait(limitMs, undefined, { signal: tooLong.signal }).then(() => Promise.reject(new Error(`gave up after ${limitMs / 1000} s`))),
    ])
    runs.figures.push(figures)
    runs.usages.push(meter.usage)
  } catch (error) {
    process.stdout.write(`${bench.name.padEnd(14)}${target.name}: ${error instanceof Error ? error.message : String(error)}\n`)
  } finally {
    tooLong.abort()
  }
  await target.settled().catch((error: unknown) => process.stdout.write(`${bench.name.padEnd(14)}${target.name}: ${String(error)}\n`))
}

async function serve({ redis, users = defaultUsers() }: BenchOptions): Promise<number> {
  const system = await startSystem({ redis, users })
  process.stdout.write(`${JSON.stringify({ ...system.target.ports, dataDir: system.dataDir, redis: system.withRedis, ...users, pids: system.pids })}\n`)
  await stopOnSignal().catch(() => undefined)
  await system.stop()
  return 0
}

/** Rejects at Ctrl-C, so that what was started is stopped. */
const stopOnSignal = (): Promise<never> =>
  new Promise((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => reject(new Error(`stopped by ${signal}`)))
  })

process.exit(await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 1
}))
