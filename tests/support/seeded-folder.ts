import { existsSync } from "node:fs"
import { cp, mkdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { inject } from "vitest"
import { seedDirectory } from "../../mailboxes-seed/seed.ts"
import { lockFolder } from "../../src/base/folder-lock.ts"
import { loadConfig } from "../../src/config/load.ts"
import { prepareFiles, prepareSchema } from "../../src/roles/prepare.ts"
import { startDataFolderPostgres } from "../../src/store/sql/connect.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { newDataDir, until } from "./running-system.ts"
import { testLog } from "./store.ts"

/**
 * A data folder as the first start leaves it when no role has run yet: keys, authorities, the seeded directory, demo logins and everybody's
 * certificate. It is made once in a test run, by the first who asks, and copied for each; tests/platform/start.test.ts starts from nothing.
 */
export async function newSeededFolder(): Promise<string> {
  const dir = await newDataDir()
  await cp(await seededOnce(), dir, { recursive: true })
  return dir
}

const makingPatienceMs = 90_000

async function seededOnce(): Promise<string> {
  const root = inject("runFolder")
  const made = join(root, "seeded")
  let lock = await lockFolder(root)
  // another worker is making it
  await until(async () => (lock ??= await lockFolder(root)) !== undefined, makingPatienceMs)
  try {
    if (!existsSync(made)) await seed(made)
  } finally {
    await lock?.release()
  }
  return made
}

/** As `roles/supervisor.ts` does before it starts the roles. */
async function seed(made: string): Promise<void> {
  const dataDir = `${made}.new`
  await mkdir(dataDir, { mode: 0o700 })
  const loaded = loadConfig({ dataDir, env: {} })
  if (!loaded.ok) throw new Error("the defaults are refused")
  const { config } = loaded.value
  await prepareFiles(config)
  const server = await startDataFolderPostgres({ dataDir })
  try {
    await prepareSchema(server.url, testLog)
    const database = openDatabase({ url: server.url, poolSize: 4, applicationName: "congthu seed" })
    await seedDirectory({ database, config }).finally(() => database.close())
  } finally {
    await server.stop()
  }
  await rm(join(dataDir, "run"), { recursive: true, force: true })
  await rename(dataDir, made)
}
