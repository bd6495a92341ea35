import { once } from "node:events"
import { createServer, type Server } from "node:https"
import { gunzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { createIntake } from "../../src/intake/accept.ts"
import { createOwnReports, type OwnReports, reportedDay } from "../../src/reports/own-reports.ts"
import { createSendByMail } from "../../src/reports/send-by-mail.ts"
import { createSendByPost, type SendByPostOptions } from "../../src/reports/send-by-post.ts"
import { createTlsReportMaker } from "../../src/reports/tls-report-maker.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createOwnReportStore } from "../../src/store/sql/own-reports.ts"
import { createTlsReportStore } from "../../src/store/sql/tls-policies.ts"
import type { TlsSessionCount } from "../../src/store/tls-policy-store.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, readAll, testLog, type TestStore } from "../support/store.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"

/** Reports of ours on the real store and a real DNS, with an HTTPS server that takes them. */
const hour = 3_600_000
const start = Date.UTC(2026, 10, 27, 0, 30)
const yesterday = "2026-11-26"
const authority = tlsAuthority("Authority")
const identity = tlsIdentity({ names: ["bao-cao.xa.example"], by: authority })

type More = Partial<SendByPostOptions> & { readonly reporter?: false; readonly spreadMs?: number; readonly onlyPublic?: true }

const zone = (rua: string): string => `_smtp._tls TXT "v=TLSRPTv1; rua=${rua}"\nbao-cao A 127.0.6.1\nrieng A 10.0.0.1`
const mail = "mailto:tls@xa.example"

describe.skipIf(dnsUnavailable() !== undefined)("our TLS reports", () => {
  let dns: DnsWorld
  let server: Server
  let port: number
  let store: TestStore
  const sources: SqlDirectorySource[] = []
  const posted: { readonly url: string; readonly type: string; readonly body: Buffer }[] = []
  let answer: { readonly status: number; readonly location?: string }
  let now: number
  let notSent: string[]

  beforeAll(async () => {
    store = await createTestStore()
    await createProvince(store.database)
    dns = await startDns({ unsigned: { "xa.example": zone(mail), "hong.example": "" }, bogus: { "gia.example": "" } })
    server = createServer({ cert: identity.cert, key: identity.key }, (request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        posted.push({ url: `${request.method} ${request.url}`, type: request.headers["content-type"] ?? "", body: Buffer.concat(chunks) })
        response.writeHead(answer.status, answer.location ? { location: answer.location } : {}).end("x".repeat(100_000))
      })
    })
    server.listen(0, "127.0.6.1")
    await once(server, "listening")
    const bound = server.address()
    port = typeof bound === "object" && bound ? bound.port : 0
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await Promise.all([dns.stop(), once(server, "close"), store.close()])
  })
  beforeEach(async () => {
    ;[now, notSent, answer] = [start, [], { status: 200 }]
    posted.length = 0
    await store.database.query({ text: "TRUNCATE own_report, tls_session_count, envelope CASCADE" })
  })
  afterEach(() => {
    for (const one of sources.splice(0)) one.close()
  })

  const count = (domain: string, more: Partial<TlsSessionCount> = {}): TlsSessionCount => ({
    day: yesterday, domain, policyType: "no-policy-found", policyString: [], mxPatterns: [], mxHost: `mx.${domain}`, receivingIp: "192.0.2.1", sendingIp: "192.0.2.9", result: "success", reason: "", sessions: 2, ...more,
  })
  const counts = () => createTlsReportStore(store.database)

  /** As one process has them. */
  async function reports(more: More = {}): Promise<OwnReports> {
    const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
    sources.push(directory)
    const clock = { now: () => now }
    const intake = createIntake({
      directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: () => true, isExhausted: () => false }, clock, config: { hostname: "mail.tinh.example", expiryMs: 1e9 },
      mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
    })
    return createOwnReports({
      store: createOwnReportStore(store.database), clock, random: () => 0.5, spreadMs: more.spreadMs ?? 0,
      makers: [createTlsReportMaker({ counts: counts(), resolver: dns.resolver(), outboundAddresses: [] })],
      reporter: async () => (more.reporter === false ? undefined : { organization: "Tỉnh", contact: "postmaster@tinh.example", from: "postmaster@tinh.example", domain: "tinh.example" }),
      sendByMail: createSendByMail({ intake, contents: store.contents, hostname: "mail.tinh.example", clock }),
      sendByPost: createSendByPost({ resolver: dns.resolver(), authorities: [pemOf(authority)], timeoutMs: 5_000, ...(!more.onlyPublic && { mayReach: (address: string) => address.startsWith("127.0.6.") }), ...more }),
      log: { reportNotMade: ({ error }) => { throw error }, reportSent: () => undefined, reportNotSent: ({ detail, givenUp }) => void notSent.push(`${givenUp ? "given up: " : ""}${detail}`) },
    })
  }
  const run = async (more?: More) => (await reports(more)).run(new AbortController().signal)

  const sent = () =>
    store.database.query<{ recipient: string; content: Buffer; source: string; reverse_path: string; notify: string[]; expires: number }>({
      text: "SELECT d.recipient, d.notify, e.content, e.source, e.reverse_path, (extract(epoch FROM d.expires_at - e.accepted_at) * 1000)::bigint AS expires FROM envelope e JOIN delivery d ON d.envelope_id = e.id ORDER BY e.id",
    })
  const shown = () => createOwnReportStore(store.database).list({ kind: "tls", since: 0, limit: 10 })

  test("a day is told once, however often and by however many it is looked at", async () => {
    await dns.setZone("xa.example", zone(mail))
    await counts().add([count("xa.example"), count("xa.example", { result: "validation-failure", reason: "is somebody else", sessions: 1 }), count("hong.example"), count("xa.example", { day: "2026-11-27", sessions: 50 })])
    const [one, other] = [await reports(), await reports()]
    const signal = new AbortController().signal
    await Promise.all([one.run(signal), other.run(signal)])
    await one.run(signal)
    now += 3 * hour
    await other.run(signal)
    const [report, ...others] = await sent()
    expect(others).toEqual([])
    expect(report).toMatchObject({ recipient: "tls@xa.example", source: "report", reverse_path: "", notify: ["never"], expires: 24 * hour })
    const text = (await readAll(store.contents.read(report?.content ?? Buffer.alloc(0)))).toString()
    expect(text).toContain("\r\nTLS-Report-Domain: xa.example\r\n")
    const gz = Buffer.from(text.split('json.gz"\r\n\r\n')[1]?.split("\r\n--")[0] ?? "", "base64")
    expect(JSON.parse(gunzipSync(gz).toString())).toMatchObject({ "contact-info": "postmaster@tinh.example", policies: [{ summary: { "total-successful-session-count": 2, "total-failure-session-count": 1 }, "failure-details": [{ "sending-mta-ip": "192.0.2.9", "failure-reason-code": "is somebody else" }] }] })
    expect(await shown()).toMatchObject([{ domain: "xa.example", day: yesterday, total: 3, failed: 1, destinations: [{ uri: mail, state: "sent", delivery: "waiting" }] }])
    expect(await counts().domains(yesterday)).toEqual(["hong.example", "xa.example"])
    const rows = await store.database.query({ text: "SELECT domain, body IS NULL AS unasked FROM own_report ORDER BY domain" })
    expect(rows).toEqual([{ domain: "hong.example", unasked: true }, { domain: "xa.example", unasked: false }])
  })

  test("each place that a domain names is sent to, one that fails no less than the others", async () => {
    await dns.setZone("xa.example", zone(`https://bao-cao.xa.example:${port}/tls?a=1,${mail}`))
    await counts().add([count("xa.example")])
    answer = { status: 503 }
    expect(await run()).toEqual({ made: 1, sent: 1, notSent: 1 })
    expect(await run()).toEqual({ made: 0, sent: 0, notSent: 0 })
    expect(notSent).toEqual(["the server answered with HTTP status 503"])
    answer = { status: 201 }
    now += hour
    expect(await run()).toEqual({ made: 0, sent: 1, notSent: 0 })
    now += hour
    expect(await run()).toEqual({ made: 0, sent: 0, notSent: 0 })
    expect(posted.map(({ url, type }) => [url, type])).toEqual([["POST /tls?a=1", "application/tlsrpt+gzip"], ["POST /tls?a=1", "application/tlsrpt+gzip"]])
    const ids = posted.map(({ body }) => (JSON.parse(gunzipSync(body).toString()) as Record<string, unknown>)["report-id"])
    expect(ids[0]).toBe(ids[1])
    expect((await sent()).length).toBe(1)
  })

  test("what cannot be handed over is tried for a day, and the day is over then", async () => {
    await dns.setZone("xa.example", zone(`https://bao-cao.xa.example:${port}/`))
    await counts().add([count("xa.example")])
    answer = { status: 500 }
    for (let tries = 0; tries < 40; tries++, now += hour) await run()
    expect(posted.length).toBeGreaterThan(8)
    expect(posted.length).toBeLessThan(20)
    expect(notSent.at(-1)).toBe("given up: the server answered with HTTP status 500")
    expect(await shown()).toMatchObject([{ destinations: [{ state: "failed", attempts: posted.length }] }])
  })

  test.each<[name: string, url: () => string, more: More, detail: string]>([
    ["a redirect is not followed", () => `https://bao-cao.xa.example:${port}/`, {}, "the server answered with HTTP status 307"],
    ["a name that leads to a private address is not connected to", () => "https://rieng.xa.example/", {}, "the server cannot be asked (it leads to an address that is not public)"],
    ["nor is a private address", () => "https://10.0.0.1/", {}, "given up: it leads to an address that is not public"],
    ["nor one in IPv6", () => `https://[::1]:${port}/`, {}, "given up: it leads to an address that is not public"],
    ["nor this machine, by default", () => `https://bao-cao.xa.example:${port}/`, { onlyPublic: true }, "the server cannot be asked (it leads to an address that is not public)"],
    ["a certificate that nobody vouches for gets nothing", () => `https://bao-cao.xa.example:${port}/`, { authorities: [pemOf(tlsAuthority("Stranger"))] }, "the server cannot be asked (UNABLE_TO_VERIFY_LEAF_SIGNATURE)"],
    ["nor does one for another name", () => `https://127.0.6.1:${port}/`, {}, "the server cannot be asked (ERR_TLS_CERT_ALTNAME_INVALID)"],
  ])("%s", async (_name, url, more, detail) => {
    answer = { status: 307, location: `https://bao-cao.xa.example:${port}/khac` }
    await dns.setZone("xa.example", zone(url()))
    await counts().add([count("xa.example")])
    await run(more)
    expect(notSent).toEqual([detail])
    expect(posted.length).toBe(detail.includes("307") ? 1 : 0)
  })

  test("a DNS that cannot say who wants it is asked again; domains of which only a policy was asked for are not told", async () => {
    await counts().add([count("gia.example"), count("xa.example", { mxHost: "", receivingIp: "", result: "sts-policy-fetch-error" })])
    expect(await run()).toEqual({ made: 0, sent: 0, notSent: 0 })
    expect(await store.database.query({ text: "SELECT domain FROM own_report" })).toEqual([])
  })

  test("sending is spread, and begins when the counts of the day are in", async () => {
    await dns.setZone("xa.example", zone(mail))
    await counts().add([count("xa.example")])
    now = Date.UTC(2026, 10, 27, 0, 10)
    expect(reportedDay(now)).toBe("2026-11-25")
    expect(await run({ spreadMs: 4 * hour })).toMatchObject({ made: 0 })
    now = start
    expect(await run({ spreadMs: 4 * hour })).toEqual({ made: 1, sent: 0, notSent: 0 })
    now += 2 * hour
    expect(await run({ spreadMs: 4 * hour })).toEqual({ made: 0, sent: 1, notSent: 0 })
  })

  test("without somebody whom they are from none are made; old ones are forgotten", async () => {
    await dns.setZone("xa.example", zone(mail))
    await counts().add([count("xa.example")])
    expect(await run({ reporter: false })).toEqual({ made: 0, sent: 0, notSent: 0 })
    expect(await run()).toMatchObject({ sent: 1 })
    const own = createOwnReportStore(store.database)
    expect(await own.forget(yesterday)).toBe(0)
    expect(await own.forget("2026-11-27")).toBe(1)
    expect(await shown()).toEqual([])
  })
})
