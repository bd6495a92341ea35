import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { loadConfig } from "../../src/config/load.ts"
import { makeFirstDkimKeys } from "../../src/roles/first-dkim-keys.ts"
import { createTestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"

test("the province's domain has keys that wait to be published from the first start on, and no others later", async () => {
  const dir = await mkdtemp(join(tmpdir(), "congthu-first-"))
  const database = await createTestDatabase(2)
  try {
    const loaded = loadConfig({ env: {}, dataDir: dir })
    if (!loaded.ok) throw new Error("the configuration is wrong")
    const make = () => makeFirstDkimKeys({ database, config: loaded.value.config, clock: systemClock })
    await make()
    expect(await database.query({ text: "SELECT FROM dkim_key" })).toEqual([])
    await createProvince(database)
    await make()
    await make()
    expect(await database.query({ text: "SELECT domain, algorithm, state FROM dkim_key ORDER BY algorithm" })).toEqual([
      { domain: "tinh.example", algorithm: "ed25519-sha256", state: "pending" },
      { domain: "tinh.example", algorithm: "rsa-sha256", state: "pending" },
    ])
  } finally {
    await database.drop()
    await rm(dir, { recursive: true })
  }
})
