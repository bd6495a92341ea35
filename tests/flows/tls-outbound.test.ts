import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { program } from "../support/programs.ts"
import { until } from "../support/running-system.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { Foreigners, tlsaOf } from "../support/tls-world.ts"

/** The system as it runs, with a resolver that validates. Loopback addresses are its own to a system, so all mail goes through a smarthost, which is bound by its DANE like any other. */
const authority = tlsAuthority("Authority")
const right = tlsIdentity({ names: ["mx.dung.example"], by: authority })
const wrong = tlsIdentity({ names: ["mx.dung.example"], by: authority })

describe.skipIf(dnsUnavailable() !== undefined)("mail that leaves", () => {
  let dns: DnsWorld
  let system: TestSystem
  let database: Database
  let foreign: Foreigners
  let sender: string
  let password: string
  beforeAll(async () => {
    const port = await freeLoopbackPort()
    foreign = new Foreigners(port)
    dns = await startDns({ signed: { "dung.example": `mx A 127.0.5.1\n_${port}._tcp.mx ${tlsaOf(3, 1, right.issued)}` } })
    const dataDir = await newSeededFolder()
    await writeFile(join(dataDir, "authority.pem"), pemOf(authority))
    const partners = JSON.stringify([{ domains: ["so.example"], require: "pinned", caFile: join(dataDir, "authority.pem") }])
    system = await startTestSystem({
      dataDir,
      env: { CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true", CONGTHU_DELIVERY_PARTNERS: partners, CONGTHU_DELIVERY_SMARTHOST: `mx.dung.example:${port}` },
    })
    database = openDatabase({ url: system.databaseUrl, poolSize: 1, applicationName: "tests" })
    // offices must sign what leaves the province; people need not
    const [person] = await database.query<{ address: string }>({ text: "SELECT address FROM account WHERE kind = 'personal' ORDER BY id LIMIT 1" })
    sender = person?.address ?? ""
    password = await newAppPassword()
  }, 120_000)
  afterAll(async () => {
    await database.close()
    await system.stop()
    await Promise.all([system.remove(), foreign.close(), dns.stop()])
  }, 60_000)

  async function newAppPassword(): Promise<string> {
    const child = spawn(process.execPath, [program("congthu"), "app-password", "create", sender, "--label", "phần mềm", "--data-dir", system.dataDir], { stdio: ["ignore", "pipe", "inherit"] })
    let said = ""
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
    await once(child, "exit")
    return said.trim()
  }

  async function submit(recipient: string): Promise<void> {
    const transport = createTransport({ host: "127.0.0.1", port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: sender, pass: password } })
    const raw = `From: <${sender}>\r\nTo: <${recipient}>\r\nSubject: thu\r\nDate: Thu, 26 Nov 2026 08:00:00 +0700\r\n\r\nChao\r\n`
    await transport.sendMail({ envelope: { from: sender, to: [recipient] }, raw })
    transport.close()
  }

  const attemptOf = async (recipient: string) => {
    const read = () => database.query<{ outcome: string; status: string; tls_details: unknown }>({ text: "SELECT a.outcome, a.status, a.tls_details FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.recipient = $1" }, [recipient])
    await until(async () => (await read()).length > 0, 30_000)
    return (await read())[0]
  }

  test("each attempt knows by what it was protected, and sessions are counted", async () => {
    const reason = "DANE of mx.dung.example asks for it"
    await foreign.start("127.0.5.1", right)
    await submit("bo@xa.example")
    expect(await attemptOf("bo@xa.example")).toMatchObject({ outcome: "relayed", tls_details: { policy: "verified", reason, verified: "dane-ee", version: "TLSv1.3", fingerprint: right.issued.certificate.fingerprint, fault: null } })
    await foreign.close()
    const impostor = await foreign.start("127.0.5.1", wrong)
    await submit("co@xa.example")
    expect(await attemptOf("co@xa.example")).toMatchObject({ outcome: "deferred", status: "4.7.5", tls_details: { policy: "verified", reason, verified: "no", fingerprint: wrong.issued.certificate.fingerprint, fault: { type: "validation-failure" } } })
    expect(impostor.received).toEqual([])
    const counts = () => database.query({ text: "SELECT domain, policy_type, result, sessions FROM tls_session_count ORDER BY result" })
    await until(async () => (await counts()).length === 2, 30_000)
    expect(await counts()).toEqual([
      { domain: "mx.dung.example", policy_type: "tlsa", result: "success", sessions: 1 },
      { domain: "mx.dung.example", policy_type: "tlsa", result: "validation-failure", sessions: 1 },
    ])
  })
})
