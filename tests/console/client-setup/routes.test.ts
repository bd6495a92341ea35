import { request } from "node:https"
import { afterAll, beforeAll, expect, test } from "vitest"
import { failed } from "../../../src/base/result.ts"
import { clientSetupRoutes } from "../../../src/console/client-setup/routes.ts"
import { createLookupRates } from "../../../src/console/lookup-rates.ts"
import type { Serving } from "../../../src/base/serving.ts"
import { startConsole } from "../../../src/console/server.ts"
import { failure } from "../../../src/mail/failure.ts"
import { clientSettings, clientSetup } from "../../support/client-setup.ts"
import { served, testTls } from "../../support/test-tls.ts"

const names = ["autoconfig.tinh.example", "autodiscover.tinh.example", "tinh.example", "mail.tinh.example"]
const servers: Serving[] = []
let tls: Awaited<ReturnType<typeof testTls>>

const start = async (setup = clientSetup): Promise<number> => {
  const server = await startConsole({
    host: "127.0.0.1", port: 0, tls: served(tls), help: clientSettings, health: async () => [], clock: clientSetup.clock, mounted: [{ path: "/", router: clientSetupRoutes(setup) }],
    certificates: { authenticator: { login: async () => failed(failure("noPermission", "refused")) }, lookup: { find: async () => failed(failure("notFound", "nothing")) }, rates: createLookupRates(0), askers: createLookupRates(0) },
  })
  servers.push(server)
  return server.port
}

let port: number
beforeAll(async () => {
  tls = await testTls(...names)
  port = await start()
})
afterAll(() => Promise.all(servers.map((server) => server.close())))

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: string
}

interface Question {
  readonly host?: string
  readonly method?: string
  readonly body?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  readonly at?: number
}

/** TLS for the name in the Host header, as a client does it. */
const ask = (path: string, { host = "mail.tinh.example", method = "GET", body = "", headers = {}, at = port }: Question = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: at, servername: names.includes(host) ? host : "mail.tinh.example", ca: tls.ca, path, method, headers: { host, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString("latin1") }))
    })
    sent.on("error", reject).end(body)
  })

test.each([
  ["autoconfig.tinh.example", "/mail/config-v1.1.xml?emailaddress=an%40tinh.example"],
  ["autoconfig.tinh.example", "/mail/config-v1.1.xml"],
  ["autoconfig.tinh.example", "/.well-known/mail-v1.xml?emailaddress=an%40tinh.example"],
  ["tinh.example", "/.well-known/autoconfig/mail/config-v1.1.xml"],
  ["mail.tinh.example", "/mail/config-v1.1.xml?emailaddress=khong-co%40tinh.example"],
])("Autoconfig at %s%s", async (host, path) => {
  const { status, headers, body } = await ask(path, { host })
  expect({ status, type: headers["content-type"], cache: headers["cache-control"] }).toEqual({ status: 200, type: "text/xml; charset=utf-8", cache: "public, max-age=3600" })
  expect(body).toContain("<domain>tinh.example</domain>")
})

const pox = (address: string, schema = "outlook/responseschema/2006a"): string =>
  `<?xml version="1.0" encoding="utf-8"?><Autodiscover><Request><EMailAddress>${address}</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/${schema}</AcceptableResponseSchema></Request></Autodiscover>`

test.each(["/autodiscover/autodiscover.xml", "/Autodiscover/Autodiscover.xml", "/AUTODISCOVER/AUTODISCOVER.XML"])("Autodiscover at %s", async (path) => {
  const { status, headers, body } = await ask(path, { host: "autodiscover.tinh.example", method: "POST", body: pox("an@tinh.example"), headers: { "content-type": "text/xml" } })
  expect({ status, type: headers["content-type"], cache: headers["cache-control"] }).toEqual({ status: 200, type: "text/xml; charset=utf-8", cache: "no-store" })
  expect(body).toMatch(/<Type>IMAP<\/Type>.*<LoginName>an@tinh.example<\/LoginName>.*<Type>SMTP<\/Type>/s)
})

