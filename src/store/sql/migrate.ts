import { readdir, readFile } from "node:fs/promises"
import { advisoryLocks } from "./advisory-locks.ts"
import type { Database } from "./database.ts"

const folder = new URL("migrations/", import.meta.url)

/** Brings the schema up to the newest file of migrations/, each file in one transaction, in the order of their numbers. Returns the names applied. */
export async function migrate(database: Database): Promise<readonly string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort()
  return database.transaction(async (tx) => {
    await tx.query({ text: "SELECT pg_advisory_xact_lock($1)" }, [advisoryLocks.migrations])
    await tx.query({ text: "CREATE TABLE IF NOT EXISTS schema_migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())" })
    const applied = new Set((await tx.query<{ name: string }>({ text: "SELECT name FROM schema_migration" })).map((row) => row.name))
    const pending = files.filter((name) => !applied.has(name))
    for (const name of pending) {
      await tx.query({ text: await readFile(new URL(name, folder), "utf8") })
      await tx.query({ text: "INSERT INTO schema_migration (name) VALUES ($1)" }, [name])
    }
    return pending
  })
}
