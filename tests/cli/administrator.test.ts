import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { addAdministrator, listAdministrators, removeAdministrator } from "../../src/cli/administrator-commands.ts"
import type { CommandContext } from "../../src/cli/context.ts"
import { loadConfig } from "../../src/config/load.ts"
import { createTestStore, type TestStore } from "../support/store.ts"

let store: TestStore
let context: CommandContext
beforeAll(async () => {
  store = await createTestStore()
  const loaded = loadConfig({ env: {} })
  if (!loaded.ok) throw new Error("no configuration")
  context = { config: loaded.value.config, database: store.database, databaseUrl: store.database.url }
  const id = await store.account("an@tinh.example")
  await store.database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('P1', 'individual', 'Nguyễn Văn An', 'vp'), ('P2', 'individual', 'Trần Thị Bình', 'vp')" })
  await store.database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) VALUES ($1, 'P1', ARRAY['owner'])" }, [id])
  await store.database.query({ text: "INSERT INTO alias (address, account_id) VALUES ('bi-danh@tinh.example', $1)" }, [id])
})
afterAll(() => store.close())
afterEach(() => vi.restoreAllMocks())

async function listed(): Promise<string> {
  const written: string[] = []
  vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0)
  vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0)
  await listAdministrators(context)
  vi.restoreAllMocks()
  return written.join("")
}

test("a role is given by any address of the mailbox, shown, and taken away; both are in the audit", async () => {
  vi.spyOn(process.stderr, "write").mockReturnValue(true)
  await addAdministrator(context, "bi-danh@tinh.example", { role: "unit", unit: "vp" })
  await addAdministrator(context, "an@tinh.example", { role: "auditor" })
  // again: nothing changes
  await addAdministrator(context, "an@tinh.example", { role: "auditor" })
  const shown = await listed()
  for (const word of ["an@tinh.example", "unit", "vp", "auditor", "Nguyễn Văn An"]) expect(shown).toContain(word)
  vi.spyOn(process.stderr, "write").mockReturnValue(true)
  await removeAdministrator(context, "an@tinh.example", "unit")
  await expect(removeAdministrator(context, "an@tinh.example", "unit")).rejects.toThrow("has no such role")
  await removeAdministrator(context, "an@tinh.example", undefined)
  expect(await listed()).toContain("There is no administrator")
  const audit = await store.database.query<{ kind: string }>({ text: "SELECT kind FROM audit WHERE kind LIKE 'administrator.%' ORDER BY id" })
  expect(audit.map(({ kind }) => kind)).toEqual(["administrator.added", "administrator.added", "administrator.removed", "administrator.removed"])
})

test.each([
  ["an@tinh.example", { role: "king" }, "is not one of: province, unit, auditor, operator"],
  ["an@tinh.example", { role: "unit" }, "needs --unit"],
  ["an@tinh.example", { role: "province", unit: "vp" }, "--unit is for the role unit"],
  ["an@tinh.example", { role: "unit", unit: "nirgendwo" }, "there is no unit nirgendwo"],
  ["ai@tinh.example", { role: "province" }, "there is no account"],
])("administrator add %s %j is refused: %s", async (address, options, said) => {
  await expect(addAdministrator(context, address, options)).rejects.toThrow(said)
})
