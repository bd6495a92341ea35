import { appendFileSync } from "node:fs"
import { performance } from "node:perf_hooks"
import { isMainThread } from "node:worker_threads"

/**
 * Loaded into every process of the system under test (`--import`): writes down each turn of its event loop that took longer than a few milliseconds of CPU.
 * CPU and not time, because on a busy machine a process that is made to wait looks as if it had worked. Looks once a millisecond, so that a figure is that much too large at most.
 */
const file = process.env["BENCH_TURNS_FILE"]
const atLeastMs = 5
const words = process.argv
const role = words.includes("--role") ? words[words.indexOf("--role") + 1] : "supervisor"

if (isMainThread && file !== undefined) {
  let cpu = process.threadCpuUsage()
  let at = performance.now()
  setInterval(() => {
    const used = process.threadCpuUsage(cpu)
    const cpuMs = (used.user + used.system) / 1000
    const now = performance.now()
    if (cpuMs >= atLeastMs) appendFileSync(file, `${JSON.stringify({ role, until: Date.now(), cpuMs, ms: now - at })}\n`)
    cpu = process.threadCpuUsage()
    at = performance.now()
  }, 1).unref()
}
