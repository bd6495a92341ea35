import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { defaultMailboxes } from "../../../src/accounts/default-mailboxes.ts"
import { type ImportOutcome, type ImportRequest, importFolder } from "../../../src/accounts/import/import.ts"
import { type ImportPlan, isEmptyPlan } from "../../../src/accounts/import/plan.ts"
import { type TableName, tableNames } from "../../../src/accounts/import/rows.ts"
import { createProvisioningStore } from "../../../src/store/sql/provisioning.ts"
import { loadDirectory } from "../../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
let database: TestDatabase
let dir: string
beforeEach(async () => {
  database = await createTestDatabase()
  dir = await mkdtemp(join(tmpdir(), "congthu-import-"))
})
afterEach(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

const files = {
  "organization-units.csv": "code,name,kind,parent_code,domain\nUBND,Ủy ban nhân dân tỉnh,province,,tinh.example\nSNV,Sở Nội vụ,department,UBND,sonv.tinh.example\n",
  "principals.csv": "principal_id,kind,name,unit_code,title,phone\nTC1,organization,Sở Nội vụ,SNV,,\nCN1,individual,Đặng Thị Ánh,SNV,Giám đốc,0000 000 001\nCN2,individual,Lê Văn Bảo,SNV,Chuyên viên,\n",
  "accounts.csv": "address,kind,display_name,unit_code,quota\nsonv@sonv.tinh.example,organizational,Sở Nội vụ,SNV,10GiB\nanh@sonv.tinh.example,personal,Đặng Thị Ánh,SNV,2GiB\n",
  "assignments.csv": "address,principal_id,rights,from,until\nsonv@sonv.tinh.example,TC1,owner,,\nsonv@sonv.tinh.example,CN2,send-as read,2026-01-01,\nanh@sonv.tinh.example,CN1,owner,,\n",
  "aliases.csv": "address,target\nvanthu@sonv.tinh.example,sonv@sonv.tinh.example\n",
  "groups.csv": "address,display_name,allowed_senders\ntatca@sonv.tinh.example,Tất cả,sonv@sonv.tinh.example\nchung@sonv.tinh.example,Chung,\n",
  "group-members.csv": "group,member\ntatca@sonv.tinh.example,anh@sonv.tinh.example\ntatca@sonv.tinh.example,ngoai@khac.example\nchung@sonv.tinh.example,tatca@sonv.tinh.example\n",
}

async function write(contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(contents)) await writeFile(join(dir, name), text)
}

const run = (request: Partial<ImportRequest> = {}): Promise<ImportOutcome> =>
  importFolder(
    { dir, credentialsPath: null, suspendMissing: false, reactivate: false, dryRun: false, ...request },
    { store: createProvisioningStore(database), mailboxes: defaultMailboxes(true), clock: { now: () => now } },
  )

async function done(request: Partial<ImportRequest> = {}): Promise<{ readonly plan: ImportPlan; readonly version: number | null }> {
  const outcome = await run(request)
  if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome))
  return outcome
}

const counts = ({ tables }: ImportPlan, kind: "add" | "change" | "suspend" | "reactivate"): Partial<Record<TableName, number>> =>
  Object.fromEntries(tableNames.flatMap((name) => (tables[name][kind].length > 0 ? [[name, tables[name][kind].length]] : [])))

const all = async (text: string): Promise<unknown[]> => (await database.query<Record<string, unknown>>({ text })).map((row) => Object.values(row).join("|"))

