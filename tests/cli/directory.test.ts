import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addAccountCommands } from "../../src/cli/account-commands.ts"
import { addBulkCommands } from "../../src/cli/bulk-commands.ts"
import { addDirectoryCommands } from "../../src/cli/directory-commands.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

let database: TestDatabase
let dir: string
let options: CommandsOptions
let congthu: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  database = await createTestDatabase()
  dir = await mkdtemp(join(tmpdir(), "congthu-directory-"))
  options = { databaseUrl: database.url, dataDir: dir }
  congthu = commandsHere([addDirectoryCommands, addAccountCommands, addBulkCommands], options)
  await database.query({ text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('T', 'Tỉnh', 'province', NULL, 'tinh.example'), ('SNV', 'Sở Nội vụ', 'department', 'T', 'sonv.tinh.example')" })
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

test("a mailbox is made, found, shown, moved and moved back", async () => {
  const made = await congthu("account", "create", "--name", "Nguyễn Văn Đạt", "--unit", "SNV", "--title", "Chuyên viên")
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^[0-9a-z-]{19}\n$/) as string, err: expect.stringContaining("datnv.snv@sonv.tinh.example belongs to CN00001") as string })
  expect(await congthu("account", "create", "--name", "X", "--unit", "KHONG")).toMatchObject({ code: 1, err: 'Unit: there is no unit "KHONG"\n' })
  expect((await congthu("directory", "search", "nguyen", "dat")).out).toMatch(/person +CN00001 +Nguyễn Văn Đạt +Chuyên viên +Sở Nội vụ/)
  expect(JSON.parse((await congthu("directory", "show", "datnv.snv@sonv.tinh.example")).out)).toMatchObject({ holders: [{ principalId: "CN00001" }], credentials: { oneTime: true } })
  const plan = await congthu("account", "move", "CN00001", "T")
  expect(plan.out).toContain("Change the address datnv.snv@sonv.tinh.example to datnv.t@tinh.example")
  expect((await congthu("account", "move", "CN00001", "T", "--yes")).err).toContain("`congthu account undo 1` takes it back")
  expect((await congthu("directory", "tree")).out).toMatch(/^T +Tỉnh +1 +1 +0 +1 +1 +0$/m)
  expect(await congthu("account", "undo", "1")).toMatchObject({ code: 0, err: "Taken back.\n" })
  expect((await congthu("directory", "show", "datnv.t@tinh.example")).code).toBe(1)
})

test("many from one file: planned, done, the result with passwords, and for minutes again", async () => {
  const file = join(dir, "danh-sach.csv")
  await writeFile(file, "Họ và tên;Đơn vị;Điện thoại\nTrần Thị Bình;Sở Nội vụ;0912 345 678\nLê Văn Cường;Sở Không Có;\n")
  const planned = await runCongthu(options, "bulk", "plan", file)
  expect(planned).toMatchObject({ code: 3, out: expect.stringContaining("Job 1: 1 to add, 0 to change, 0 to suspend, 1 rows with bad cells are left out.") as string })
  expect(planned.err).toContain('row 3: Unit: there is no unit "Sở Không Có"')
  expect(await congthu("bulk", "apply", "1", "--here")).toMatchObject({ code: 0, out: expect.stringMatching(/^Job 1: done, 1 of 1 rows/) as string })
  const out = join(dir, "ket-qua.csv")
  expect(await congthu("bulk", "result", "1", "--out", out)).toMatchObject({ code: 0 })
  expect(await readFile(out, "utf8")).toMatch(/^2,Đã thực hiện,CN\d+,binhtt\.snv@sonv\.tinh\.example,[0-9a-z-]{19},/m)
  expect((await stat(out)).mode & 0o077).toBe(0)
  expect(await congthu("bulk", "result", "1", "--out", out)).toMatchObject({ code: 1 })
  const again = join(dir, "lan-hai.csv")
  expect((await congthu("bulk", "result", "1", "--out", again)).err).toBe(`${again}: 2 rows.\n`)
  expect(await readFile(again, "utf8")).toBe(await readFile(out, "utf8"))
  await database.query({ text: "UPDATE bulk_job SET result_taken_at = result_taken_at - interval '1 hour'" })
  expect((await congthu("bulk", "result", "1", "--out", join(dir, "lan-ba.xlsx"))).err).toContain("handed out before")
  expect((await congthu("bulk", "cancel", "1")).err).toBe("it is over already\n")
  expect((await congthu("bulk", "plan", join(dir, "khong-co.csv"))).code).toBe(1)
})