test.each([["what is no request", "<a/>", "600"], ["nothing", "", "600"], ["another schema", pox("an@tinh.example", "mobilesync/responseschema/2006"), "601"]])("%s is answered with error %3$s", async (_name, body, code) => {
  const answer = await ask("/autodiscover/autodiscover.xml", { method: "POST", body })
  expect(answer.status).toBe(200)
  expect(answer.body).toContain(`<ErrorCode>${code}</ErrorCode>`)
})

test.each([
  ["a megabyte", 413, { body: Buffer.alloc(1_048_576, "x") }],
  ["a compressed request", 415, { body: "x", headers: { "content-encoding": "gzip" } }],
])("%s is refused with %i", async (_name, status, question) => {
  expect((await ask("/autodiscover/autodiscover.xml", { method: "POST", ...question })).status).toBe(status)
})

test.each(["/autodiscover/autodiscover.json?Email=an%40tinh.example&Protocol=AutodiscoverV1&RedirectCount=1", "/Autodiscover/Autodiscover.json/v1.0/an%40tinh.example?Protocol=autodiscoverv1"])(
  "newer Outlooks learn at %s where to ask",
  async (path) => {
    const { status, body } = await ask(path, { host: "autodiscover.tinh.example" })
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({ status: 200, body: { Protocol: "AutodiscoverV1", Url: "https://mail.tinh.example/autodiscover/autodiscover.xml" } })
  },
)

test("an Apple profile comes as one, and is kept by nobody on the way", async () => {
  const { status, headers, body } = await ask("/apple/mail.mobileconfig?address=an%40tinh.example")
  expect({ status, type: headers["content-type"], cache: headers["cache-control"], file: headers["content-disposition"] }).toEqual({
    status: 200, type: "application/x-apple-aspen-config", cache: "no-store", file: 'attachment; filename="mail.mobileconfig"',
  })
  expect(body).toContain("<string>an@tinh.example</string>")
})

test("a profile goes out as its signer made it", async () => {
  const at = await start({ ...clientSetup, sign: async (profile) => Buffer.concat([Buffer.from("signed:"), profile.subarray(0, 5)]) })
  expect((await ask("/apple/mail.mobileconfig?address=an%40tinh.example", { at })).body).toBe("signed:<?xml")
})

test("whether an address exists is told by no answer, and what is none of ours is not found in the same words", async () => {
  const everywhere = (address: string): Promise<readonly Answer[]> => {
    const escaped = encodeURIComponent(address)
    return Promise.all([
      ask(`/mail/config-v1.1.xml?emailaddress=${escaped}`), ask(`/autodiscover/autodiscover.json?email=${escaped}&protocol=AutodiscoverV1`), ask(`/apple/mail.mobileconfig?address=${escaped}`),
      ask("/autodiscover/autodiscover.xml", { method: "POST", body: pox(address) }),
    ])
  }
  expect((await everywhere("khong-co@tinh.example")).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const foreign = await everywhere("an@khac.example")
  expect(new Set(foreign.map(({ status, body }) => `${status} ${body}`)).size).toBe(1)
  expect(foreign[0]?.status).toBe(404)
})

test.each(["/mail/config-v1.1.xml", "/mail/config-v1.1.xml?emailaddress=a&emailaddress=b", "/apple/mail.mobileconfig", "/apple/mail.mobileconfig?address[]=an@tinh.example", "/autodiscover/autodiscover.json"])("%s without an address is not found", async (path) => {
  expect((await ask(path)).status).toBe(404)
})

test("a client network that asks too often waits, also for another form", async () => {
  const at = await start({ ...clientSetup, rates: createLookupRates(2) })
  const path = "/mail/config-v1.1.xml?emailaddress=an%40tinh.example"
  expect([(await ask(path, { at })).status, (await ask(path, { at })).status]).toEqual([200, 200])
  const last = await ask("/apple/mail.mobileconfig?address=an%40tinh.example", { at })
  expect(last.status).toBe(429)
  expect(Number(last.headers["retry-after"])).toBeGreaterThan(0)
  // what is not counted goes on
  expect((await ask("/help", { at })).status).toBe(200)
})
