import { machineBusySeconds } from "./processes.ts"
import { timed } from "./samples.ts"
import type { Target } from "./target.ts"

/** What the measured part of a test used: CPU by role for each operation, and how much of the machine somebody else used meanwhile. */
export interface Usage {
  readonly cpuMsByRole: ReadonlyMap<string, number>
  /** Cores that neither the server nor the bench used; undefined when the server's use is unknown. */
  readonly noiseCores: number | undefined
}

export interface Meter {
  /** Runs the measured part of a test, which does so many operations. Returns its milliseconds. */
  during(operations: number, work: () => Promise<void>): Promise<number>
  readonly usage: Usage
}

export function createMeter(target: Target): Meter {
  let usage: Usage = { cpuMsByRole: new Map(), noiseCores: undefined }
  return {
    get usage() {
      return usage
    },
    async during(operations, work) {
      const server = target.cpuSeconds()
      const own = process.cpuUsage()
      const machine = machineBusySeconds()
      const { ms } = await timed(work)
      const busy = machineBusySeconds() - machine
      const { user, system } = process.cpuUsage(own)
      const used = [...target.cpuSeconds()].map(([role, seconds]) => [role, seconds - (server.get(role) ?? 0)] as const)
      const all = used.reduce((sum, [, seconds]) => sum + seconds, 0)
      usage = {
        cpuMsByRole: new Map(used.map(([role, seconds]) => [role, (seconds * 1000) / operations])),
        noiseCores: server.size === 0 ? undefined : (busy - all - (user + system) / 1e6) / (ms / 1000),
      }
      return ms
    },
  }
}
