import { inject } from "vitest"
import { randomId } from "../../src/base/id.ts"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"

export interface TestDatabase extends Database {
  readonly url: string
  /** Closes the connections and drops the database. */
  drop(): Promise<void>
}

/** A fresh, migrated database on the test run's own PostgreSQL. */
export async function createTestDatabase(poolSize = 8): Promise<TestDatabase> {
  const serverUrl = inject("postgresUrl")
  const name = `test_${randomId().replaceAll("-", "x").toLowerCase()}`
  const admin = openDatabase({ url: serverUrl, poolSize: 1, applicationName: "tests" })
  // files are copied as they are; through the log, as by default, it takes twice as long
  await admin.query({ text: `CREATE DATABASE ${name} TEMPLATE congthu_template STRATEGY FILE_COPY` })
  const url = serverUrl.replace("/postgres?", `/${name}?`)
  const database = openDatabase({ url, poolSize, applicationName: "tests" })
  return {
    ...database,
    url,
    async drop() {
      await database.close()
      await admin.query({ text: `DROP DATABASE ${name} WITH (FORCE)` })
      await admin.close()
    },
  }
}
