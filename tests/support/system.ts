import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readdirSync, readFileSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The whole system as `npm start` runs it, on ports of its own choice and in a folder of its own. */
export interface TestSystem {
  readonly dataDir: string
  readonly ports: Readonly<Record<"smtp" | "submission" | "submissions" | "imap" | "imaps" | "https" | "metrics", number>>
  readonly databaseUrl: string
  readonly pid: number
  /** What it wrote to its terminal so far. */
  output(): string
  /** Its processes now, by what they are: role names, and "postgres" for the embedded server. */
  processes(): ReadonlyMap<string, number>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
  /** Removes the data folder; the system must have ended. */
  remove(): Promise<void>
}

export interface TestSystemOptions {
  readonly env?: Readonly<Record<string, string>>
  /** An earlier system's folder, to start on what it left. */
  readonly dataDir?: string
  readonly onOutput?: (text: string) => void
}

const script = fileURLToPath(new URL("../../src/main.ts", import.meta.url))
const anyPorts = { SMTP: "0", SUBMISSION: "0", SUBMISSIONS: "0", IMAP: "0", IMAPS: "0", HTTPS: "0", METRICS: "0" }

export async function startTestSystem(options: TestSystemOptions = {}): Promise<TestSystem> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "congthu-system-")))
  const listen = Object.fromEntries(Object.entries(anyPorts).map(([name, port]) => [`CONGTHU_LISTEN_${name}`, port]))
  const { NODE_OPTIONS: _, DATABASE_URL: __, REDIS_URL: ___, ...inherited } = process.env
  const child = spawn(process.execPath, [script, "--data-dir", dataDir], { env: { ...inherited, ...listen, CONGTHU_LOG_LEVEL: "warn", ...options.env }, stdio: ["ignore", "pipe", "pipe"] })
  const exited = once(child, "exit") as Promise<[number | null]>
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-100_000)
      options.onOutput?.(chunk.toString())
    })
  }
  await Promise.race([untilReady(child, dataDir), exited.then(([code]) => Promise.reject(new Error(`the system ended at its start (${code}):\n${output}`)))])
  const ports = JSON.parse(await readFile(join(dataDir, "run/ports.json"), "utf8")) as TestSystem["ports"]
  const databaseUrl = options.env?.["DATABASE_URL"] ?? (await readFile(join(dataDir, "run/postgres.url"), "utf8")).trim()
  return {
    dataDir,
    ports,
    databaseUrl,
    pid: child.pid ?? 0,
    output: () => output,
    processes: () => processesBelow(child.pid ?? 0),
    async stop() {
      child.kill("SIGTERM")
      return (await exited)[0]
    },
    remove: () => rm(dataDir, { recursive: true, force: true }),
  }
}

/** The screen that ends a start names the ports; the file is there by then. */
const untilReady = (child: ChildProcess, dataDir: string): Promise<void> =>
  new Promise((resolve) => {
    child.stdout?.on("data", () => {
      try {
        readFileSync(join(dataDir, "run/ports.json"))
        resolve()
      } catch {
        // not yet
      }
    })
  })

function processesBelow(root: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const parents = new Map<number, number>()
  const commands = new Map<number, string[]>()
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) continue
    try {
      parents.set(pid, Number(readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")[1]))
      commands.set(pid, readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0"))
    } catch {
      // it has ended meanwhile
    }
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true
    return false
  }
  for (const [pid, command] of commands) {
    if (pid === root || !isBelow(pid)) continue
    const role = command[command.indexOf("--role") + 1]
    if (command.includes("--role") && role) found.set(role, pid)
    else if (command[0]?.endsWith("/postgres") && command.includes("-D")) found.set("postgres", pid)
  }
  return found
}
