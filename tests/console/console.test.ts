import { once } from "node:events"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { request } from "node:https"
import { connect, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { failed } from "../../src/base/result.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import type { Serving } from "../../src/base/serving.ts"
import { type ConsoleOptions, startConsole } from "../../src/console/server.ts"
import { createMtaStsFetch } from "../../src/delivery/mta-sts-fetch.ts"
import type { DnsResolver } from "../../src/dns/resolver.ts"
import { mtaStsPolicy } from "../../src/domains/mta-sts-policy.ts"
import { failure } from "../../src/mail/failure.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import type { HealthReport } from "../../src/telemetry/health.ts"
import { said } from "../../src/telemetry/health-words.ts"
import { served } from "../support/test-tls.ts"

const policy = mtaStsPolicy({ mode: "testing", maxAgeSeconds: 86_400, hosts: ["mail.tinh.example"] })
let dir: string
let options: ConsoleOptions
let server: Serving
let ca: Buffer
let reports: readonly HealthReport[] = []
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-console-"))
  const clock = { now: () => Date.now() }
  const files = await ensureDevelopmentCertificates({ dir, names: ["localhost", "mta-sts.tinh.example"], clock })
  ca = await readFile(files.caFile)
  options = {
    host: "127.0.0.1",
    port: 0,
    tls: served({ cert: await readFile(files.certificateFile), key: await readFile(files.keyFile) }),
    mtaStsPolicy: (domain) => (domain === "tinh.example" ? policy : undefined),
    help: { host: "mail.tinh.example", imaps: 993, imap: 143, submissions: 465, submission: 587 },
    health: async () => reports,
    clock,
    // what signing in leads to is in certificates.test.ts
    certificates: {
      authenticator: { login: async () => failed(failure("noPermission", "refused")) },
      lookup: { find: async () => failed(failure("notFound", "nothing")) },
      rates: createLookupRates(0),
      askers: createLookupRates(0),
    },
  }
  server = await startConsole(options)
})
afterAll(async () => {
  await server.close()
  await rm(dir, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

const get = (path: string, host?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, servername: "localhost", ca, path, ...(host !== undefined && { headers: { host } }) }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
      .on("error", reject)
      .end()
  })

test("the status page says in Vietnamese how each role is", async () => {
  reports = [
    { role: "smtp", ok: true, since: 0, checks: [{ name: "database", ok: true, detail: "answers in 1 ms", said: [said("databaseAnswers", { ms: 1 })] }, { name: "certificates", ok: true, detail: "…", said: [said("certificateEnds", { name: "thu.example", date: Date.parse("2026-12-01T00:00:00Z") })], warning: true }] },
    { role: "imap", ok: false, since: 0, checks: [{ name: "process", ok: false, detail: "starting" }] },
  ]
  const { status, body } = await get("/")
  expect(status).toBe(200)
  expect(body).toContain("Nhận và gửi thư (SMTP)")
  expect(body).toContain("Có bộ phận đang gặp sự cố")
  expect(body).toContain("Cơ sở dữ liệu: trả lời sau 1 ms")
  expect(body).toContain("chứng thư của thu.example hết hạn ngày 01/12/2026")
  // of another version of the program, which says it in English only
  expect(body).toContain("Tiến trình: starting")
  expect((await get("/health")).status).toBe(503)
})

test("what a check says cannot become markup, and the policy forbids scripts", async () => {
  reports = [{ role: "<b>", ok: true, since: 0, checks: [{ name: "x", ok: true, detail: '<script>alert("1")</script>' }] }]
  const { body, headers } = await get("/")
  expect(body).toContain("&lt;script>alert(")
  expect(body).not.toMatch(/<script|<b>/)
  expect(headers["content-security-policy"]).toMatch(/^default-src 'none'/)
})

test("both are in English for whoever asks for it, and say no more than they did", async () => {
  for (const [path, text] of [["/?language=en", "State of the system"], ["/help?language=en", "How to set up a mail client"]] as const) {
    const { body } = await get(path)
    expect(body).toContain('<html lang="en">')
    expect(body).toContain(text)
    expect(body).toContain('<a href="?language=vi" lang="vi">Tiếng Việt</a>')
  }
  expect((await get("/help?language[]=en&language=x")).body).toContain('<html lang="vi">')
})

test("the help page names server, ports and security", async () => {
  const { body } = await get("/help")
  for (const text of ["mail.tinh.example", "993", "465", "587", "143", "SSL/TLS", "STARTTLS"]) expect(body).toContain(text)
})

test("the help page has an Apple profile for whoever gives an address", async () => {
  const { body, headers } = await get("/help")
  expect(body).toMatch(/<form action="\/apple\/mail.mobileconfig" method="get".*name="address"/s)
  expect(headers["content-security-policy"]).toContain("form-action 'self'")
})

test.each([
  { host: "mta-sts.tinh.example", status: 200 },
  { host: "MTA-STS.Tinh.Example.:8443", status: 200 },
  { host: "mta-sts.khac.example", status: 404 },
  { host: "tinh.example", status: 404 },
  { host: "mta-sts.", status: 404 },
])("the MTA-STS policy is for the hosts of our domains: $host", async ({ host, status }) => {
  const answer = await get("/.well-known/mta-sts.txt", host)
  expect(answer.status).toBe(status)
  if (status !== 200) return
  expect(answer.body).toBe(policy)
  // RFC 8461 §3.3
  expect(answer.headers["content-type"]).toMatch(/^text\/plain(?:;|$)/)
})

test("the MTA-STS policy is where other servers look for it", async () => {
  const address: DnsResolver["resolve"] = async (name, type) => (type === "A" ? { kind: "records", records: ["127.0.0.1"], secure: false, canonicalName: name } : { kind: "noData", secure: false }) as never
  const fetch = createMtaStsFetch({ resolver: { resolve: address }, port: server.port, authorities: [ca.toString()] })
  expect(await fetch("tinh.example", new AbortController().signal)).toEqual({ ok: true, value: { mode: "testing", mx: ["mail.tinh.example"], maxAgeSeconds: 86_400 } })
})

test("anything else is not here", async () => {
  expect((await get("/../../etc/passwd")).status).toBe(404)
})

test("a path that is no UTF-8 is refused without a word about the inside", async () => {
  const { status, body } = await get("/certificates/%ff")
  expect(status).toBe(400)
  expect(body).not.toMatch(/Error|node_modules/)
})

describe("connections", () => {
  const opened = async (port: number, localAddress = "127.0.0.1"): Promise<Socket> => {
    const socket = connect({ host: "127.0.0.1", port, localAddress })
    socket.on("error", () => undefined)
    await once(socket, "connect")
    return socket
  }
  const answers = (port: number, localAddress: string): Promise<number | undefined> =>
    new Promise((resolve) => {
      request({ host: "127.0.0.1", port, localAddress, servername: "localhost", ca, path: "/help", agent: false }, (response) => resolve(response.resume().statusCode)).on("error", () => resolve(undefined)).end()
    })

  test("one address cannot take them all: others come in, and so does it when it has let some go", async () => {
    const bounded = await startConsole({ ...options, limits: { maxConnections: 100, maxConnectionsPerAddress: 3 } })
    const idle = await Promise.all([1, 2, 3].map(() => opened(bounded.port)))
    expect([await answers(bounded.port, "127.0.0.1"), await answers(bounded.port, "127.0.0.2")]).toEqual([undefined, 200])
    const one = await opened(bounded.port, "127.0.0.3")
    idle[0]?.destroy()
    // answered by the server after it has heard of the end before
    expect(await answers(bounded.port, "127.0.0.4")).toBe(200)
    expect(await answers(bounded.port, "127.0.0.1")).toBe(200)
    for (const socket of [...idle, one]) socket.destroy()
    await bounded.close()
  })

  test("whoever says nothing is let go before TLS has begun", async () => {
    const hasty = await startConsole({ ...options, handshakeMs: 20 })
    const silent = await opened(hasty.port)
    await once(silent, "close")
    await hasty.close()
  })
})
