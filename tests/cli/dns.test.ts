import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { CommandError, type CommandContext } from "../../src/cli/context.ts"
import { createDkimKeys, listDkimKeys, retireDkimKeys, rotateDkimKeys } from "../../src/cli/dkim-command.ts"
import { checkDns, type PolicyPlace, printRecords } from "../../src/cli/dns-command.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { Serving } from "../../src/base/serving.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import { startConsole } from "../../src/console/server.ts"
import { mtaStsPolicy } from "../../src/domains/mta-sts-policy.ts"
import { loadConfig } from "../../src/config/load.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { type DnsWorld, dnsUnavailable, startDns } from "../support/dns-world.ts"
import { program } from "../support/programs.ts"
import { createProvince } from "../support/province.ts"
import { served, testTls } from "../support/test-tls.ts"

const script = program("congthu")
const unavailable = dnsUnavailable()
let database: TestDatabase
let dir: string
let dns: DnsWorld
let policyServer: Serving
let place: PolicyPlace
let servedMode: "testing" | "enforce" = "testing"
beforeAll(async () => {
  if (unavailable !== undefined) return
  database = await createTestDatabase(2)
  await createProvince(database)
  dir = await mkdtemp(join(tmpdir(), "congthu-cli-"))
  dns = await startDns({ signed: { "tinh.example": "" }, unsigned: { "khac.example": "", "127.in-addr.arpa": "" } })
  const { ca, ...pem } = await testTls("mta-sts.tinh.example")
  // our own, as the role web serves it
  policyServer = await startConsole({
    host: "127.0.0.1", port: 0, tls: served(pem), help: { host: "", imaps: 0, imap: 0, submissions: 0, submission: 0 }, health: async () => [], clock: systemClock,
    mtaStsPolicy: () => mtaStsPolicy({ mode: servedMode, maxAgeSeconds: 604_800, hosts: ["mail.tinh.example"] }),
    certificates: { authenticator: { login: () => Promise.reject(new Error("nobody signs in")) }, lookup: { find: () => Promise.reject(new Error("nothing is looked up")) }, rates: createLookupRates(0), askers: createLookupRates(0) },
  })
  place = { port: policyServer.port, authorities: [ca] }
})
afterAll(async () => {
  if (unavailable !== undefined) return
  await policyServer.close()
  await dns.stop()
  await database.drop()
  await rm(dir, { recursive: true })
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const environment = (dnssec: boolean) => ({ CONGTHU_DATABASE_URL: database.url, CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: String(dnssec), CONGTHU_DATA_DIR: join(dir, "data") })

/** A command in this process; what it writes is caught. */
async function run(work: (context: CommandContext) => Promise<number>, { dnssec = true } = {}): Promise<Ended> {
  const loaded = loadConfig({ env: environment(dnssec) })
  if (!loaded.ok) throw new Error("the configuration is wrong")
  const text = { out: "", err: "" }
  const spies = [vi.spyOn(process.stdout, "write").mockImplementation((chunk) => Boolean((text.out += String(chunk)))), vi.spyOn(process.stderr, "write").mockImplementation((chunk) => Boolean((text.err += String(chunk))))]
  try {
    return { code: await work({ config: loaded.value.config, database, databaseUrl: database.url }), ...text }
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    return { code: 1, out: text.out, err: `${text.err}${error.message}\n` }
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** The same by its words. */
async function congthu(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], { env: { PATH: process.env["PATH"], HOME: dir, ...environment(true) }, stdio: ["ignore", "pipe", "pipe"] })
  const text = { out: "", err: "" }
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()))
  const [code] = (await once(child, "close")) as [number | null]
  return { code, ...text }
}

const address = "mail A 127.0.0.1\n"
const zoneOf = async (domain: string): Promise<string> => (await run((context) => printRecords(context, domain, {}))).out
const rotate = (domain: string, force = false): Promise<Ended> => run((context) => rotateDkimKeys(context, domain, { force }))
const check = (options: Parameters<typeof checkDns>[2] = {}, dnssec = true): Promise<Ended> => run((context) => checkDns(context, "tinh.example", options, place), { dnssec })

