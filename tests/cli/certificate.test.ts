import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { addCertificateCommands } from "../../src/cli/certificate-commands.ts"
import { textTable } from "../../src/cli/text-table.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"

let database: TestDatabase
let dir: string
let options: CommandsOptions
let certificate: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  database = await createTestDatabase(2)
  await createProvince(database)
  await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('so', 'organization', 'Văn phòng', 'VP')" })
  await database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'so', ARRAY['owner'] FROM account WHERE address = 'van-phong@tinh.example'" })
  dir = await mkdtemp(join(tmpdir(), "congthu-cli-"))
  options = { databaseUrl: database.url, dataDir: join(dir, "data") }
  const congthu = commandsHere([addCertificateCommands], options)
  certificate = (...args) => congthu("certificate", ...args)
  const ca = await openDevelopmentSmimeCa({ dir: join(dir, "ca"), clock: systemClock })
  const notAfter = systemClock.now() + 20 * 86_400_000 + 3_600_000
  await writeFile(join(dir, "an.pem"), pem("CERTIFICATE", ca.issue({ subject: { commonName: "Nguyễn Văn An" }, notAfter }).certificateDer))
  await writeFile(join(dir, "so.der"), ca.issue({ subject: { commonName: "Văn phòng" }, addresses: ["van-phong@tinh.example"] }).certificateDer)
  await writeFile(join(dir, "ca.pem"), pem("CERTIFICATE", ca.root.certificate.der))
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

const version = async (): Promise<number> => (await database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0

test("a certificate's life: added, listed, shown, suspended, reinstated, revoked, each with its audit entry", async () => {
  const before = await version()
  const added = await certificate("add", join(dir, "an.pem"), "--holder", "an", "--use", "personal")
  expect(added).toMatchObject({ code: 0, err: "Registered CN=Nguyễn Văn An for an.\n" })
  const fingerprint = added.out.trim()
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/)
  expect(await version()).toBe(before + 1)
  const office = (await certificate("add", join(dir, "so.der"), "--holder", "so", "--use", "organizational", "--for", "van-phong@tinh.example", "--until", "2030-12-31")).out.trim()

  const list = await certificate("list")
  expect(list).toMatchObject({ code: 0, err: "2 certificates\n" })
  expect(list.out.split("\n").map((line) => line.split(/ {2,}/).filter((_, at) => at !== 3 && at !== 4))).toEqual([
    ["FINGERPRINT", "USE", "STATE", "HOLDER", "NAME", "SPEAKS FOR"],
    [fingerprint.slice(0, 16), "personal", "active", "an", "Nguyễn Văn An", "(all of its holder)"],
    [office.slice(0, 16), "organizational", "active", "so", "Văn phòng", "van-phong@tinh.example"],
    [""],
  ])
  expect((await certificate("expiring")).out).toMatch(new RegExp(`^FINGERPRINT.*\n${fingerprint.slice(0, 16)} .* 20 .*\n$`))
  expect(await certificate("expiring", "--within", "5d")).toEqual({ code: 0, out: "", err: "0 certificates\n" })
  expect((await certificate("list", "--holder", "so")).err).toBe("1 certificate\n")

  const shown = await certificate("show", fingerprint.toUpperCase().replace(/..(?=.)/g, "$&:"))
  expect(shown.out).toContain("subject         CN=Nguyễn Văn An\n")
  expect(shown.out).toContain("(20 days left)")
  expect((await certificate("show", office.slice(0, 8))).out).toContain("bound           … to 2030-12-31\n")
  expect((await certificate("show", fingerprint, "--pem")).out).toMatch(/^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\n$/)

  expect(await certificate("suspend", fingerprint, "--reason", "đang đi công tác")).toMatchObject({ code: 0, out: "" })
  expect((await certificate("show", fingerprint)).out).toMatch(new RegExp(`state +suspended since .* \\(đang đi công tác, by ${userInfo().username}\\)`))
  expect(await certificate("suspend", fingerprint, "--reason", "x")).toEqual({ code: 1, out: "", err: `${fingerprint} is suspended already\n` })
  expect(await certificate("reinstate", fingerprint)).toMatchObject({ code: 0 })
  expect(await certificate("revoke", fingerprint, "--reason", "mất thẻ")).toMatchObject({ code: 0, err: `Revoked ${fingerprint.slice(0, 16)} of an Nguyễn Văn An; it counts from the next message on.\n` })
  expect(await certificate("reinstate", fingerprint)).toEqual({ code: 1, out: "", err: `${fingerprint} is revoked; a revocation is for good, register a new certificate\n` })
  expect((await certificate("list", "--state", "revoked")).err).toBe("1 certificate\n")
  expect(await version()).toBe(before + 5)

  const audit = await database.query<{ kind: string; principal_id: string; detail: Record<string, unknown> }>({ text: "SELECT kind, principal_id, detail FROM audit WHERE kind LIKE 'certificate.%' ORDER BY id" })
  expect(audit.map(({ kind, principal_id, detail }) => [kind, principal_id, detail["by"], detail["reason"]])).toEqual([
    ["certificate.added", "an", userInfo().username, undefined],
    ["certificate.added", "so", userInfo().username, undefined],
    ["certificate.suspended", "an", userInfo().username, "đang đi công tác"],
    ["certificate.reinstated", "an", userInfo().username, ""],
    ["certificate.revoked", "an", userInfo().username, "mất thẻ"],
  ])
})

