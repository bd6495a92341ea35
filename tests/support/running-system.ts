import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { program } from "./programs.ts"

/** The whole system as a newcomer starts it, on any free ports and in a folder of its own. */
export interface RunningSystem {
  readonly dataDir: string
  readonly process: ChildProcess
  readonly ports: Readonly<Record<string, number>>
  /** What it printed. */
  output(): string
  /** The signal, then the exit code when it has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

const portKeys = ["SMTP", "SUBMISSION", "SUBMISSIONS", "IMAP", "IMAPS", "HTTPS", "METRICS"]

export const anyPorts: Readonly<Record<string, string>> = Object.fromEntries(portKeys.map((key) => [`CONGTHU_LISTEN_${key}`, "0"]))
/** Whoever kills a role wants to know that nobody else serves in its place. */
const oneOfEach = { CONGTHU_SMTP_PROCESSES: "1", CONGTHU_IMAP_PROCESSES: "1" }

export const newDataDir = (): Promise<string> => mkdtemp(join(tmpdir(), "congthu-system-"))

export const removeDataDir = (dir: string): Promise<void> => rm(dir, { recursive: true, force: true })

export interface LaunchOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The network namespace to run in, made with `ip netns`; absent: this one. */
  readonly namespace?: string | undefined
  /** Absent: as it was built for this run. */
  readonly script?: string | undefined
}

export function launch(dataDir: string, { args = [], env = {}, namespace, script = program("main") }: LaunchOptions = {}): ChildProcess & { output: () => string } {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CONGTHU_") && name !== "DATABASE_URL" && name !== "REDIS_URL" && name !== "NODE_ENV"))
  // nsenter becomes the program it starts: signals and the exit code are the system's own
  const [command, ...first] = [...(namespace === undefined ? [] : ["nsenter", `--net=/run/netns/${namespace}`]), process.execPath, script] as const
  const child = spawn(command, [...first, "--data-dir", dataDir, ...args], { env: { ...inherited, ...anyPorts, ...oneOfEach, ...env }, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  return Object.assign(child, { output: () => said })
}

/** Resolves when the screen has been printed. */
export async function startSystem(dataDir: string, env: Readonly<Record<string, string>> = {}, where: Pick<LaunchOptions, "namespace" | "script"> = {}): Promise<RunningSystem> {
  const child = launch(dataDir, { env, ...where })
  const portsFile = join(dataDir, "run/ports.json")
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the system ended at its start: ${child.output()}`)
    return existsSync(portsFile) && child.output().includes("Ctrl-C")
  }, 60_000)
  return {
    dataDir,
    process: child,
    ports: JSON.parse(await readFile(portsFile, "utf8")) as Record<string, number>,
    output: child.output,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit")
        child.kill(signal)
        await ended
      }
      return child.exitCode
    },
  }
}

/** Processes that have the data folder in their command line or work in it: roles, the supervisor, PostgreSQL and its sessions. */
export const processesOf = (dataDir: string): readonly string[] => running(dataDir).map(({ pid, command }) => `${pid} ${command.slice(0, 160)}`)

const running = (dataDir: string): readonly { readonly pid: number; readonly command: string }[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), command: commandLine(pid) }))
    .filter(({ command }) => command.includes(dataDir))

/** The process of a role. */
export const roleProcess = (dataDir: string, role: string): number | undefined => running(dataDir).find(({ command }) => command.includes(`--role ${role}`))?.pid

/** SIGKILL for one process. A pid that is not known would mean everybody's: 0 is the whole process group of the test run. */
export function killNow(pid: number | undefined): void {
  if (pid === undefined || !(pid > 1)) throw new Error(`there is no process ${pid} to kill`)
  process.kill(pid, "SIGKILL")
}

/** Stops one process where it is, until the function that comes back is called. */
export function pauseNow(pid: number | undefined): () => void {
  if (pid === undefined || !(pid > 1)) throw new Error(`there is no process ${pid} to pause`)
  process.kill(pid, "SIGSTOP")
  return () => void process.kill(pid, "SIGCONT")
}

/** Empty for a process that has gone, also when nobody has collected it yet. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
  } catch {
    return ""
  }
}

/** Asks again until it is so; what is waited for here is another process, which has no event to listen to. */
export async function until(condition: () => boolean | Promise<boolean>, patienceMs: number): Promise<void> {
  for (let waited = 0; !(await condition()); waited += 25) {
    if (waited > patienceMs) throw new Error(`not within ${patienceMs} ms`)
    await wait(25)
  }
}

export interface HealthAnswer {
  readonly ok: boolean
  readonly roles: readonly { readonly role: string; readonly ok: boolean }[]
}

export async function health(ports: Readonly<Record<string, number>>): Promise<HealthAnswer> {
  const response = await fetch(`http://127.0.0.1:${ports["metrics"]}/health`)
  return (await response.json()) as HealthAnswer
}
