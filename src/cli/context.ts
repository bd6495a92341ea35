import { setImmediate as breathe } from "node:timers/promises"
import { actAs } from "../accounts/actor.ts"
import { openLog } from "../base/log.ts"
import { describeProblems, loadConfig } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { Change } from "../store/change.ts"
import { createRedisChangeFeed } from "../store/redis/redis-feed.ts"
import { connectDatabase } from "../store/sql/connect.ts"
import { type Database, isUnavailable } from "../store/sql/database.ts"
import { createPostgresChangeFeed } from "../store/sql/postgres-feed.ts"
import { administrator } from "./administrator.ts"

/** What every command runs in: the configuration, the database whether or not a system runs, and the words for what went wrong. */
export interface CommandContext {
  readonly config: Config
  readonly database: Database
  readonly databaseUrl: string
}

export interface GlobalOptions {
  readonly config?: string
  readonly dataDir?: string
}

/** Ends the command with one clear message. */
export class CommandError extends Error {}

/** Exit codes as in sysexits(3) where one fits. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, partly: 3, badData: 65, unavailable: 69, internal: 70, config: 78 } as const

/** Runs a command with its context and returns the exit code. */
export async function withContext(options: GlobalOptions, work: (context: CommandContext) => Promise<number>): Promise<number> {
  const loaded = loadConfig({ file: options.config, dataDir: options.dataDir })
  if (!loaded.ok) {
    say(describeProblems(loaded.failure))
    return exitCodes.config
  }
  try {
    const connection = await connectDatabase(loaded.value.config, "congthu command")
    try {
      return await actAs({ via: "cli", name: administrator() }, () => work({ config: loaded.value.config, database: connection.database, databaseUrl: connection.url }))
    } finally {
      await connection.close()
    }
  } catch (error) {
    if (error instanceof CommandError) {
      say(error.message)
      return exitCodes.failed
    }
    if (isUnavailable(error)) {
      say(`the database does not answer: ${error instanceof Error ? error.message : String(error)}`)
      return exitCodes.unavailable
    }
    throw error
  }
}

/** Tells running processes that the directory, the policy or a notification has moved; those that miss it notice within seconds. */
export async function announce({ config, database, databaseUrl }: CommandContext, change: Extract<Change, { readonly kind: "directory" | "policy" | "notifications" }>): Promise<void> {
  const { log } = openLog({ level: "error", name: "command" })
  const feed = config.redis.url ? createRedisChangeFeed({ url: config.redis.url, log }) : createPostgresChangeFeed({ database, url: databaseUrl, log })
  await feed.ready
  feed.publish([change])
  // a feed may gather what is published in one turn of the event loop
  await breathe()
  await breathe()
  await feed.close()
}

export const announceDirectory = (context: CommandContext, version: number): Promise<void> => announce(context, { kind: "directory", version })

/** For people, on standard error: standard output carries results. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`)

export const print = (line: string): void => void process.stdout.write(`${line}\n`)
