import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Redis } from "ioredis"
import { freeLoopbackPort } from "./free-port.ts"

/** A private Redis on a loopback port that a test may kill and bring back empty. */
export interface RedisServer {
  readonly url: string
  /** SIGKILL: nothing is saved. */
  kill(): Promise<void>
  /** Starts again on the same port, empty. */
  start(): Promise<void>
  stop(): Promise<void>
}

const hasRedisServer = (): boolean => spawnSync("redis-server", ["--version"]).status === 0

/** Why tests on Redis cannot run here, undefined when they can. */
export const redisUnavailable = (): string | undefined => {
  if (hasRedisServer() || process.env["REDIS_URL"]) return undefined
  const reason = "no redis-server on PATH and no REDIS_URL: tests of the Redis adapters are skipped (apt-get install redis-server)"
  console.warn(reason)
  return reason
}

/** A Redis of somebody else's, which a test may use and not stop. */
const givenRedis = (url: string): RedisServer => {
  const refuse = (): Promise<never> => Promise.reject(new Error("the Redis of REDIS_URL is not ours to stop"))
  return { url, kill: refuse, start: refuse, stop: () => Promise.resolve() }
}

export async function startRedisServer(): Promise<RedisServer> {
  const given = process.env["REDIS_URL"]
  if (given && !hasRedisServer()) return givenRedis(given)
  const dir = await mkdtemp(join(tmpdir(), "congthu-redis-"))
  const port = await freeLoopbackPort()
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  const answers = async (): Promise<void> => {
    const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20, lazyConnect: true })
    client.on("error", () => undefined)
    client.connect().catch(() => undefined)
    await client.ping()
    client.disconnect()
  }
  const start = async (): Promise<void> => {
    child = spawn("redis-server", ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir], { stdio: "ignore" })
    await answers()
  }
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<void> => {
    const running = child
    child = undefined
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const exited = once(running, "exit")
    running.kill(signal)
    await exited
  }
  await start()
  return {
    url,
    start,
    kill: () => end("SIGKILL"),
    async stop() {
      await end("SIGTERM")
      await rm(dir, { recursive: true, force: true })
    },
  }
}
