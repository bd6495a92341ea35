import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import bcrypt from "bcrypt"
import pino from "pino"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { appPasswordHash } from "../../src/accounts/credential.ts"
import { readKey } from "../../src/base/key-file.ts"
import { lockFolder } from "../../src/base/folder-lock.ts"
import { startDataFolderPostgres } from "../../src/store/sql/connect.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { compileCache } from "../support/compile-cache.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { program } from "../support/programs.ts"

const script = program("congthu")
let database: TestDatabase
let dir: string
beforeAll(async () => {
  database = await createTestDatabase(2)
  dir = await mkdtemp(join(tmpdir(), "congthu-cli-"))
  await writeFile(join(dir, "organization-units.csv"), "code,name,kind,parent_code,domain\nSNV,Sở Nội vụ,department,,sonv.tinh.example\n")
  await writeFile(join(dir, "principals.csv"), "principal_id,kind,name,unit_code,title,phone\nCN1,individual,Đặng Thị Ánh,SNV,,\nCN2,individual,Lê Văn Bảo,SNV,,\n")
  await writeFile(join(dir, "accounts.csv"), "address,kind,display_name,unit_code,quota\nanh@sonv.tinh.example,personal,Đặng Thị Ánh,SNV,2GiB\nvp@sonv.tinh.example,organizational,Văn phòng,SNV,2GiB\n")
  await writeFile(join(dir, "assignments.csv"), "address,principal_id,rights,from,until\nanh@sonv.tinh.example,CN1,owner,,\nvp@sonv.tinh.example,CN1,read write,,\n")
  await writeFile(join(dir, "passwords.txt"), "address,password\nanh@sonv.tinh.example,Mật khẩu 1\n")
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function congthu(args: readonly string[], { input = "", embedded = false } = {}): Promise<Ran> {
  const env = { PATH: process.env["PATH"], HOME: dir, ...compileCache(), ...(embedded ? {} : { CONGTHU_DATABASE_URL: database.url }), CONGTHU_AUTH_BCRYPT_COST: "4" }
  const child = spawn(process.execPath, [script, "--data-dir", join(dir, "data"), ...args], { env, stdio: "pipe" })
  const text = { out: "", err: "" }
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()))
  child.stdin.on("error", () => undefined)
  child.stdin.end(input)
  const [code] = (await once(child, "close")) as [number | null]
  return { code, ...text }
}

describe("import", () => {
  test("a dry run, the run, and the run again", async () => {
    const dry = await congthu(["import", dir, "--dry-run"])
    expect(dry).toMatchObject({ code: 0, err: "" })
    expect(dry.out).toContain("accounts.csv            add 2, change 0, suspend 0, unchanged 0\n      add: anh@sonv.tinh.example, vp@sonv.tinh.example\n")
    expect(dry.out).toContain("Dry run: nothing was applied.")
    const run = await congthu(["import", dir, "--credentials", join(dir, "passwords.txt")])
    expect(run.code).toBe(0)
    expect(run.out).toMatch(/Applied in \d+\.\d s; the directory is at version 2\.\nPasswords: set 1, unchanged 0\.\n$/)
    const again = await congthu(["import", dir, "--credentials", join(dir, "passwords.txt")])
    expect(again.out).toMatch(/^Nothing to do: the directory is as the files say\.\n/)
    expect(again.out).toMatch(/Passwords: set 0, unchanged 1\.\n$/)
  })

  test("a bad row is told on standard error, with an exit code of its own", async () => {
    const bad = join(dir, "bad")
    await mkdir(bad)
    await writeFile(join(bad, "aliases.csv"), "address,target\nx@sonv.tinh.example,none@sonv.tinh.example\n")
    expect(await congthu(["import", bad])).toEqual({ code: 65, out: "", err: "aliases.csv:2: target: there is no account none@sonv.tinh.example\n1 problem: nothing was applied.\n" })
  })
})

