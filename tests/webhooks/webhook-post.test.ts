import { once } from "node:events"
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createWebhookPost, type WebhookPost } from "../../src/webhooks/webhook-post.ts"
import { signWebhook, verifyWebhook } from "../../src/webhooks/webhook-signature.ts"
import { createAllowedUrls } from "../../src/pki/revocation/allowed-url.ts"
import { dnsUnavailable, type DnsWorld, startDns } from "../support/dns-world.ts"
import { testTls } from "../support/test-tls.ts"
import { problemText } from "../../src/webhooks/post-problem.ts"

/** Where webhooks may lead: names of a real DNS, one of them to this machine. */
describe.skipIf(dnsUnavailable() !== undefined)("a webhook is called where it may be", () => {
  let dns: DnsWorld
  let server: Server
  let ca: string
  let port: number
  const posts: WebhookPost[] = []
  const asked: string[] = []

  beforeAll(async () => {
    const { ca: authority, cert, key } = await testTls("noi-bo.hook.example", "127.0.0.1", "localhost")
    ca = authority
    server = createServer({ cert, key }, (request, response) => {
      asked.push(`${request.headers.host} ${request.url}`)
      request.resume()
      if (request.url === "/redirect") response.writeHead(302, { location: "https://127.0.0.1/" }).end()
      else if (request.url === "/doi-giao-thuc") request.socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
      else if (request.url === "/cham") request.socket.write("HTTP/1.1 200 OK\r\n")
      else if (request.url === "/dai") response.writeHead(200).write(Buffer.alloc(1 << 20))
      else if (request.url === "/vo-nghia") request.socket.end("chao\r\n\r\n")
      else if (request.url !== "/silent") response.writeHead(204).end()
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    port = (server.address() as AddressInfo).port
    dns = await startDns({ unsigned: { "hook.example": "noi-bo A 127.0.0.1\nhai A 198.51.100.1\nhai A 10.0.0.1\nsau AAAA ::1\nanh-xa AAAA ::ffff:127.0.0.1\nmeta A 169.254.169.254\n" } })
  }, 60_000)
  afterAll(async () => {
    for (const post of posts) post.close()
    server?.close()
    server?.closeAllConnections()
    await dns?.stop()
  })

  const post = (allow: readonly string[], url: string) => {
    const one = createWebhookPost({ allowed: createAllowedUrls(allow), resolver: dns.resolver(), timeoutMs: 1_500, authorities: [ca] })
    posts.push(one)
    return one.post({ url, body: "{}", headers: {} })
  }

  test.each([
    ["a private name", () => `https://noi-bo.hook.example:${port}/`, /leads to a private address/],
    ["a name of which one address is private", () => "https://hai.hook.example/", /leads to a private address/],
    ["an IPv6 loopback", () => "https://sau.hook.example/", /leads to a private address/],
    ["an IPv4 address in IPv6", () => "https://anh-xa.hook.example/", /leads to a private address/],
    ["a cloud's metadata", () => "https://meta.hook.example/", /leads to a private address/],
    ["a private address itself", () => `https://127.0.0.1:${port}/`, /may not be called/],
    ["the same as a number", () => `https://2130706433:${port}/`, /may not be called/],
    ["localhost", () => `https://localhost:${port}/`, /private address|no address/],
    ["a name that does not exist", () => "https://khong-co.hook.example/", /no address/],
    ["no TLS", () => `http://noi-bo.hook.example:${port}/`, /may not be called/],
    ["a name before the host", () => "https://x@hai.hook.example/", /may not be called/],
  ])("of public ones, not: %s", async (_what, url, problem) => {
    const outcome = await post(["public"], url())
    expect(outcome.ok ? "called" : problemText(outcome.failure.problem, "en")).toMatch(problem)
    expect(asked).toEqual([])
  })

  test("what an administrator wrote down is called, with its certificate checked, no redirect followed, and no patience without end", async () => {
    const listed = [`https://127.0.0.1:${port}/`]
    expect(await post(listed, `https://127.0.0.1:${port}/x`)).toEqual({ ok: true, value: 204 })
    expect(await post(listed, `https://127.0.0.1:${port}/redirect`)).toEqual({ ok: false, failure: { problem: { code: "status", what: "302" }, status: 302 } })
    expect(await post(listed, `https://127.0.0.1:${port}/silent`)).toEqual({ ok: false, failure: { problem: { code: "late", what: "1.5" }, status: null } })
    expect(await post([`https://127.0.0.1:${port}/chi-day/`], `https://127.0.0.1:${port}/x`)).toMatchObject({ ok: false, failure: { problem: { code: "notAllowed" } } })
    const stranger = createWebhookPost({ allowed: createAllowedUrls(listed), resolver: dns.resolver(), timeoutMs: 1_500 })
    posts.push(stranger)
    expect(await stranger.post({ url: `https://127.0.0.1:${port}/x`, body: "{}", headers: {} })).toMatchObject({ ok: false, failure: { problem: { code: "certificate" } } })
    expect(asked.filter((one) => one.endsWith("/x"))).toHaveLength(1)
  })

  test("a server that answers with another protocol, half an answer, one without end or none at all is done with in time", async () => {
    const listed = [`https://127.0.0.1:${port}/`]
    const outcomes = await Promise.all(["doi-giao-thuc", "cham", "dai", "vo-nghia"].map((path) => post(listed, `https://127.0.0.1:${port}/${path}`)))
    expect(outcomes.map((outcome) => (outcome.ok ? "told" : outcome.failure.problem.code))).toEqual(["status", "late", "told", "unreachable"])
  })
})

test("a signature holds for its secret, its body and its time only", () => {
  const now = 1_795_747_200_123
  const header = signWebhook(["whsec_bi-mat"], '{"a":1}', now)
  expect(header).toMatch(/^t=1795747200,v1=[0-9a-f]{64}$/)
  const verified = (secret: string, body: string, at: number, text = header) => verifyWebhook(secret, body, text, { now: at })
  expect(verified("whsec_bi-mat", '{"a":1}', now + 299_000)).toBe(true)
  expect([verified("whsec_khac", '{"a":1}', now), verified("whsec_bi-mat", '{"a":2}', now), verified("whsec_bi-mat", '{"a":1}', now + 301_000), verified("whsec_bi-mat", '{"a":1}', now, header.replace("t=1795747200", "t=1795747201")), verified("whsec_bi-mat", '{"a":1}', now, "")]).toEqual([false, false, false, false, false])
})

test("while a secret is replaced, whoever has either believes the call, and nobody else does", () => {
  const now = 1_795_747_200_123
  const header = signWebhook(["whsec_moi", "whsec_cu"], "{}", now)
  expect(["whsec_moi", "whsec_cu", "whsec_khac"].map((secret) => verifyWebhook(secret, "{}", header, { now }))).toEqual([true, true, false])
  expect(verifyWebhook("whsec_moi", "{}", `${header}${",v1=".padEnd(68, "0")}`, { now })).toBe(false)
})
