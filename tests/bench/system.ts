import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { loadConfig } from "../../src/config/load.ts"
import { findDatabaseUrl } from "../../src/store/sql/connect.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { program } from "../support/programs.ts"
import { provisionCertificates } from "./certificates.ts"
import { openNotifyTarget } from "./notify-target.ts"
import { cpuSecondsByRole, memoryKiBByRole } from "./processes.ts"
import { provision } from "./provision.ts"
import { type LongTurn, provisionProvince } from "./province.ts"
import { startSink } from "./sink.ts"
import { startRedis } from "./redis.ts"
import { openRoleApp } from "./role-app.ts"
import { benchSigners, benchUsers, diskUseOf, type Target, type UserPattern } from "./target.ts"

/**
 * The whole system as `npm start` runs it, in a folder of its own on ports of its own, with the bench users or the seeded province in its directory.
 * Only limits differ from the defaults: one address sends what a province sends.
 */
export interface BenchSystem {
  readonly target: Target
  readonly dataDir: string
  readonly withRedis: boolean
  /** Everything below these is the system. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

export interface SystemOptions {
  readonly redis: boolean
  readonly users: UserPattern
  /** The seeded province in the place of the bench users. */
  readonly seed?: boolean
}

const configuration = `hostname: mail.bench.example
listen: { host: 127.0.0.1, smtp: 0, submission: 0, submissions: 0, imap: 0, imaps: 0, https: 0, metrics: 0 }
smtp: { messagesPerHour: 1000000, maxConnections: 5000, maxConnectionsPerAddress: 5000, maxRecipients: 3000 }
outbound: { strangersPerHour: 0, recipientsPerHour: 1000000, suddenAbove: 0 }
imap: { maxConnections: 10000, maxConnectionsPerAddress: 10000 }
notifications: { callsPerMinute: 0, recipientsPerHour: 0 }
api: { requestsPerMinute: 0 }
console: { requestsPerMinute: 0 }
demo: { seed: false }
log: { level: warn }
`
const turnWatch = new URL("./turn-watch.ts", import.meta.url).href
const startMs = 180_000
const settleMs = 120_000

export async function startSystem({ redis: wantsRedis, users, seed = false }: SystemOptions): Promise<BenchSystem> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-bench-"))
  const file = join(dir, "bench.yaml")
  const dataDir = join(dir, "data")
  const sink = await startSink()
  await writeFile(file, `${configuration}delivery: { smarthost: "127.0.0.1:${sink.port}" }\n`)
  const loaded = loadConfig({ file, dataDir, env: {} })
  if (!loaded.ok) throw new Error(loaded.failure.map(({ key, reason }) => `${key}: ${reason}`).join("; "))
  const logins = seed ? await provisionProvince(loaded.value.config) : undefined
  if (!seed) await provision(loaded.value.config, users, benchUsers)
  const signingKeys = seed ? undefined : await provisionCertificates(loaded.value.config, users, benchSigners)
  const redis = wantsRedis ? await startRedis(join(dir, "redis")) : undefined
  const { PATH } = process.env
  const turnsFile = join(dir, "turns")
  const nodeOptions = [process.env["NODE_OPTIONS"], seed ? `--import=${turnWatch}` : undefined].filter((option) => option !== undefined).join(" ")
  const settings = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("CONGTHU_") && !name.startsWith("CONGTHU_LISTEN_")))
  const child = spawn(process.execPath, [program("main"), "--config", file, "--data-dir", dataDir], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH, ...settings, ...(nodeOptions !== "" && { NODE_OPTIONS: nodeOptions }), ...(seed && { BENCH_TURNS_FILE: turnsFile }), ...(redis && { REDIS_URL: redis.url }) },
  })
  const exited = once(child, "exit")
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM")
    await exited
    await redis?.stop()
    await sink.stop()
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }
  const portsFile = join(dataDir, "run", "ports.json")
  const ports = await Promise.race([readWhenThere(portsFile), exited.then(() => undefined)])
  if (!ports || !(await healthy(ports["metrics"] ?? 0))) {
    await stop()
    throw new Error("the system did not start")
  }
  const database = openDatabase({ url: findDatabaseUrl(loaded.value.config) ?? "", poolSize: 1, applicationName: "congthu bench" })
  const pids = [child.pid ?? 0, ...(redis ? [redis.pid] : [])]
  const target: Target = {
    name: redis ? "congthu" : "congthu, embedded only",
    host: "127.0.0.1",
    ports: { smtp: ports["smtp"] ?? 0, submission: ports["submission"] ?? 0, imaps: ports["imaps"] ?? 0 },
    users,
    ...(signingKeys && { signingKeys }),
    ...(logins && { province: { ...logins, database, httpsPort: ports["https"] ?? 0, longTurns: turnReader(turnsFile) } }),
    sink,
    openNotifications: () => openNotifyTarget({ database, port: ports["https"] ?? 0 }),
    openRoleApp: () => openRoleApp({ ...loaded.value.config, redis: { url: redis?.url ?? "" } }),
    loopDelayMs: (role) => loopDelayOf(ports["metrics"] ?? 0, role),
    cpuSeconds: () => cpuSecondsByRole(pids),
    memoryKiB: () => memoryKiBByRole(pids),
    diskBytes: () => diskUseOf(dataDir),
    async settled() {
      for (let waited = 0; waited < settleMs; waited += 100) {
        const [row] = await database.query<{ waiting: number }>({ text: "SELECT count(*) + (SELECT count(*) FROM notification WHERE state = 'waiting') AS waiting FROM delivery WHERE state IN ('waiting', 'deferred') AND next_attempt_at < now() + interval '1 hour'" })
        if (row?.waiting === 0) return
        await wait(100)
      }
      throw new Error(`deliveries still wait after ${settleMs / 1000} s`)
    },
  }
  return {
    target,
    dataDir,
    withRedis: redis !== undefined,
    pids,
    async stop() {
      await database.close()
      await stop()
    },
  }
}

/** What turn-watch.ts has written since this was asked last. */
function turnReader(file: string): () => Promise<readonly LongTurn[]> {
  let read = 0
  return async () => {
    const lines = (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean)
    const fresh = lines.slice(read).map((line) => JSON.parse(line) as LongTurn)
    read = lines.length
    return fresh
  }
}

async function loopDelayOf(port: number, role: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const seconds = new RegExp(`^congthu_nodejs_eventloop_lag_max_seconds\\{[^}]*role="${role}"[^}]*\\} (\\S+)`, "m").exec(text)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

/** Every process serves, those that are started after the first ones too. */
async function healthy(port: number): Promise<boolean> {
  for (let waited = 0; waited < startMs; waited += 100) {
    if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return true
    await wait(100)
  }
  return false
}

/** The system writes it when it is ready; undefined when that takes too long. */
async function readWhenThere(file: string): Promise<Readonly<Record<string, number>> | undefined> {
  for (let waited = 0; waited < startMs; waited += 100) {
    try {
      return JSON.parse(await readFile(file, "utf8")) as Readonly<Record<string, number>>
    } catch {
      await wait(100)
    }
  }
  return undefined
}
