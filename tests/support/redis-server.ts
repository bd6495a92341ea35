import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { accessSync, constants } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"

/** A Redis for one test file: a private one that can be killed and come back empty, when `redis-server` is on PATH. */
export interface TestRedis {
  readonly url: string
  /** SIGKILL: everything it had is gone. */
  kill(): Promise<void>
  /** Starts it again, empty, on the same port. */
  restart(): Promise<void>
  close(): Promise<void>
}

export const redisServerPath: string | undefined = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((dir) => join(dir, "redis-server"))
  .find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** Why tests of the Redis adapters are skipped, or undefined when they run. */
export const redisSkipReason: string | undefined =
  redisServerPath !== undefined || process.env["REDIS_URL"] ? undefined : "tests of the Redis adapters are skipped: there is no redis-server on PATH and REDIS_URL is not set"

if (redisSkipReason) console.warn(redisSkipReason)

export async function startTestRedis(): Promise<TestRedis> {
  if (redisServerPath === undefined) {
    const url = process.env["REDIS_URL"]
    if (!url) throw new Error(redisSkipReason)
    const notOurs = (): Promise<void> => Promise.reject(new Error("the Redis of REDIS_URL is not ours to stop"))
    return { url, kill: notOurs, restart: notOurs, close: () => Promise.resolve() }
  }
  const path = redisServerPath
  const dir = await mkdtemp(join(tmpdir(), "congthu-redis-"))
  const port = await freePort()
  let child = await start(path, port, dir)
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, "exit")
    child.kill("SIGKILL")
    await exited
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async restart() {
      await kill()
      child = await start(path, port, dir)
    },
    async close() {
      await kill()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function start(path: string, port: number, dir: string): Promise<ChildProcess> {
  const child = spawn(path, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", dir], { stdio: ["ignore", "pipe", "inherit"] })
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve()
    })
    child.once("exit", (code) => reject(new Error(`redis-server ended at its start (${code})`)))
  })
  return child
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address ? address.port : 0
}
