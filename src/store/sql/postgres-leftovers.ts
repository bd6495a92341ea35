import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"

/**
 * What an earlier PostgreSQL left on our cluster: a server whose starter was killed, sessions whose server was killed, a pid
 * file whose process is gone. Two servers on one cluster would destroy it, so the pid file is touched only when no postgres
 * works there any more. The caller holds the data folder's lock: whatever still runs belongs to nobody.
 */
export async function endLeftovers(dir: string): Promise<void> {
  if (!existsSync(join(dir, "PG_VERSION"))) return
  const real = realpathSync(dir)
  // SIGINT is the fast, SIGQUIT the immediate shutdown (PostgreSQL manual, "Shutting Down the Server"); sessions of a dead server end by themselves
  for (const { signal, patienceMs } of [
    { signal: "SIGINT", patienceMs: 5_000 },
    { signal: "SIGQUIT", patienceMs: 3_000 },
    { signal: "SIGKILL", patienceMs: 5_000 },
  ] as const) {
    const running = processesOn(real)
    if (running.length === 0) break
    const server = serverPid(dir)
    const targets = signal === "SIGINT" ? running.filter((pid) => pid === server) : running
    for (const pid of targets) trySignal(pid, signal)
    for (let waited = 0; waited < patienceMs && processesOn(real).length > 0; waited += 20) await wait(20)
  }
  const left = processesOn(real)
  if (left.length > 0) throw new Error(`PostgreSQL processes ${left.join(", ")} on ${dir} cannot be ended`)
  // the pid in the file may by now be anybody's (after a power cut), and PostgreSQL would not start beside it
  const pid = serverPid(dir)
  if (pid > 0 && isAlive(pid)) await rm(join(dir, "postmaster.pid"), { force: true })
}

/** The end of a server that does not answer even to signals that it may handle; its log is replayed at the next start. */
export function killProcessesOn(dir: string): void {
  for (const pid of processesOn(realpathSync(dir))) trySignal(pid, "SIGKILL")
}

/** Every process of a server changes into its cluster's folder. */
function processesOn(dir: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres") && readlinkSync(`/proc/${pid}/cwd`) === dir
      } catch {
        return false
      }
    })
}

function serverPid(dir: string): number {
  try {
    return Number(readFileSync(join(dir, "postmaster.pid"), "utf8").split("\n")[0])
  } catch {
    return 0
  }
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`)

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it has just ended
  }
}
