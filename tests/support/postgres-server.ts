import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestProject } from "vitest/node"
import { openDatabase } from "../../src/store/sql/database.ts"
import { startEmbeddedPostgres } from "../../src/store/sql/embedded-postgres.ts"
import { migrate } from "../../src/store/sql/migrate.ts"

declare module "vitest" {
  export interface ProvidedContext {
    postgresUrl: string
    /** Of this run alone, removed at its end. */
    runFolder: string
  }
}

/** One private PostgreSQL for the whole test run, with a migrated template database that each test file copies. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-test-"))
  // what is killed in tests are processes, and this machine's cache survives them; dropping a database would wait for the disk each time
  const server = await startEmbeddedPostgres({ dir: join(dir, "postgres"), settings: { shared_buffers: "64MB", fsync: "off", full_page_writes: "off" } })
  const admin = openDatabase({ url: server.url, poolSize: 1, applicationName: "tests" })
  await admin.query({ text: "CREATE DATABASE congthu_template" })
  await admin.close()
  const template = openDatabase({ url: server.url.replace("/postgres?", "/congthu_template?"), poolSize: 1, applicationName: "tests" })
  await migrate(template)
  await template.close()
  project.provide("postgresUrl", server.url)
  project.provide("runFolder", dir)
  return async () => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