describe("a good folder", () => {
  test("becomes the directory, with the mailboxes of new accounts", async () => {
    await write(files)
    const { plan, version } = await done()
    expect(counts(plan, "add")).toEqual({ units: 2, principals: 3, accounts: 2, assignments: 3, aliases: 1, groups: 2, members: 3 })
    expect(version).toBe(2)
    const directory = await loadDirectory(database)
    const office = directory.resolve("vanthu@sonv.tinh.example")
    expect(office).toMatchObject({ kind: "account", account: { address: "sonv@sonv.tinh.example", kind: "organizational", displayName: "Sở Nội vụ", quotaBytes: 10 * 2 ** 30 } })
    expect(directory.assignmentsOfPrincipal("CN2", now)).toMatchObject([{ rights: ["read", "send-as"], from: "2026-01-01", until: null }])
    expect(directory.resolve("tatca@sonv.tinh.example")).toMatchObject({ group: { members: ["anh@sonv.tinh.example", "ngoai@khac.example"], allowedSenders: ["sonv@sonv.tinh.example"] } })
    expect(directory.resolve("chung@sonv.tinh.example")).toMatchObject({ group: { allowedSenders: null } })
    expect(await all("SELECT DISTINCT name, special_use FROM mailbox ORDER BY name")).toEqual([
      "INBOX|", "Lưu trữ|\\Archive", "Thùng rác|\\Trash", "Thư nháp|\\Drafts", "Thư rác|\\Junk", "Thư đã gửi|\\Sent",
    ])
    expect(await all("SELECT count(*) FROM subscription s JOIN mailbox m USING (account_id, name)")).toEqual(["12"])
    // an entry for each row, and one for the whole
    expect(await all("SELECT kind, count(*) FROM audit GROUP BY kind ORDER BY min(id)")).toEqual([
      "unit.added|2", "principal.added|3", "account.added|2", "assignment.added|3", "alias.added|1", "group.added|2", "groupMember.added|3", "directory.imported|1",
    ])
  })

  test("a second run changes nothing", async () => {
    await write(files)
    await done()
    const before = await all("SELECT count(*) FROM audit")
    for (const options of [{}, { suspendMissing: true }, { reactivate: true }]) {
      const { plan, version } = await done(options)
      expect(isEmptyPlan(plan)).toBe(true)
      expect(version).toBeNull()
    }
    expect(await all("SELECT version FROM directory_version")).toEqual(["2"])
    expect(await all("SELECT count(*) FROM audit")).toEqual(before)
  })

  test("a dry run tells the plan and touches nothing", async () => {
    await write(files)
    const { plan, version } = await done({ dryRun: true })
    expect(counts(plan, "add")).toMatchObject({ accounts: 2 })
    expect(version).toBeNull()
    expect(await all("SELECT count(*) FROM account")).toEqual(["0"])
  })

  test("is the same with a BOM, CRLF, columns in another order, decomposed letters and addresses in capitals", async () => {
    await write(files)
    await done()
    await write({
      "principals.csv": `\ufeff${"phone,title,unit_code,name,kind,principal_id\n,,SNV,\"Sở Nội vụ\",organization,TC1\n0000 000 001,Giám đốc,SNV,Đặng Thị Ánh,individual,CN1\n\n,Chuyên viên,SNV, Lê Văn Bảo ,individual,CN2".normalize("NFD").replaceAll("\n", "\r\n")}`,
      "accounts.csv": "quota,address,kind,display_name,unit_code\n10240MiB,SONV@Sonv.TINH.example,organizational,Sở Nội vụ,SNV\n",
    })
    expect(isEmptyPlan((await done()).plan)).toBe(true)
  })

  test("what changed is changed, and nothing else", async () => {
    await write(files)
    await done()
    await write({
      "organization-units.csv": files["organization-units.csv"].replace("Sở Nội vụ", "Sở Nội vụ và Lao động"),
      "principals.csv": files["principals.csv"].replace("Giám đốc", "Phó Giám đốc"),
      "accounts.csv": files["accounts.csv"].replace("2GiB", "3GiB"),
      "assignments.csv": files["assignments.csv"].replace("send-as read", "read").replace("2026-01-01,", "2026-01-01,2026-12-31"),
      "aliases.csv": files["aliases.csv"].replace(",sonv@", ",anh@"),
      "groups.csv": files["groups.csv"].replace("Chung,", "Chung,anh@sonv.tinh.example"),
    })
    const { plan } = await done()
    expect(counts(plan, "add")).toEqual({})
    expect(counts(plan, "change")).toEqual({ units: 1, principals: 1, accounts: 1, assignments: 1, aliases: 1, groups: 1 })
    expect(await all("SELECT rights, valid_until::text FROM assignment WHERE principal_id = 'CN2'")).toEqual(["read|2026-12-31"])
    expect(await all("SELECT quota_bytes FROM account WHERE address LIKE 'anh@%'")).toEqual([String(3 * 2 ** 30)])
    // the audit has each row as it was and as it is, at its account
    expect(await all(`SELECT a.kind, detail->>'key' AS k, detail->'before'->>'quotaBytes' AS b, detail->'after'->>'quotaBytes' AS n, c.address FROM audit a JOIN account c ON c.id = a.account_id WHERE a.kind = 'account.changed'`)).toEqual([
      `account.changed|anh@sonv.tinh.example|${2 * 2 ** 30}|${3 * 2 ** 30}|anh@sonv.tinh.example`,
    ])
    expect(await all("SELECT detail->'before'->'rights' AS b, detail->'after'->'rights' AS n, detail->'after'->>'until' AS until FROM audit WHERE kind = 'assignment.changed'")).toEqual(["read,send-as|read|2026-12-31"])
    expect(isEmptyPlan((await done()).plan)).toBe(true)
  })

  test("what is missing is left alone until it is asked to be suspended, and comes back only when asked", async () => {
    await write(files)
    await done()
    const withoutCN1 = {
      "principals.csv": files["principals.csv"].replace(/CN1.*\n/, ""),
      "accounts.csv": files["accounts.csv"].replace(/anh@.*\n/, ""),
      "assignments.csv": files["assignments.csv"].replace(/anh@.*\n/, ""),
      "group-members.csv": files["group-members.csv"].replace(/.*,anh@.*\n/, ""),
      "aliases.csv": "address,target\n",
    }
    await write(withoutCN1)
    expect(isEmptyPlan((await done()).plan)).toBe(true)
    const { plan } = await done({ suspendMissing: true })
    expect(counts(plan, "suspend")).toEqual({ principals: 1, accounts: 1, assignments: 1, aliases: 1, members: 1 })
    expect(isEmptyPlan((await done({ suspendMissing: true })).plan)).toBe(true)
    const directory = await loadDirectory(database)
    expect(directory.resolve("anh@sonv.tinh.example")).toMatchObject({ account: { suspended: true } })
    expect(directory.assignmentsOfPrincipal("CN1", now)).toEqual([])
    expect(await all("SELECT valid_until::text FROM assignment WHERE principal_id = 'CN1'")).toEqual(["2026-06-14"])

    await write(files)
    const back = await done()
    expect(back.plan.tables.accounts).toMatchObject({ leftSuspended: 1, reactivate: [] })
    expect(await all("SELECT suspended_at IS NULL FROM account WHERE address LIKE 'anh@%'")).toEqual(["false"])
    expect(counts((await done({ reactivate: true })).plan, "reactivate")).toEqual({ principals: 1, accounts: 1 })
    expect(await all("SELECT count(*) FROM account WHERE suspended_at IS NOT NULL")).toEqual(["0"])
  })

  test("a table whose file is not there has nothing missing", async () => {
    await write(files)
    await done()
    await rm(join(dir, "accounts.csv"))
    await rm(join(dir, "group-members.csv"))
    expect(isEmptyPlan((await done({ suspendMissing: true })).plan)).toBe(true)
  })

  test("a directory that changes meanwhile is compared again", async () => {
    await write(files)
    const store = createProvisioningStore(database)
    let meddled = false
    const outcome = await importFolder(
      { dir, credentialsPath: null, suspendMissing: false, reactivate: false, dryRun: false },
      {
        store: {
          ...store,
          async apply(plan, mailboxes) {
            if (!meddled) await database.query({ text: "UPDATE directory_version SET version = version + 1" })
            meddled = true
            return store.apply(plan, mailboxes)
          },
        },
        mailboxes: [],
        clock: { now: () => now },
      },
    )
    expect(outcome).toMatchObject({ kind: "done", version: 3 })
  })

  test("the seeded province is imported", async () => {
    dir = await mkdtemp(join(tmpdir(), "congthu-import-"))
    const { plan } = await done({ dir: fileURLToPath(new URL("../../../mailboxes-seed", import.meta.url)) })
    expect(counts(plan, "add")).toMatchObject({ accounts: 3000, principals: 4228 })
    expect(await all("SELECT count(*) FROM mailbox")).toEqual(["18000"])
  })
})
