import { readdirSync, readFileSync } from "node:fs"

/**
 * What processes use, read from /proc (proc(5)): CPU seconds and memory of everything below some roots, by role. Where there is
 * no /proc it says nothing rather than something wrong.
 */
interface Process {
  readonly pid: number
  readonly parent: number
  /** Its own and its ended children's. */
  readonly cpuSeconds: number
}

const ticksPerSecond = 100

function allProcesses(): Process[] {
  return numbersIn("/proc").flatMap((pid) => {
    const text = read(`/proc/${pid}/stat`)
    // the command's name is in parentheses and may itself hold spaces and parentheses
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ").map(Number)
    const [parent, ...ticks] = [1, 11, 12, 13, 14].map((at) => fields[at])
    return text === "" || parent === undefined ? [] : [{ pid, parent, cpuSeconds: ticks.reduce<number>((sum, n) => sum + (n ?? 0), 0) / ticksPerSecond }]
  })
}

function treeOf(roots: readonly number[]): Process[] {
  const all = allProcesses()
  const inside = new Set(roots)
  for (let before = -1; before !== inside.size; ) {
    before = inside.size
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid)
  }
  return all.filter(({ pid }) => inside.has(pid))
}

const roleOf = (pid: number): string => {
  const words = read(`/proc/${pid}/cmdline`).split("\0")
  const role = words[words.indexOf("--role") + 1]
  if (words.includes("--role") && role !== undefined) return role
  const command = words.join(" ")
  return command.includes("postgres") ? "postgres" : command.includes("redis-server") ? "redis" : "supervisor"
}

export function cpuSecondsByRole(roots: readonly number[]): Map<string, number> {
  const seconds = new Map<string, number>()
  for (const { pid, cpuSeconds } of treeOf(roots)) {
    const role = roleOf(pid)
    seconds.set(role, (seconds.get(role) ?? 0) + cpuSeconds)
  }
  return seconds
}

/** Proportional set size in KiB: pages shared with other processes count in part. */
export function memoryKiBByRole(roots: readonly number[]): Map<string, number> {
  const memory = new Map<string, number>()
  for (const { pid } of treeOf(roots)) {
    const kib = Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
    memory.set(roleOf(pid), (memory.get(roleOf(pid)) ?? 0) + kib)
  }
  return memory
}

/** CPU seconds that the whole machine has been busy. */
export function machineBusySeconds(): number {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = read("/proc/stat").split("\n", 1)[0]?.split(/\s+/).map(Number) ?? []
  return (user + nice + system + irq + softirq) / ticksPerSecond
}

const numbersIn = (dir: string): number[] => {
  try {
    return readdirSync(dir).map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Empty when the process has gone meanwhile. */
const read = (file: string): string => {
  try {
    return readFileSync(file, "latin1")
  } catch {
    return ""
  }
}
