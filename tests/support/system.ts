import { readdirSync, readFileSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { processName, type RoleName } from "../../src/roles/role.ts"
import { newDataDir, removeDataDir, startSystem } from "./running-system.ts"

/** The whole system as `npm start` runs it, on ports of its own choice and in a folder of its own, with what tests that break it want to know. */
export interface TestSystem {
  readonly dataDir: string
  readonly ports: Readonly<Record<"smtp" | "submission" | "submissions" | "imap" | "imaps" | "https" | "metrics", number>>
  readonly databaseUrl: string
  readonly pid: number
  /** What it wrote to its terminal so far. */
  output(): string
  /** Its processes now, by what they are: role names (`imap-2` for a role's second process), and "postgres" for the embedded server. */
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
  /** Network namespace that it runs in; it listens where its environment says, and health is asked for there. */
  readonly namespace?: string
}

export async function startTestSystem({ env = {}, dataDir, namespace }: TestSystemOptions = {}): Promise<TestSystem> {
  const system = await startSystem(dataDir ?? (await newDataDir()), { CONGTHU_LOG_LEVEL: "warn", ...env }, { namespace })
  const pid = system.process.pid ?? 0
  return {
    dataDir: system.dataDir,
    ports: system.ports as TestSystem["ports"],
    databaseUrl: env["DATABASE_URL"] ?? (await readFile(join(system.dataDir, "run/postgres.url"), "utf8")).trim(),
    pid,
    output: system.output,
    processes: () => processesBelow(pid),
    stop: () => system.end("SIGTERM"),
    remove: () => removeDataDir(system.dataDir),
  }
}

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
    if (command.includes("--role") && role) found.set(processName(role as RoleName, Number(command[command.indexOf("--number") + 1]) || 1), pid)
    else if (command[0]?.endsWith("/postgres") && command.includes("-D")) found.set("postgres", pid)
  }
  return found
}
