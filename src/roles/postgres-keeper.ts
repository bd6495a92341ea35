import { setTimeout as wait } from "node:timers/promises"
import type { Logger } from "pino"
import { startDataFolderPostgres } from "../store/sql/connect.ts"
import type { EmbeddedPostgres } from "../store/sql/embedded-postgres.ts"

/** Keeps the embedded PostgreSQL running on one socket: when it ends by itself it is started again and the roles reconnect. */
export interface PostgresKeeper {
  readonly url: string
  pid(): number
  restarts(): number
  /** `patienceMs` as for the server. */
  stop(patienceMs: number): Promise<void>
}

const firstPauseMs = 50
const longestPauseMs = 5_000

export async function keepPostgres(dataDir: string, log: Logger): Promise<PostgresKeeper> {
  const onLog = (line: string): void => log.info({ line }, "postgres")
  const start = (): Promise<EmbeddedPostgres> => startDataFolderPostgres({ dataDir, onLog })
  let server = await start()
  let stopping = false
  let restarts = 0
  const keeping = keep()

  async function keep(): Promise<void> {
    for (let pauseMs = firstPauseMs; !stopping; ) {
      const code = await server.exited
      if (stopping) return
      log.error({ code }, "PostgreSQL ended; it is started again")
      try {
        server = await start()
        restarts++
        // told to stop while it was coming back: the one that came is ours to end
        if (stopping) return await server.stop()
        pauseMs = firstPauseMs
      } catch (error) {
        log.error({ err: error }, "PostgreSQL could not be started")
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
        if (!stopping) await wait(pauseMs)
      }
    }
  }

  return {
    url: server.url,
    pid: () => server.pid,
    restarts: () => restarts,
    async stop(patienceMs) {
      stopping = true
      await server.stop(patienceMs)
      await keeping
    },
  }
}
