import { spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { mkdir } from "node:fs/promises"
import { once } from "node:events"
import { delimiter, join } from "node:path"
import { createInterface } from "node:readline"
import { freeLoopbackPort } from "../support/free-port.ts"

/** A Redis of our own, as durable as production's: its log is synced once a second. */
export interface BenchRedis {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Undefined where there is no `redis-server` on PATH. */
export async function startRedis(dir: string): Promise<BenchRedis | undefined> {
  const path = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "redis-server")).find(isExecutable)
  if (path === undefined) return undefined
  await mkdir(dir, { recursive: true })
  const port = await freeLoopbackPort()
  const child = spawn(path, ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", dir, "--maxmemory-policy", "noeviction"], { stdio: ["ignore", "pipe", "inherit"] })
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.includes("Ready to accept connections")) resolve()
    })
    child.once("exit", (code) => reject(new Error(`redis-server ended at its start (${code})`)))
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async stop() {
      const exited = once(child, "exit")
      child.kill("SIGTERM")
      await exited
    },
  }
}

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
