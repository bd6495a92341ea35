import { existsSync, mkdirSync, renameSync, statSync } from "node:fs"
import { dirname } from "node:path"
import pino, { type Logger } from "pino"

export interface LogOptions {
  readonly level: string
  /** Which process writes: a role, the supervisor, a command. */
  readonly name: string
  /** A file, turned over when it is large; standard error when absent. */
  readonly file?: string
}

export interface ProcessLog {
  readonly log: Logger
  /** Writes what is buffered; called last, also when the process ends by an error. */
  flush(): void
}

const maxFileBytes = 32 * 2 ** 20
const turnOverEveryMs = 60_000

/** Structured log lines, one JSON object each. Buffered for at most a quarter of a second: a line for each message must not cost a system call for each message. */
export function openLog(options: LogOptions): ProcessLog {
  if (options.file) turnOver(options.file)
  if (options.file) mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 })
  const destination = pino.destination({ dest: options.file ?? 2, sync: false, minLength: 4096, periodicFlush: 250, mode: 0o600 })
  // a full disk or a closed terminal must not end the process that logs
  destination.on("error", () => undefined)
  const file = options.file
  if (file) setInterval(() => turnOver(file) && destination.reopen(), turnOverEveryMs).unref()
  const log = pino({ level: options.level, name: options.name, base: { name: options.name, pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination)
  return {
    log,
    flush() {
      try {
        destination.flushSync()
      } catch {
        // not open yet, or the disk is full: nothing more can be said
      }
    },
  }
}

/** Keeps one older file beside the current one. */
function turnOver(file: string): boolean {
  if (!existsSync(file) || statSync(file).size < maxFileBytes) return false
  renameSync(file, `${file}.1`)
  return true
}