describe("app-password", () => {
  test("is printed once, stored as its keyed hash, listed and revoked", async () => {
    const made = await congthu(["app-password", "create", "vp@sonv.tinh.example", "--principal", "CN1", "--label", "Điện thoại"])
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){6}[0-9a-hjkmnp-tv-z]{4}\n$/)
    const key = await readKey(join(dir, "data/keys/credential.key"))
    expect((await stat(join(dir, "data/keys/credential.key"))).mode & 0o777).toBe(0o600)
    const [row] = await database.query<{ id: number; hash: string }>({ text: "SELECT id, hash FROM credential WHERE kind = 'appPassword'" })
    expect(row?.hash).toBe(appPasswordHash(made.out.trim(), key))
    expect((await congthu(["app-password", "list", "vp@sonv.tinh.example"])).out).toMatch(new RegExp(`^${row?.id}\tapp password\t[^\t]+\tCN1 Đặng Thị Ánh\tĐiện thoại\n$`))
    expect(await congthu(["app-password", "revoke", "vp@sonv.tinh.example", String(row?.id)])).toMatchObject({ code: 0, out: "" })
    expect((await congthu(["app-password", "list", "vp@sonv.tinh.example"])).out).toBe("")
  })

  test.each([
    [["create", "none@sonv.tinh.example", "--label", "x"], "there is no account none@sonv.tinh.example\n"],
    [["create", "vp@sonv.tinh.example", "--label", "x"], "vp@sonv.tinh.example has 0 owners: name the person with --principal\n"],
    [["create", "vp@sonv.tinh.example", "--principal", "CN2", "--label", "x"], "CN2 holds no rights on vp@sonv.tinh.example today\n"],
    [["create", "vp@sonv.tinh.example", "--principal", "CN9", "--label", "x"], "there is no principal CN9\n"],
    [["revoke", "vp@sonv.tinh.example", "abc"], '"abc" is not the number of a credential; `congthu app-password list vp@sonv.tinh.example` shows them\n'],
    [["revoke", "vp@sonv.tinh.example", "99999"], "vp@sonv.tinh.example has no live credential 99999\n"],
  ])("%j fails clearly", async (args, err) => {
    expect(await congthu(["app-password", ...args])).toEqual({ code: 1, out: "", err })
  })
})

describe("password set", () => {
  test("takes the first line of standard input", async () => {
    expect(await congthu(["password", "set", "anh@sonv.tinh.example", "--stdin"], { input: "Mật khẩu mới\r\nmore\n" })).toMatchObject({ code: 0, out: "" })
    const [row] = await database.query<{ hash: string }>({ text: "SELECT hash FROM credential WHERE kind = 'password' AND revoked_at IS NULL" })
    expect(await bcrypt.compare("Mật khẩu mới", row?.hash ?? "")).toBe(true)
  })

  test.each([
    ["short", "a password has at least 8 characters\n"],
    ["", "a password has at least 8 characters\n"],
    ["x".repeat(73), "a password has at most 72 bytes\n"],
  ])("refuses %j", async (input, err) => {
    expect(await congthu(["password", "set", "anh@sonv.tinh.example", "--stdin"], { input })).toEqual({ code: 1, out: "", err })
  })

  test("does not wait at a terminal that is not there", async () => {
    expect(await congthu(["password", "set", "anh@sonv.tinh.example"])).toMatchObject({ code: 1, err: "there is no terminal to ask at; give the password on standard input with --stdin\n" })
  })
})

describe("the command line", () => {
  test("--help shows commands and examples", async () => {
    const help = await congthu(["import", "--help"])
    expect(help).toMatchObject({ code: 0, err: "" })
    expect(help.out).toContain("npm run congthu -- import ./province --dry-run")
  })

  test.each([[["nonsense"]], [["import"]], [["import", "x", "--nonsense"]], [["app-password", "create", "x"]]])("%j is a usage error", async (args) => {
    expect(await congthu(args)).toMatchObject({ code: 2, out: "" })
  })

  test("a configuration that is not there is told before anything is tried", async () => {
    const ran = await congthu(["migrate", "--config", join(dir, "none.yaml")])
    expect(ran.code).toBe(78)
    expect(ran.err).toContain("none.yaml: cannot be read")
  })

  test("without a running system the embedded PostgreSQL is started, and stopped again", async () => {
    const ran = await congthu(["import", dir], { embedded: true })
    expect(ran).toMatchObject({ code: 0, err: "" })
    await expect(stat(join(dir, "data/run/postgres.url"))).rejects.toThrow("ENOENT")
    expect(await readFile(join(dir, "data/postgres/PG_VERSION"), "utf8")).toBe("18\n")
    expect((await congthu(["migrate"], { embedded: true })).out).toBe("The schema is up to date.\n")
  })

  test("beside a running system it uses the system's PostgreSQL, and tells it of the new directory", async () => {
    const dataDir = join(dir, "data")
    const lock = await lockFolder(dataDir)
    const server = await startDataFolderPostgres({ dataDir })
    const running = openDatabase({ url: server.url, poolSize: 2, applicationName: "tests" })
    const feed = createPostgresChangeFeed({ database: running, url: server.url, log: pino({ enabled: false }) })
    try {
      await feed.ready
      const heard = new Promise((resolve) => feed.subscribe(resolve))
      await writeFile(join(dir, "aliases.csv"), "address,target\nvanthu@sonv.tinh.example,vp@sonv.tinh.example\n")
      expect(await congthu(["import", dir], { embedded: true })).toMatchObject({ code: 0, err: "" })
      expect(await heard).toEqual([{ kind: "directory", version: 3 }])
      // and leaves it running
      expect(await running.query({ text: "SELECT address FROM alias" })).toEqual([{ address: "vanthu@sonv.tinh.example" }])
    } finally {
      await feed.close()
      await running.close()
      await server.stop()
      await lock?.release()
    }
  })
})
