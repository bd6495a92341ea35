import { exec, execSync } from "node:child_process"
import { setTimeout as wait } from "node:timers/promises"
import { promisify } from "node:util"
import type { PeerOptions } from "./options.ts"
import type { Target } from "./target.ts"

/** Another server as a target. What its own tools do not tell is left out of the comparison. */
export function peerTarget({ host, smtp, submission, imaps, users, commands }: PeerOptions): Target {
  const { quiet, cpu, memory } = commands
  const number = (command: string | undefined): ReadonlyMap<string, number> => new Map(command === undefined ? [] : [["peer", Number(execSync(command, { encoding: "utf8" }).trim())]])
  return {
    name: "peer",
    host,
    ports: { smtp, submission, imaps },
    users,
    async settled() {
      if (quiet === undefined) await wait(withoutWordMs)
      else await promisify(exec)(quiet)
    },
    cpuSeconds: () => number(cpu),
    memoryKiB: () => number(memory),
    diskBytes: () => undefined,
  }
}

/** Its queue is not ours to look into: it gets a moment. */
const withoutWordMs = 5_000
