import { parseArgs } from "node:util"
import type { UserPattern } from "./target.ts"

/** The command line of `npm run bench`. */
export interface BenchOptions {
  /** Empty: all. */
  readonly names: readonly string[]
  readonly runs: number | undefined
  readonly peer: PeerOptions | undefined
  /** Starts the system and its bench users for other load generators, and measures nothing. */
  readonly serve: boolean
  readonly redis: boolean
  readonly users: UserPattern | undefined
}

export interface PeerOptions {
  readonly host: string
  readonly smtp: number
  readonly submission: number
  readonly imaps: number
  readonly users: UserPattern
  readonly commands: PeerCommands
}

/** Shell commands that tell of the peer what only its own tools know; undefined: not known. */
export interface PeerCommands {
  /** Waits until its queue is empty. Without it a peer's backlog would run on into our turn. */
  readonly quiet: string | undefined
  /** Prints the CPU seconds it has used so far. */
  readonly cpu: string | undefined
  /** Prints its memory in KiB. */
  readonly memory: string | undefined
}

export const usage = `usage: npm run bench -- [NAME …] [--runs N] [--peer HOST:SMTP:SUBMISSION:IMAPS [--peer-user PATTERN] [--peer-password PATTERN]]
       npm run bench -- --serve [--no-redis] [--user PATTERN] [--password PATTERN]

  NAME             tests to run (default: all)
  --runs           runs of each test; medians are printed (default: the test's own)
  --peer           measures another server too, run by run in turn, and prints the ratio (above 1: we are better)
  --peer-user      its users, %04d for the number 1 to 3000 (default: user%04d@example.gov.test)
  --peer-password  their passwords (default: pass-%04d)
  --peer-quiet, --peer-cpu, --peer-memory
                   shell commands: wait until its queue is empty; print its CPU seconds; print its memory in KiB
  --serve          starts the system with the bench users, prints where it is as JSON, runs until a signal
  --user           our users when served (default: user%04d@bench.example)
  --password       their app passwords: 28 characters with the number (default: random)
  --no-redis       the embedded defaults
`

export function readOptions(args: readonly string[]): BenchOptions | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        runs: { type: "string" }, peer: { type: "string" }, "peer-user": { type: "string", default: "user%04d@example.gov.test" }, "peer-password": { type: "string", default: "pass-%04d" },
        "peer-quiet": { type: "string" }, "peer-cpu": { type: "string" }, "peer-memory": { type: "string" },
        serve: { type: "boolean", default: false }, user: { type: "string" }, password: { type: "string" }, redis: { type: "boolean", default: true }, help: { type: "boolean", short: "h" },
      },
    })
    if (values.help) return usage
    const runs = values.runs === undefined ? undefined : Number(values.runs)
    if (runs !== undefined && !(runs >= 1)) return `--runs ${values.runs}: is not a number of runs`
    const peer = values.peer === undefined ? undefined : readPeer(values.peer, {
      users: { address: values["peer-user"], password: values["peer-password"] },
      commands: { quiet: values["peer-quiet"], cpu: values["peer-cpu"], memory: values["peer-memory"] },
    })
    if (typeof peer === "string") return peer
    if ((values.user === undefined) !== (values.password === undefined)) return "--user and --password go together"
    const users = values.user !== undefined && values.password !== undefined ? { address: values.user, password: values.password } : undefined
    return { names: positionals, runs, peer, serve: values.serve, redis: values.redis, users }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function readPeer(text: string, known: Pick<PeerOptions, "users" | "commands">): PeerOptions | string {
  const [host = "", ...rest] = text.split(":")
  const [smtp = 0, submission = 0, imaps = 0] = rest.map(Number)
  if (host === "" || rest.length !== 3 || ![smtp, submission, imaps].every((port) => Number.isInteger(port) && port > 0)) return `--peer ${text}: is not host:smtp:submission:imaps`
  return { host, smtp, submission, imaps, ...known }
}
