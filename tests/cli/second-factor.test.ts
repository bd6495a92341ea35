import { afterAll, beforeAll, expect, test } from "vitest"
import { Command } from "commander"
import { addSecondFactorCommands } from "../../src/cli/second-factor-commands.ts"
import type { CommandContext } from "../../src/cli/context.ts"
import { loadConfig } from "../../src/config/load.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
let context: CommandContext
let accountId: number
beforeAll(async () => {
  store = await createTestStore()
  const loaded = loadConfig({ env: {} })
  if (!loaded.ok) throw new Error("no configuration")
  context = { config: loaded.value.config, database: store.database, databaseUrl: store.database.url }
  accountId = await store.account("an@tinh.example")
  await store.database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('P1', 'individual', 'Nguyễn Văn An', 'vp')" })
  await store.database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) VALUES ($1, 'P1', ARRAY['owner'])" }, [accountId])
  await store.database.query({ text: "INSERT INTO administrator (account_id, principal_id, role, granted_by) VALUES ($1, 'P1', 'province', 'test')" }, [accountId])
})
afterAll(() => store.close())

/** As congthu.ts runs it; rejects with what it would print. */
async function run(...words: readonly string[]): Promise<void> {
  const program = new Command().exitOverride()
  addSecondFactorCommands({ program, command: (parent, usage) => parent.command(usage), run: (work) => async () => void (await work(context)), finish: () => undefined })
  await program.parseAsync(words, { from: "user" })
}

test("the last administrator of the province gets back in: his factors, codes and sessions end, and the audit says so", async () => {
  const factors = createFactorStore(store.database)
  const owner = { accountId, principalId: "P1" }
  await factors.addTotp({ owner, name: "Điện thoại", sessionId: 0, secret: Buffer.from("sealed"), lastStep: 1 })
  await factors.setRecoveryCodes(owner, [Buffer.alloc(32)])
  await store.database.query({ text: "INSERT INTO console_session (sha256, account_id, principal_id, client_address, user_agent, second_factor) VALUES ('\\x00', $1, 'P1', '', '', 'passed')" }, [accountId])
  await run("second-factor", "reset", "an@tinh.example")
  expect(await factors.list(owner)).toEqual({ factors: [], recoveryCodesLeft: 0 })
  expect(await store.database.query({ text: "SELECT secret, ended_by LIKE 'reset by %' AS reset FROM second_factor" })).toEqual([{ secret: null, reset: true }])
  expect(await store.database.query({ text: 'SELECT ended_by AS "endedBy" FROM console_session' })).toEqual([{ endedBy: "second factor reset" }])
  expect(await store.database.query({ text: "SELECT principal_id AS id, detail->'removed' AS removed FROM audit WHERE kind = 'secondFactor.reset'" })).toEqual([{ id: "P1", removed: [{ kind: "totp", name: "Điện thoại" }] }])
  await expect(run("second-factor", "reset", "an@tinh.example")).rejects.toThrow("has no second factor")
  await expect(run("second-factor", "reset", "ai@tinh.example")).rejects.toThrow("there is no account")
})
