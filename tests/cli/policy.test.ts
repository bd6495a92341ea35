import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir, userInfo } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import pino from "pino"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addPolicyCommands } from "../../src/cli/policy-commands.ts"
import type { Change } from "../../src/store/change.ts"
import { sealFacts } from "../../src/store/sealed-facts.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDecisionStore } from "../../src/store/sql/decisions.ts"
import { createPostgresChangeFeed } from "../../src/store/sql/postgres-feed.ts"
import { foreigner, messageFacts, person } from "../policy/facts.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"

const shipped = fileURLToPath(new URL("../../config/policy.yaml", import.meta.url))
const key = Buffer.alloc(32, 5)
let database: TestDatabase
let dir: string
let options: CommandsOptions
let policy: (...args: readonly string[]) => Promise<CommandResult>
beforeAll(async () => {
  database = await createTestDatabase(2)
  dir = await mkdtemp(join(tmpdir(), "congthu-policy-"))
  options = { databaseUrl: database.url, dataDir: join(dir, "data") }
  const congthu = commandsHere([addPolicyCommands], options)
  policy = (...args) => congthu("policy", ...args)
  await mkdir(join(dir, "data", "keys"), { recursive: true })
  await writeFile(join(dir, "data", "keys", "content.key"), `${key.toString("hex")}\n`, { mode: 0o600 })
  await database.query({
    text: `
      INSERT INTO organization_unit (code, name, kind, parent_code, domain) VALUES ('UBND', 'Tỉnh', 'province', NULL, 'tinh.example'), ('SNV', 'Sở Nội vụ', 'department', 'UBND', 'snv.example'), ('SYT', 'Sở Y tế', 'department', 'UBND', 'syt.example');
      INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('vp@snv.example', 'organizational', 'Văn phòng', 'SNV', 1000), ('an@snv.example', 'personal', 'An', 'SNV', 1000), ('vp@syt.example', 'organizational', 'Văn phòng', 'SYT', 1000)`,
  })
  await writeFile(join(dir, "thu.eml"), "From: vp@snv.example\r\nSubject: =?utf-8?q?B=C3=A1o_c=C3=A1o?= \x1b[31m\r\n\r\nNội dung\r\n")
})
afterAll(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

const file = async (name: string, yaml: string): Promise<string> => {
  const path = join(dir, name)
  await writeFile(path, yaml)
  return path
}

const letter = (name: string, ...header: readonly string[]): Promise<string> => file(name, `${header.join("\r\n")}\r\n\r\nNội dung\r\n`)

test("check tells every mistake with file, line and column, and ends with 1", async () => {
  expect(await policy("check", shipped)).toEqual({ code: 0, out: `${shipped}: good; 22 rules\n`, err: "" })
  const bad = await file("bad.yaml", "format: 1\nrules:\n  - { id: a, wenn: {}, verdict: accept }\n  - { id: a, verdict: { hold: { approvers: administrators, vi: a, en: b } } }\n")
  expect(await runCongthu(options, "policy", "check", bad)).toEqual({ code: 1, out: "", err: `${bad}:3:14: rules.0.wenn: is no key that is known here\n1 problem: this policy cannot be used.\n` })
  expect(await policy("check", join(dir, "none.yaml"))).toMatchObject({ code: 1, err: expect.stringContaining("none.yaml cannot be read: ENOENT") as unknown })
})

test("a policy is applied, listed, shown, rolled back; running processes hear of it", async () => {
  const heard: Change[] = []
  const feed = createPostgresChangeFeed({ database, url: database.url, log: pino({ level: "silent" }), hears: ["directory"] })
  await feed.ready
  feed.subscribe((changes) => heard.push(...changes))
  try {
    expect(await policy("show")).toMatchObject({ code: 1, err: "no policy was put in force yet: the first start does it\n" })
    expect(await runCongthu(options, "policy", "apply", shipped, "--why", "Quyết định 01")).toMatchObject({ code: 0, out: expect.stringMatching(/^Version 1 is in force\./) as unknown })
    expect(await policy("apply", shipped, "--why", "again")).toMatchObject({ code: 0, out: "", err: "Nothing was changed: this policy is in force already.\n" })
    const open = "format: 1\nrules:\n  - { id: open, when: { any: [{ sender: { unit: [SNV, SXD] } }, { not: { recipient: { group: vp@snv.example } } }] }, verdict: accept } # mở\n"
    expect(await policy("apply", await file("open.yaml", open), "--why", "thử")).toMatchObject({
      code: 0, err: "warning: rule open: the directory has no unit SXD\nwarning: rule open: the directory has no group vp@snv.example\n",
    })
    expect(await policy("apply", await file("bad-2.yaml", "format: 2\n"), "--why", "x")).toMatchObject({ code: 1, err: expect.stringContaining("bad-2.yaml:1:9: format: is not 1") as unknown })
    expect((await policy("show")).out).toBe(open)
    expect(await policy("rollback", "1", "--why", "hỏng")).toMatchObject({ code: 0, out: "Version 3 is in force. Back: npm run congthu -- policy rollback 2 --why \"…\"\n" })
    expect(await policy("rollback", "9", "--why", "x")).toMatchObject({ code: 1, err: "there is no policy version 9; `congthu policy history` shows them\n" })
    const history = (await policy("history")).out.trimEnd().split("\n").map((line) => [line.slice(0, 7).trimEnd(), ...line.slice(7).trim().split(/ {2,}/)])
    expect(history.map(([version, , by, source, , why]) => [version, by, source, why])).toEqual([
      ["VERSION", "BY", "SOURCE", "WHY"],
      ["* 3", userInfo().username, "command", "hỏng (back to version 1)"], ["  2", userInfo().username, "command", "thử"], ["  1", userInfo().username, "command", "Quyết định 01"],
    ])
    await expect.poll(() => heard).toEqual([1, 2, 3].map((version) => ({ kind: "policy", version })))
  } finally {
    await feed.close()
  }
})

test("explain prints each rule with why it did or did not match, and the verdict", async () => {
  const explain = (...more: readonly string[]) => policy("explain", join(dir, "thu.eml"), "--policy", shipped, ...more)
  const unsigned = await explain("--from", "vp@snv.example", "--to", "vp@syt.example", "an@snv.example", "--at", "2026-12-01T08:30")
  expect(unsigned).toMatchObject({ code: 0, err: "" })
  expect(unsigned.out).toContain("direction   submission\nsender      vp@snv.example; organizational; unit SNV < UBND\nrecipients  vp@syt.example; organizational; unit SYT < UBND\n            an@snv.example; personal; unit SNV < UBND\nsubject     Báo cáo [31m\n")
  expect(unsigned.out).toContain("time        2026-12-01 08:30 (Asia/Ho_Chi_Minh)\n")
  expect(unsigned.out).toContain("state-secret: does not match\n    no   document is of class stateSecret (it has: none)\n")
  expect(unsigned.out).toContain(`organization-unsigned: DECIDES
    yes  all of:
        yes  direction is submission or outbound
        yes  sender kind is organizational
        yes  not:
            no   signature status is valid (it has: missing)
personal-unsigned: is not in force at this time
`)
  expect(unsigned.out).toMatch(/Verdict: reject 550 5\.7\.1 \(organization-unsigned\)\n {2}Thư của cơ quan .*\n {2}Mail of an organization .*\n$/)

  const personal = await letter("an.eml", "From: an@snv.example")
  const explainPersonal = (at: string) => policy("explain", personal, "--policy", shipped, "--from", "an@snv.example", "--to", "vp@syt.example", "--at", at)
  expect((await explainPersonal("2028-01-01")).out).toContain("Verdict: reject 550 5.7.1 (personal-unsigned)")
  expect((await explainPersonal("2027-12-31")).out).toMatch(/Verdict: accept \(policy\.default\)\n {2}mark without a keyword \(personal-unsigned-warning\), and the sender is told\n/)
  expect((await explain("--from", "vp@snv.example", "--to", "vp@syt.example", "--signature", "valid")).out).toContain("Verdict: accept (policy.default)")
  expect((await explain("--from", "vp@snv.example", "--to", "vp@syt.example", "--signature", "revoked,untrusted")).out).toContain("Verdict: reject 550 5.7.5 (signature-refused)")
  expect((await explain("--from", "a@xa.example", "--to", "vp@syt.example", "--outside", "--tls", "none")).out).toContain("direction   inbound")
})

test("explain judges as the door does: by whom the message shows, and by what holds whatever the rules say", async () => {
  const toOther = ["--to", "vp@syt.example", "--policy", await file("sign.yaml", "format: 1\nrules:\n  - { id: seal, when: { sender: { kind: organizational } }, verdict: { sign: { key: k } } }\n")]
  const shown = await policy("explain", join(dir, "thu.eml"), "--from", "an@snv.example", ...toOther)
  expect(shown.out).toContain("sender      vp@snv.example; organizational; unit SNV < UBND\n")
  // its author and its envelope sender are two
  expect(shown.out).toMatch(/Verdict: reject 550 5\.7\.1 \(seal\)\n.*\n {2}This server signs for one sender only/)
  expect((await policy("explain", join(dir, "thu.eml"), "--from", "vp@snv.example", ...toOther)).out).toContain("Verdict: sign")
  const hidden = await letter("hidden.eml", "From: vp@snv.example", `Subject: ${"x ".repeat(3_000)}`)
  expect((await policy("explain", hidden, "--from", "vp@snv.example", ...toOther)).out).toMatch(/Verdict: reject 554 5\.6\.0 \(message\.header\)\n/)
})

test.each<[string, readonly string[], RegExp]>([
  ["a foreign author", ["From: vp@snv.example, ai@xa.example"], /^From or Sender shows ai@xa\.example, which is no account here: /],
  ["a foreign Sender", ["From: vp@snv.example", "Sender: ai@xa.example"], /^From or Sender shows ai@xa\.example, /],
  ["two From fields", ["From: vp@snv.example", "From: an@snv.example"], /^the message would be refused before the policy is asked: /],
])("explain says that a message with %s is refused before any rule", async (_what, lines, expected) => {
  const refused = await policy("explain", await letter("khac.eml", ...lines), "--policy", shipped, "--from", "vp@snv.example", "--to", "vp@syt.example")
  expect(refused).toEqual({ code: 1, out: "", err: expect.stringMatching(expected) as unknown })
})

test.each<[readonly string[], string]>([
  [["--from", "a@xa.example", "--to", "vp@syt.example"], "a@xa.example is no account here that could sign in; mail from outside is explained with --outside\n"],
  [["--from", "vp@snv.example", "--to", "none@syt.example"], "the recipient none@syt.example would be refused before the policy is asked: unknown\n"],
  [["--from", "vp@snv.example", "--to", "vp@syt.example", "--at", "soon"], '"soon" is no time such as 2028-01-01 or 2028-01-01T08:30\n'],
  [["--from", "vp@snv.example", "--to", "vp@syt.example", "--auth", "magic"], '"magic" is none of password, appPassword, certificate, local\n'],
])("explain %j says what to do instead", async (args, expected) => {
  expect(await policy("explain", join(dir, "thu.eml"), "--policy", shipped, ...args)).toEqual({ code: 1, out: "", err: expected })
})

test("replay reports what would have been decided otherwise, with samples, from what was stored", async () => {
  const sealer = createSealer(key)
  const now = Date.now()
  const decisions = createDecisionStore({ database, clock: { now: () => now } })
  const record = (n: number, facts: object, ruleId = "old", at = now - 1000) =>
    decisions.record({ policyVersion: 1, ruleId, verdict: "accept", messageId: `m${n}@x.example`, reversePath: "vp@snv.example", at, facts: sealFacts(sealer, facts) })
  for (let n = 0; n < 7; n++) await record(n, messageFacts())
  await record(7, messageFacts({ sender: person }), "policy.default")
  await record(8, messageFacts({ direction: "inbound", sender: foreigner }), "policy.default")
  await record(9, { of: "another program" })
  await record(10, messageFacts(), "old", now - 40 * 86_400_000)
  const ran = await policy("replay", "--since", "30d", shipped)
  expect(ran.code).toBe(0)
  expect(ran.out).toContain("10 decisions: 1 as before, 8 with another verdict, 0 with the same verdict by another rule, 1 could not be read.\n")
  expect(ran.out).toMatch(/\n7 {2}accept \(old\) → reject \(organization-unsigned\)\n(?: {6}\S+ \S+ {2}refused {2}<vp@snv\.example> {2}m\d@x\.example\n){5}\n/)
  expect(ran.out).toContain("\n1  accept (policy.default) → quarantine (inbound-unsigned)\n")
  expect(ran.out).toContain("By the new policy:\n        7  reject (organization-unsigned)\n")
  expect(ran.err).toContain("Replay 10/10")
  // personal accounts, once their date has come
  expect((await policy("replay", shipped, "--as-of", "2028-01-01")).out).toContain("\n1  accept (policy.default) → reject (personal-unsigned)\n")
  expect(await policy("replay", shipped, "--since", "long")).toMatchObject({ code: 1, err: '"long" is no duration such as 12h or 30d\n' })
})
