import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { mkdir, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { lockFolder } from "../../base/folder-lock.ts"
import type { Config } from "../../config/schema.ts"
import { type Database, openDatabase } from "./database.ts"
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts"
import { migrate } from "./migrate.ts"

/**
 * Where this installation's PostgreSQL is: the configured server, or the embedded one of the data folder, which tells its URL
 * to every process of the same user through `run/postgres.url`. Must not know: our schema.
 */
export interface DatabaseConnection {
  readonly database: Database
  readonly url: string
  close(): Promise<void>
}

/** The configured URL, or that of the embedded server which runs now. */
export function findDatabaseUrl(config: Config): string | undefined {
  if (config.database.url) return config.database.url
  try {
    return readFileSync(urlFile(config.dataDir), "utf8").trim()
  } catch {
    return undefined
  }
}

/** For commands: connects beside a running system, or starts the embedded server for as long as the command runs. */
export async function connectDatabase(config: Config, applicationName: string): Promise<DatabaseConnection> {
  const open = (url: string): Database => openDatabase({ url, poolSize: config.database.poolSize, applicationName })
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  // who gets the lock knows that no supervisor runs, whatever the URL file says
  const lock = config.database.url ? undefined : await lockFolder(config.dataDir)
  const server = lock ? await startDataFolderPostgres({ dataDir: config.dataDir }) : undefined
  const url = server?.url ?? findDatabaseUrl(config)
  if (url === undefined) throw new Error(`a system is just starting or stopping on ${config.dataDir}: try again in a moment`)
  const database = open(url)
  if (server) await migrate(database)
  return {
    database,
    url,
    async close() {
      await database.close()
      await server?.stop()
      await lock?.release()
    },
  }
}

/** Starts the embedded server of a data folder whose lock the caller holds. Its socket is always in the same place, so clients reconnect after a restart. */
export async function startDataFolderPostgres(options: { readonly dataDir: string; readonly onLog?: (line: string) => void }): Promise<EmbeddedPostgres> {
  const { dataDir, onLog } = options
  const socketDir = socketFolder(dataDir)
  const server = await startEmbeddedPostgres({ dir: join(dataDir, "postgres"), socketDir, ...(onLog && { onLog }) })
  const file = urlFile(dataDir)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, `${server.url}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return {
    ...server,
    async stop(patienceMs) {
      await rm(file, { force: true })
      await server.stop(patienceMs)
      await rm(socketDir, { recursive: true, force: true })
    },
  }
}

const urlFile = (dataDir: string): string => join(dataDir, "run/postgres.url")

/** unix(7): a socket's path holds at most 107 bytes. A deep data folder gets a place of its own under the temporary folder. */
function socketFolder(dataDir: string): string {
  const near = join(dataDir, "run/pg")
  if (Buffer.byteLength(join(near, ".s.PGSQL.5432.lock")) <= 107) return near
  return join(tmpdir(), `congthu-${process.getuid?.() ?? 0}-${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}`)
}