test.skipIf(unavailable)("from nothing to a domain whose DNS is as it should be: what is printed is a zone, keys wait for it, and the check finds what is missing", async () => {
  const created = await run((context) => createDkimKeys(context, "tinh.example"))
  expect(created).toMatchObject({ code: 0, err: "" })
  expect(created.out.match(/_domainkey\.tinh\.example\. 3600 IN TXT "v=DKIM1; k=(?:rsa|ed25519); p=/g)).toHaveLength(2)
  expect(await run((context) => createDkimKeys(context, "tinh.example"))).toMatchObject({ code: 1, out: "" })

  const early = await rotate("tinh.example")
  expect(early.code).toBe(1)
  expect(early.err).toMatch(/^ct\d{8}[re]\._domainkey\.tinh\.example is not in the DNS yet\n.*is not in the DNS yet\nThe keys do not sign yet/)
  expect((await run((context) => listDkimKeys(context, undefined))).out.match(/ waiting /g)).toHaveLength(2)

  const empty = await check()
  expect(empty.code).toBe(1)
  expect(empty.out).toContain("missing     tinh.example.\n            expected  MX 10 mail.tinh.example.\n            to do     Thêm bản ghi này vào vùng / add this record to the zone\n")
  expect(empty.out).toMatch(/^missing {5}https:\/\/mta-sts\.tinh\.example\/\.well-known\/mta-sts\.txt\n.*\n +found +mta-sts\.tinh\.example has no address\n/m)
  expect(empty.out).not.toContain("ok ")

  await dns.setZone("tinh.example", address + (await congthu("dns", "tinh.example")).out)
  expect(await rotate("tinh.example")).toMatchObject({ code: 0, err: "" })
  expect((await run((context) => listDkimKeys(context, "tinh.example"))).out.match(/ active /g)).toHaveLength(2)
  expect((await check()).out).toMatch(/^missing {5}1\.0\.0\.127\.in-addr\.arpa\.\n +expected +PTR mail\.tinh\.example\.\n +to do +Nhờ nhà cung cấp/m)
  await dns.setZone("127.in-addr.arpa", "1.0.0 PTR mail.tinh.example.")
  // the words of the command, where the policy's port cannot be reached
  expect((await congthu("dns", "check", "tinh.example")).err).toBe("1 of 20 need attention.\n")
  const good = await check()
  expect(good).toMatchObject({ code: 0, err: "Everything is as it should be.\n" })
  expect(good.out).toContain("ok          https://mta-sts.tinh.example/.well-known/mta-sts.txt  mode: testing, mx: mail.tinh.example, max_age: 604800\n")
  expect(good.out).toContain("ok          1.0.0.127.in-addr.arpa.  PTR mail.tinh.example.\n")
  expect(good.out.split("\n").filter((line) => line !== "" && !line.startsWith("ok "))).toEqual([])
  expect((await check({}, false)).err).toMatch(/^warning: _25\._tcp\.mail\.tinh\.example is not vouched for by DNSSEC.*\(or the resolver is not trusted to say so: dns\.dnssec\)\nEverything/)
})

test.skipIf(unavailable)("what differs is shown beside what is expected, and a name that nobody answers for is no proof of anything", async () => {
  const zone = await zoneOf("tinh.example")
  await dns.setZone("tinh.example", address + zone.replace('"v=spf1 mx -all"', '"v=spf1 a:khac.example -all"').replace(/TLSA 3 1 1 ../, "TLSA 3 1 1 00").replace("MX 10 mail", "MX 10 thu-cu").replace(/id=\w+;/, "id=1;"))
  const { code, out, err } = await check()
  expect(code).toBe(1)
  expect(out).toContain("different   tinh.example.\n            expected  MX 10 mail.tinh.example.\n            found     MX 10 thu-cu.tinh.example.\n")
  expect(out).toContain('found     TXT "v=spf1 a:khac.example -all"\n')
  expect(out.match(/^different/gm)).toHaveLength(4)
  expect(err).toBe("4 of 20 need attention.\n")
  const silent = await check({ server: "127.0.0.1:1" })
  expect(silent.code).toBe(1)
  // whoever does not know our addresses cannot ask for their names
  expect(silent.out.match(/^unanswered/gm)).toHaveLength(19)
})

test.skipIf(unavailable)("a policy that is not ours, and a PTR that does not lead back, are shown with what to do", async () => {
  await dns.setZone("tinh.example", address + (await zoneOf("tinh.example")))
  await dns.setZone("127.in-addr.arpa", "1.0.0 PTR khac.example.")
  servedMode = "enforce"
  const changed = await check()
  expect(changed.out).toMatch(/^different {3}https:\/\/mta-sts\..*\n +expected +mode: testing, .*\n +found +mode: enforce, mx: mail\.tinh\.example, max_age: 604800\n +to do +Nơi phục vụ không phải máy chủ này/m)
  expect(changed.out).toMatch(/^different {3}1\.0\.0\.127\.in-addr\.arpa\.\n.*\n +found +PTR khac\.example\. that does not lead back to 127\.0\.0\.1\n +to do +Tên trong PTR/m)
  expect(changed.err).toBe("2 of 20 need attention.\n")
  servedMode = "testing"
  const untrusted = await run((context) => checkDns(context, "tinh.example", {}, { port: policyServer.port }))
  expect(untrusted.out).toMatch(/found +the certificate of mta-sts\.tinh\.example does not hold .*\n +to do +Cần chứng thư/)
})

test.skipIf(unavailable)("a second generation signs after the first, whose records stay until it is retired", async () => {
  expect((await rotate("khac.example")).code).toBe(1)
  await dns.setZone("khac.example", (await zoneOf("khac.example")).replace(/^mail\.tinh.*|^_25.*/gm, ""))
  expect((await rotate("khac.example")).out).not.toContain("retire")
  expect((await rotate("khac.example", true)).out).toMatch(/^Mail of khac\.example is signed with ct\d{8}[re]2 and ct\d{8}[re]2 within a minute\.\nKeep the records of .* then run: npm run congthu -- dkim retire khac\.example\n$/)
  expect((await zoneOf("khac.example")).match(/_domainkey/g)).toHaveLength(4)
  expect(await run((context) => retireDkimKeys(context, "khac.example", {}))).toMatchObject({ code: 1, out: "" })
  expect((await run((context) => retireDkimKeys(context, "khac.example", { force: true }))).out.match(/^ {2}ct\d{8}[re]\._domainkey\.khac\.example\. TXT$/gm)).toHaveLength(2)
  expect((await zoneOf("khac.example")).match(/_domainkey/g)).toHaveLength(2)
})

test.skipIf(unavailable)("what is no domain, and what is no server, is refused with one sentence", async () => {
  for (const name of ["tinh", "a..example", "a b.example", "-", "x/y.example"]) expect(await run((context) => printRecords(context, name, {}))).toEqual({ code: 1, out: "", err: `"${name}" is no domain\n` })
  expect((await check({ server: "khong.example" })).err).toMatch(/^"khong\.example" is no address such as/)
})

test.skipIf(unavailable)("a reporting address that nobody has is told", async () => {
  await database.query({ text: "UPDATE account SET address = 'thu-truong@tinh.example' WHERE address = 'postmaster@tinh.example'" })
  expect((await run((context) => printRecords(context, "tinh.example", {}))).err).toContain("warning: reports are asked for at postmaster@tinh.example, which does not exist here: set dns.reportsTo, or make that address\n")
  await database.query({ text: "UPDATE account SET address = 'postmaster@tinh.example' WHERE address = 'thu-truong@tinh.example'" })
  expect((await run((context) => printRecords(context, "tinh.example", {}))).err).not.toContain("warning: reports")
})
