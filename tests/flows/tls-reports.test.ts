import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { authenticate } from "mailauth"
import { simpleParser } from "mailparser"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { readKey } from "../../src/base/key-file.ts"
import { reportedDay } from "../../src/reports/own-reports.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { domain } from "../crash/province.ts"
import { activeKeys, textResolver } from "../support/dkim-keys.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { eventually, type FaultsWorld, inboxSources, message, send, startFaultsWorld } from "../support/faults-world.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { rsaMailKey, signedByMailauth } from "../support/mail-keys.ts"
import { program } from "../support/programs.ts"
import { tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"
import { reportMail, theirReport } from "../support/tls-reports.ts"
import { Foreigners, tlsaOf } from "../support/tls-world.ts"

/** The system as it runs: what it finds out about a domain's TLS is told to that domain, and what others find out about ours is shown. */
const authority = tlsAuthority("Authority")
const right = tlsIdentity({ names: ["mx.dung.example"], by: authority })
const wrong = tlsIdentity({ names: ["mx.dung.example"], by: authority })
const theirKey = rsaMailKey()

describe.skipIf(dnsUnavailable() !== undefined)("TLS reports", () => {
  let dns: DnsWorld
  let world: FaultsWorld
  let foreign: Foreigners
  beforeAll(async () => {
    const port = await freeLoopbackPort()
    foreign = new Foreigners(port)
    dns = await startDns({
      signed: { "dung.example": `mx A 127.0.5.7\n_${port}._tcp.mx ${tlsaOf(3, 1, right.issued)}\n_smtp._tls.mx TXT "v=TLSRPTv1; rua=mailto:tls@dung.example"` },
      unsigned: { "gui.example": `r._domainkey ${theirKey.record}` },
    })
    world = await startFaultsWorld({
      accounts: 2,
      env: {
        CONGTHU_DNS_SERVERS: dns.server, CONGTHU_DNS_DNSSEC: "true", CONGTHU_DELIVERY_SMARTHOST: `mx.dung.example:${port}`, CONGTHU_HOSTNAME: `thu.${domain}`, CONGTHU_INBOUND_EXEMPT: "192.0.2.0/24",
        CONGTHU_DNS_REPORTS_TO: `can.bo.2@${domain}`, CONGTHU_REPORTS_SEND: "on", CONGTHU_REPORTS_FROM: `can.bo.1@${domain}`, CONGTHU_REPORTS_CHECK: "300ms", CONGTHU_REPORTS_SPREAD: "1ms",
      },
    })
  }, 90_000)
  afterAll(async () => {
    await world?.close()
    await Promise.all([foreign?.close(), dns?.stop()])
  }, 60_000)

  async function congthu(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
    const env = { PATH: process.env["PATH"], CONGTHU_DATABASE_URL: world.system.databaseUrl }
    const child = spawn(process.execPath, [program("congthu"), "--data-dir", world.system.dataDir, ...args], { env, stdio: "pipe" })
    const text = { out: "", err: "" }
    child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()))
    const [code] = (await once(child, "close")) as [number | null]
    return { code, ...text }
  }

  const counts = () => world.database.query<{ day: string; result: string; sessions: number }>({ text: "SELECT day::text AS day, result, sessions FROM tls_session_count ORDER BY day, result" })
  async function letter(to: string): Promise<void> {
    const [an] = world.accounts
    if (!an) throw new Error("no account")
    const submitter = await world.people.submitter(an)
    expect(await send(submitter, { from: an.address, to }, message(`thu-${to.split("@")[0]}`, { from: an.address }))).toMatch(/^250 /)
    submitter.destroy()
  }

  test("a domain that asks for it is told how it went, although its TLS is what is wrong, and once; that report is not counted", async () => {
    const records = await activeKeys(createDkimKeyStore({ database: world.database, sealer: createSealer(await readKey(join(world.system.dataDir, "keys/content.key"))) }), domain)
    const good = await foreign.start("127.0.5.7", right)
    await letter("bo@xa.example")
    await eventually(counts, (rows) => rows.some(({ result }) => result === "success"))
    expect(good.received.length).toBe(1)
    await foreign.close()
    const impostor = await foreign.start("127.0.5.7", wrong)
    await letter("co@xa.example")
    await eventually(counts, (rows) => rows.some(({ result }) => result === "validation-failure"))
    expect(impostor.received).toEqual([])

    const yesterday = reportedDay(Date.now())
    await world.database.query({ text: "UPDATE tls_session_count SET day = $1" }, [yesterday])
    const [mail] = await eventually(async () => impostor.received, ({ length }) => length > 0)
    expect(mail).toMatchObject({ from: "", secure: true, to: [{ address: "tls@dung.example" }] })
    const content = mail?.content ?? Buffer.alloc(0)
    const checked = await authenticate(content, { ip: "192.0.2.1", helo: "a.example", sender: "", mta: "dung.example", resolver: textResolver(records) })
    expect(checked.dkim.results.map(({ status, signingDomain }) => [status.result, signingDomain])).toEqual([["pass", domain], ["pass", domain]])
    const parsed = await simpleParser(content)
    expect(parsed.subject).toMatch(new RegExp(`^Report Domain: mx\\.dung\\.example Submitter: ${domain} Report-ID: <${yesterday.replaceAll("-", "")}\\.[\\w-]{16}@${domain}>$`))
    expect(JSON.parse(gunzipSync(parsed.attachments[0]?.content ?? "").toString())).toMatchObject({
      "date-range": { "start-datetime": `${yesterday}T00:00:00Z` },
      policies: [{
        policy: { "policy-type": "tlsa", "policy-string": [tlsaOf(3, 1, right.issued).slice(5)], "policy-domain": "mx.dung.example" },
        summary: { "total-successful-session-count": 1, "total-failure-session-count": 1 },
        "failure-details": [{ "result-type": "validation-failure", "sending-mta-ip": expect.stringMatching(/^127\./), "receiving-mx-hostname": "mx.dung.example", "receiving-ip": "127.0.5.7", "failed-session-count": 1 }],
      }],
    })

    // what comes later is counted later: had the report's session been counted, it would be there before this one
    await letter("dung@xa.example")
    await eventually(counts, (rows) => rows.some(({ day }) => day > yesterday))
    expect((await counts()).filter(({ day }) => day > yesterday)).toMatchObject([{ result: "validation-failure", sessions: 1 }])
    expect(impostor.received.length).toBe(1)

    const sent = await congthu("reports", "tls", "--sent")
    expect(sent.out).toMatch(new RegExp(`^NUMBER +DAY +DOMAIN +SESSIONS +FAILED +TO +STATE\n\\d+ +${yesterday} +mx\\.dung\\.example +2 +1 +mailto:tls@dung\\.example +sent\n$`))
    const shown = await congthu("reports", "tls", "show", sent.out.split("\n")[1]?.split(" ")[0] ?? "")
    expect(shown.out).toMatch(/^to +mailto:tls@dung\.example {2}sent, envelope \d+$/m)
    expect(shown.out).toMatch(/^sessions +1 well, 1 not\n +1 × validation-failure; from 127\.\S+ to mx\.dung\.example \[127\.0\.5\.7\]; .+$/m)
  }, 90_000)

  test("a report that another server mails us is read and shown; one that nobody signed is counted, and lies in the mailbox all the same", async () => {
    const theirs = theirReport()
    const ours = gzipSync(JSON.stringify({ ...theirs, policies: [{ ...theirs.policies[0], policy: { ...theirs.policies[0]?.policy, "policy-domain": domain } }] }))
    const to = `can.bo.2@${domain}`
    const unsigned = reportMail({ attachment: ours, to })
    const signed = await signedByMailauth(unsigned, { domain: "gui.example", selector: "r", key: theirKey })
    const outsider = await world.people.outsider()
    for (const text of [signed, unsigned]) expect(await send(outsider, { from: "bao-cao@gui.example", to }, { subject: "", sha256: "", text })).toMatch(/^250 /)
    outsider.destroy()
    await eventually(() => world.database.query<{ state: string }>({ text: "SELECT state FROM report_mail ORDER BY envelope_id" }), (rows) => rows.length === 2 && rows.every(({ state }) => state !== "waiting"))

    const list = await congthu("reports", "tls", "--domain", domain, "--since", "9000d")
    expect(list).toMatchObject({ code: 0, err: "1 message could not be used as a report: it has no valid DKIM signature of its author's domain\n" })
    const [header, line, ...others] = list.out.trimEnd().split("\n")
    expect(header).toMatch(/^NUMBER +DAY +FROM +DOMAIN +POLICY +SESSIONS +FAILED +WHY$/)
    expect(line).toMatch(new RegExp(`^\\d+ +2026-11-26 +gui\\.example +${domain} +sts +5629 +303 +starttls-not-supported, certificate-expired$`))
    expect(others).toEqual([])
    const number = line?.split(" ")[0] ?? ""
    const shown = await congthu("reports", "tls", "show", number)
    expect(shown.out).toMatch(/^from +Công ty Mẫu \(signed by gui\.example\)\ncontact +tls@gui\.example\nreport id +1@gui\.example\ntime \(UTC\) +2026-11-26 00:00:00 - 2026-11-26 23:59:59$/m)
    expect(shown.out).toMatch(/^ +203 × starttls-not-supported; to mail\.tinh\.example; X509; https:\/\/gui\.example\/\?id=1$/m)
    expect(JSON.parse((await congthu("reports", "tls", "--json", "--since", "9000d")).out)).toMatchObject({ number: Number(number), submitter: "gui.example" })
    expect(JSON.parse((await congthu("reports", "tls", "show", number, "--json")).out)).toMatchObject({ reportId: "1@gui.example" })
    expect(await congthu("reports", "tls", "show", "999999")).toMatchObject({ code: 1, err: "there is no TLS report 999999\n" })
    expect(await congthu("reports", "tls", "--sent", "--received")).toMatchObject({ code: 1, err: "--sent and --received are two questions\n" })
    const [, reader] = world.accounts
    if (!reader) throw new Error("no account")
    expect((await inboxSources(world.people, reader)).filter((source) => source.includes("TLS-Report-Domain: tinh.example")).length).toBe(2)
  }, 60_000)
})
