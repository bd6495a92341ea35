import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, readdirSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import pg from "pg"
import { freeLoopbackPort } from "./free-port.ts"

/** A PostgreSQL of the distribution's packages, reached over TCP as a real server is. */
export interface DebianPostgres {
  readonly url: string
  stop(): Promise<void>
}

const packages = "/usr/lib/postgresql"

/** The newest installed version's programs; undefined when there is none. */
const programs = (): string | undefined => {
  try {
    const versions = readdirSync(packages).map(Number).filter(Number.isFinite).toSorted((a, b) => b - a)
    return versions[0] === undefined ? undefined : join(packages, String(versions[0]), "bin")
  } catch {
    return undefined
  }
}

/** Why tests on it cannot run here, undefined when they can. */
export const debianPostgresUnavailable = (): string | undefined => (programs() ? undefined : "no PostgreSQL of the distribution is installed (apt-get install postgresql)")

const nobody = 65_534

export async function startDebianPostgres(): Promise<DebianPostgres> {
  const bin = programs()
  if (!bin) throw new Error("not installed")
  const dir = await mkdtemp(join(tmpdir(), "congthu-debian-pg-"))
  // PostgreSQL refuses to run as root
  const asRoot = process.getuid?.() === 0
  if (asRoot) chownSync(dir, nobody, nobody)
  const identity = asRoot ? { uid: nobody, gid: nobody } : {}
  const data = join(dir, "data")
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "-U", "congthu", "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8", "--no-sync"], { cwd: "/", ...identity, encoding: "utf8" })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freeLoopbackPort()
  const settings = { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: dir, shared_buffers: "64MB" }
  const server = spawn(join(bin, "postgres"), ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])], { cwd: "/", ...identity, stdio: "ignore" })
  const url = `postgres://congthu@127.0.0.1:${port}/postgres`
  while (!(await answers(url))) await wait(50)
  return {
    url,
    async stop() {
      const exited = once(server, "exit")
      server.kill("SIGINT")
      await exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