describe("mistakes are told with what to do", () => {
  test.each<[args: readonly string[], err: string]>([
    [["add", "DIR/none.pem", "--holder", "an", "--use", "personal"], "DIR/none.pem: the file does not exist\n"],
    [["add", "DIR/ca.pem", "--holder", "an", "--use", "personal"], "DIR/ca.pem: the file has only certificates of authorities in it; give the holder's own\n"],
    [["add", "DIR/an.pem", "--holder", "nobody", "--use", "personal"], "there is no principal nobody\n"],
    [["add", "DIR/an.pem", "--holder", "an", "--use", "office"], '"office" is not one of: personal, organizational, mobile\n'],
    [["add", "DIR/an.pem", "--holder", "an", "--use", "organizational"], 'an is a person: their certificates are "personal" or "mobile"\n'],
    [["add", "DIR/an.pem", "--holder", "an", "--use", "personal", "--for", "none@tinh.example"], "there is no account none@tinh.example\n"],
    [["add", "DIR/an.pem", "--holder", "an", "--use", "personal", "--for", "binh@tinh.example"], 'an may not sign for binh@tinh.example today: that takes "owner", or "sign" on an office\'s account (assignments.csv)\n'],
    [["add", "DIR/an.pem", "--holder", "an", "--use", "personal", "--until", "soon"], '"soon" is not a date such as "2026-01-31"\n'],
    [["list", "--state", "lost"], '"lost" is not one of: active, suspended, revoked\n'],
    [["list", "--expiring", "soon"], '"soon" is not a duration such as "60d"\n'],
    [["show", "abc"], '"abc" is not the beginning of a SHA-256 fingerprint or of a serial number (at least 8 hexadecimal digits); `congthu certificate list` shows them\n'],
    [["revoke", "0000000000000000", "--reason", "x"], "there is no certificate 0000000000000000; `congthu certificate list` shows those that are registered\n"],
  ])("%j", async (args, err) => {
    expect(await certificate(...args.map((arg) => arg.replace("DIR", dir)))).toEqual({ code: 1, out: "", err: err.replaceAll("DIR", dir) })
  })

  test("what is registered is not registered again, and a reason is asked for", async () => {
    expect((await certificate("add", join(dir, "so.der"), "--holder", "so", "--use", "organizational")).err).toMatch(/^[0-9a-f]{64} is registered already\n$/)
    expect(await runCongthu(options, "certificate", "revoke", "0000000000000000")).toMatchObject({ code: 2, out: "" })
  })
})

test("columns are aligned by letters, however they are written", () => {
  expect(textTable(["A", "B"], [["Ánh".normalize("NFD"), "1"], ["xy", "22"]])).toBe(`A    B\n${"Ánh".normalize("NFD")}  1\nxy   22`)
})
