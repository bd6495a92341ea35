import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { type RedisServer, redisUnavailable, startRedisServer } from "../support/redis-server.ts"
import { health, until } from "../support/running-system.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { makeProvince } from "./province.ts"
import { type Random, seededRandom } from "./random.ts"
import { read } from "./reader.ts"
import { type Sent, submit } from "./submitter.ts"
import { drain, verifyMessages, verifyStore } from "./verify.ts"

/**
 * The crash test: clients send and read while roles, PostgreSQL and Redis are killed with SIGKILL at random instants.
 * At the end every message that was answered with 250 is there exactly once, byte for byte.
 */
export interface CrashOptions {
  readonly kills: number
  readonly seed: number
  /** Queues and feed on a private Redis that is killed and emptied too, or on PostgreSQL. */
  readonly withRedis: boolean
  /** Rest of each client after a message: beside other tests, so that the clients do not take all of the machine. Absent: none. */
  readonly restMs?: number
  /** Of a system that has ended, to be removed; a first start in a new one when absent. */
  readonly dataDir?: string
  readonly say: (line: string) => void
}

export interface CrashResult {
  readonly problems: readonly string[]
  readonly sent: number
  readonly acknowledged: number
  readonly delivered: number
  /** How often the readers read, marked or moved something. */
  readonly rounds: number
  readonly kills: Readonly<Record<string, number>>
}

const submitters = 4
const readers = 3

export async function runCrash({ kills, seed, withRedis, restMs, dataDir, say }: CrashOptions): Promise<CrashResult> {
  const random = seededRandom(seed)
  const redis = withRedis && !redisUnavailable() ? await startRedisServer() : undefined
  const system = await startTestSystem({ ...(dataDir !== undefined && { dataDir }), env: { CONGTHU_DELIVERY_SWEEP: "500ms", CONGTHU_IMAP_PROCESSES: "2", CONGTHU_SMTP_PROCESSES: "2", CONGTHU_SMTP_MAX_CONNECTIONS_PER_ADDRESS: "1000", ...(redis && { REDIS_URL: redis.url }) } })
  const database = openDatabase({ url: system.databaseUrl, poolSize: 2, applicationName: "crash test" })
  try {
    const accounts = await makeProvince(database, 8, await loadOrCreateKey(join(system.dataDir, "keys/credential.key")))
    const stop = new AbortController()
    const ledger: Sent[] = []
    const violations: string[] = []
    const clients = Promise.all([
      ...Array.from({ length: submitters }, (_, n) => submit({ port: system.ports.smtp, accounts, random: seededRandom(seed + 1 + n), ledger, signal: stop.signal, restMs })),
      ...accounts.slice(0, readers).map((account, n) => read({ port: system.ports.imaps, account, random: seededRandom(seed + 100 + n), signal: stop.signal, violations })),
    ])
    await untilAcknowledged(ledger, 10)
    const killed: Record<string, number> = {}
    for (let n = 0; n < kills; n++) {
      // the system has come back from the last blow; now an instant of this one's own choosing
      await untilAcknowledged(ledger, acknowledged(ledger) + 5 + random.below(40))
      await pause(random.below(100))
      const victim = await killOne(system, redis, random)
      killed[victim] = (killed[victim] ?? 0) + 1
      say(`kill ${n + 1}/${kills}: ${victim}; ${acknowledged(ledger)} of ${ledger.length} messages acknowledged`)
    }
    await untilAcknowledged(ledger, acknowledged(ledger) + 10)
    stop.abort()
    const rounds = (await clients).reduce<number>((sum, count) => sum + (count ?? 0), 0)
    const left = await drain(database, 120_000)
    // a role that was killed twice in a row is started again after a pause
    await until(async () => (await health(system.ports)).ok, 30_000)
    const problems = [...violations, ...(left === 0 ? [] : [`${left} deliveries still wait`]), ...(await verifyMessages(system.ports.imaps, accounts, ledger)), ...(await verifyStore(database, join(system.dataDir, "blobs")))]
    const [delivered] = await database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM delivery WHERE state = 'delivered'" })
    return { problems, sent: ledger.length, acknowledged: acknowledged(ledger), delivered: delivered?.n ?? -1, rounds, kills: killed }
  } finally {
    await database.close()
    await system.stop()
    await redis?.stop()
    await system.remove()
  }
}

async function killOne(system: TestSystem, redis: RedisServer | undefined, random: Random): Promise<string> {
  if (redis && random.below(5) === 0) {
    await redis.kill()
    await pause(random.below(1_000))
    await redis.start()
    return "redis"
  }
  const alive = [...system.processes()].filter(([name]) => name !== "web")
  if (alive.length === 0) return "nobody"
  const [name, pid] = random.pick(alive)
  process.kill(pid, "SIGKILL")
  return name
}

const acknowledged = (ledger: readonly Sent[]): number => ledger.filter((sent) => sent.acknowledged).length

/** Messages go through (again): the proof that the system has come back by itself. */
async function untilAcknowledged(ledger: readonly Sent[], wanted: number): Promise<void> {
  for (let waited = 0; acknowledged(ledger) < wanted; waited += 50) {
    if (waited > 30_000) throw new Error("the system takes no messages")
    await pause(50)
  }
}
