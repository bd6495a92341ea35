import { createServer, type RequestListener, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../../src/base/clock.ts"
import { createAllowedUrls } from "../../../src/pki/revocation/allowed-url.ts"
import { createRevocationFetch, leftAlone, type RevocationFetch } from "../../../src/pki/revocation/http-fetch.ts"

let server: Server
let behave: RequestListener = (_request, response) => void response.end("ok")
let port: number
const requests: string[] = []
const open: RevocationFetch[] = []
beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request.url ?? "")
    behave(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(() => {
  for (const one of open.splice(0)) one.close()
  requests.length = 0
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function outcome(url: string, { patterns = [`http://127.0.0.1:${port}/`], maxBytes = 1_000, timeoutMs = 2_000, body = "" } = {}): Promise<string> {
  const fetch = createRevocationFetch({ allowed: createAllowedUrls(patterns), timeoutMs, restMs: 30_000, clock: systemClock })
  open.push(fetch)
  const result = await fetch.fetch({ url, maxBytes, ...(body && { post: { type: "application/ocsp-request", body: Buffer.from(body) } }) })
  return result.ok ? Buffer.from(result.value).toString() : result.failure
}
const at = (path: string): string => `http://127.0.0.1:${port}${path}`

test("bytes are fetched, and posted", async () => {
  behave = (request, response) => void request.pipe(response)
  expect(await outcome(at("/"), { body: "question" })).toBe("question")
  behave = (request, response) => void response.end(`${request.method} ${request.headers["content-type"] ?? "nothing"}`)
  expect(await outcome(at("/"))).toBe("GET nothing")
  expect(await outcome(at("/"), { body: "question" })).toBe("POST application/ocsp-request")
})

test("a redirect is not followed", async () => {
  behave = (_request, response) => void response.writeHead(302, { location: at("/elsewhere") }).end()
  expect(await outcome(at("/a.crl"))).toBe("answered with HTTP status 302")
  expect(requests).toEqual(["/a.crl"])
})

test("what is too large is cut off", async () => {
  behave = (_request, response) => {
    response.write(Buffer.alloc(600))
    response.write(Buffer.alloc(600))
  }
  expect(await outcome(at("/"))).toBe("sent more than 1000 bytes")
})

test("what is too slow is given up, at the head and in the middle", async () => {
  behave = () => undefined
  expect(await outcome(at("/"), { timeoutMs: 50 })).toBe("did not answer within 50 ms")
  behave = (_request, response) => void response.write("begun")
  expect(await outcome(at("/"), { timeoutMs: 50 })).toBe("did not answer within 50 ms")
})

test("nobody is there", async () => {
  expect(await outcome("http://127.0.0.1:1/", { patterns: ["http://127.0.0.1:1/"] })).toMatch(/^cannot be reached/)
})

test("an address that is not allowed is not connected to", async () => {
  expect(await outcome(at("/"), { patterns: ["public"] })).toMatch(/^may not be asked/)
  expect(requests).toEqual([])
})

test("a public name that leads to a private address is not connected to", async () => {
  expect(await outcome(`http://localhost:${port}/`, { patterns: ["public"] })).toBe("cannot be reached (leads to a private address (pki.revocation.allow))")
  behave = (_request, response) => void response.end("ok")
  expect(requests).toEqual([])
  expect(await outcome(`http://localhost:${port}/`, { patterns: [`http://localhost:${port}/`] })).toBe("ok")
})

test("a server that fails three times running is left alone for a while; an answer in between clears the record", async () => {
  const clock = { time: 0, now: () => clock.time }
  const fetch = createRevocationFetch({ allowed: createAllowedUrls([at("/")]), timeoutMs: 2_000, restMs: 30_000, clock })
  open.push(fetch)
  const ask = async (): Promise<string> => {
    const result = await fetch.fetch({ url: at("/"), maxBytes: 100 })
    return result.ok ? "ok" : result.failure === leftAlone ? "left alone" : "failed"
  }
  const asked = async (...behaviours: readonly RequestListener[]): Promise<readonly string[]> => {
    const outcomes: string[] = []
    for (const one of behaviours) {
      behave = one
      outcomes.push(await ask())
    }
    return outcomes
  }
  const cut: RequestListener = (request) => void request.socket.destroy()
  const missing: RequestListener = (_request, response) => void response.writeHead(404).end()
  // not to be found is an answer: the server is there
  expect(await asked(cut, cut, missing, cut, cut, cut, cut)).toEqual(["failed", "failed", "failed", "failed", "failed", "failed", "left alone"])
  expect(requests).toHaveLength(6)
  clock.time = 29_999
  expect(await ask()).toBe("left alone")
  clock.time = 30_000
  expect(await asked(cut, missing)).toEqual(["failed", "left alone"])
  clock.time = 60_000
  expect(await asked((_request, response) => void response.end("ok"), cut, cut)).toEqual(["ok", "failed", "failed"])
})
