import { request } from "node:http"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Serving } from "../../src/base/serving.ts"
import { startPlainServer } from "../../src/console/plain-server.ts"
import { clientSettings, clientSetup } from "../support/client-setup.ts"

let server: Serving
beforeAll(async () => {
  server = await startPlainServer({ host: "127.0.0.1", port: 0, setup: { ...clientSetup, settings: { ...clientSettings, https: 8443 } } })
})
afterAll(() => server.close())

interface Answer {
  readonly status: number
  readonly location: string | undefined
  readonly body: string
}

const ask = (path: string, { host = "autoconfig.tinh.example", method = "GET", body = "" } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: server.port, path, method, headers: { host } }, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body: text }))
    })
    sent.on("error", reject).end(body)
  })

test("Thunderbird finds Autoconfig without TLS", async () => {
  const { status, body } = await ask("/mail/config-v1.1.xml?emailaddress=an%40tinh.example")
  expect(status).toBe(200)
  expect(body).toContain("<domain>tinh.example</domain>")
})

test("a domain that is none of ours is not found", async () => {
  expect((await ask("/mail/config-v1.1.xml", { host: "autoconfig.khac.example" })).status).toBe(404)
})

test.each([
  ["/", "https://mail.tinh.example:8443/"],
  ["/help?a=1", "https://mail.tinh.example:8443/help?a=1"],
  ["/autodiscover/autodiscover.xml", "https://mail.tinh.example:8443/autodiscover/autodiscover.xml"],
  // a profile without TLS would be anybody's
  ["/apple/mail.mobileconfig?address=an@tinh.example", "https://mail.tinh.example:8443/apple/mail.mobileconfig?address=an@tinh.example"],
  ["//khac.example/a", "https://mail.tinh.example:8443//khac.example/a"],
  ["http://khac.example/a", "https://mail.tinh.example:8443/"],
  ["/%ff", "https://mail.tinh.example:8443/%ff"],
])("%s is sent on to HTTPS, to the configured name", async (path, location) => {
  expect(await ask(path, { host: "khac.example" })).toMatchObject({ status: 302, location })
})

test("what was sent without TLS is not asked for again", async () => {
  expect(await ask("/autodiscover/autodiscover.xml", { method: "POST", body: "<a/>" })).toMatchObject({ status: 405, location: undefined })
})
