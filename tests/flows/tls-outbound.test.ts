import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Database, openDatabase } from "../../src/store/sql/database.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { newDataDir, until } from "../support/running-system.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { Foreigners, tlsaOf } from "../support/tls-world.ts"

/** The system as it runs, with a resolver that validates: mail to a domain with DANE, right and wrong, and to a partner. Other servers listen on port 25, which is for root. */
const unavailable = process.getuid?.() === 0 ? dnsUnavailable() : "not root: the flow of mail to port 25 is skipped"
if (unavailable !== undefined) console.warn(unavailable)

const authority = tlsAuthority("Authority")
const right = tlsIdentity({ names: ["mx.dung.example"], by: authority })
const wrong = tlsIdentity({ names: ["mx.sai.example"], by: authority })

describe.skipIf(unavailable !== undefined)("mail that leaves", () => {
  let dns: DnsWorld
  let system: TestSystem
  let database: Database
  let sender: string
  let password: string
  const foreign = new Foreigners(25)
  beforeAll(async () => {
    const signed = (address: string): string => `@ MX 10 mx\nmx A ${address}\n_25._tcp.mx ${tlsaOf(3, 1, right.issued)}`
    dns = await startDns({ signed: { "dung.example": signed("127.0.5.1"), "sai.example": signed("127.0.5.2") }, unsigned: { "so.example": "@ MX 10 mx\nmx A 127.0.5.1" } })
    const dataDir = await newDataDir()
    await writeFile(join(dataDir, "authority.pem"), pemOf(authority))
    const partners = JSON.stringify([{ domains: ["so.example"], require: "pinned", caFile: join(dataDir, "authority.pem"), names: ["mx.dung.example"] }])
    system = await startTestSystem({ dataDir, env: { CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true", CONGTHU_DELIVERY_PARTNERS: partners } })
    database = openDatabase({ url: system.databaseUrl, poolSize: 1, applicationName: "tests" })
    // offices must sign what leaves the province; people need not
    const [person] = await database.query<{ address: string }>({ text: "SELECT address FROM account WHERE kind = 'personal' ORDER BY id LIMIT 1" })
    sender = person?.address ?? ""
    password = await newAppPassword()
    await Promise.all([foreign.start("127.0.5.1", right), foreign.start("127.0.5.2", wrong)])
  }, 120_000)
  afterAll(async () => {
    await database.close()
    await system.stop()
    await Promise.all([system.remove(), foreign.close(), dns.stop()])
  }, 60_000)

  async function newAppPassword(): Promise<string> {
    const child = spawn(process.execPath, [fileURLToPath(new URL("../../src/cli/congthu.ts", import.meta.url)), "app-password", "create", sender, "--label", "phần mềm", "--data-dir", system.dataDir], { stdio: ["ignore", "pipe", "inherit"] })
    let said = ""
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
    await once(child, "exit")
    return said.trim()
  }

  test("each attempt knows by what it was protected, and sessions are counted", async () => {
    const recipients = ["bo@dung.example", "bo@sai.example", "bo@so.example"]
    const transport = createTransport({ host: "127.0.0.1", port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: sender, pass: password } })
    const raw = `From: <${sender}>\r\nTo: <${recipients.join(">, <")}>\r\nSubject: thu\r\nDate: Thu, 26 Nov 2026 08:00:00 +0700\r\n\r\nChao\r\n`
    await transport.sendMail({ envelope: { from: sender, to: recipients }, raw })
    transport.close()
    const attempts = () => database.query<{ recipient: string; outcome: string; status: string; tls_details: unknown }>({ text: "SELECT d.recipient, a.outcome, a.status, a.tls_details FROM attempt a JOIN delivery d ON d.id = a.delivery_id WHERE d.account_id IS NULL AND a.number = 1 ORDER BY d.recipient" })
    await until(async () => (await attempts()).length === 3, 30_000)
    expect(await attempts()).toMatchObject([
      { recipient: "bo@dung.example", outcome: "relayed", tls_details: { policy: "verified", reason: "DANE of mx.dung.example asks for it", verified: "dane-ee", version: "TLSv1.3", fingerprint: right.issued.certificate.fingerprint } },
      { recipient: "bo@sai.example", outcome: "deferred", status: "4.7.5", tls_details: { policy: "verified", verified: "no", fault: { type: "validation-failure" } } },
      { recipient: "bo@so.example", outcome: "relayed", tls_details: { reason: "this server's rule for so.example says pinned", verified: "pkix" } },
    ])
    const counts = () => database.query<{ domain: string; policy_type: string; result: string; sessions: number }>({ text: "SELECT domain, policy_type, result, sessions FROM tls_session_count ORDER BY domain" })
    await until(async () => (await counts()).length === 2, 30_000)
    expect(await counts()).toEqual([
      { domain: "dung.example", policy_type: "tlsa", result: "success", sessions: 1 },
      { domain: "sai.example", policy_type: "tlsa", result: "validation-failure", sessions: 1 },
    ])
  })
})
