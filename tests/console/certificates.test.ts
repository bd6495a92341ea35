import { execFileSync } from "node:child_process"
import { randomBytes } from "node:crypto"
import { createServer } from "node:http"
import { request } from "node:https"
import express from "express"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createAuthenticator } from "../../src/accounts/authenticate.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { createLoginThrottle } from "../../src/accounts/login-throttle.ts"
import { createPasswordWork } from "../../src/accounts/password-work.ts"
import { createCertificateLookup } from "../../src/addressbook/certificate-lookup.ts"
import { systemClock } from "../../src/base/clock.ts"
import { failed } from "../../src/base/result.ts"
import { certificateRoutes } from "../../src/console/certificates.ts"
import { createLookupRates } from "../../src/console/lookup-rates.ts"
import { serve, type Serving } from "../../src/base/serving.ts"
import { startConsole } from "../../src/console/server.ts"
import { failure } from "../../src/mail/failure.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { createAddressBookSource } from "../../src/store/sql/address-book.ts"
import { createCertificateEntries } from "../../src/store/sql/certificate-entries.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"
import { createSmimePeople, type SmimePeople } from "../support/smime-people.ts"
import { testLog } from "../support/store.ts"
import { served, testTls } from "../support/test-tls.ts"

const password = "Mật khẩu: đúng"
const lookupsPerHour = 40
const clock = systemClock
let database: TestDatabase
let directory: SqlDirectorySource
let people: SmimePeople
let server: Serving
let ca: string
let appPassword: string
let der: Buffer

beforeAll(async () => {
  database = await createTestDatabase()
  await createProvince(database)
  people = await createSmimePeople(database, clock.now())
  der = Buffer.from((await people.register("binh", { subject: { commonName: "Trần Thị Bình" }, addresses: ["binh@tinh.example"], keyType: "rsa2048" })).certificateDer)
  await people.register("binh", { subject: { commonName: "Trần Thị Bình" }, addresses: ["binh@tinh.example"], keyUsage: ["digitalSignature", "nonRepudiation"] })
  await people.register("gone", { subject: { commonName: "Lê Văn Cường" }, addresses: ["cuong@tinh.example"] })
  directory = await createDirectorySource({ database, log: testLog, tickMs: 0 })
  const [tls, passwords, credentials, key] = [await testTls("localhost"), createPasswordWork({ cost: 4 }), createCredentialStore(database), randomBytes(32)]
  ca = tls.ca
  for (const address of ["an@tinh.example", "may@tinh.example"]) await credentials.setPassword(accountId(address), await passwords.hash(password))
  appPassword = newAppPassword()
  await credentials.addAppPassword({ accountId: accountId("an@tinh.example"), principalId: "an", label: "Sổ địa chỉ", hash: appPasswordHash(appPassword, key) ?? "" })
  const source = createAddressBookSource({ database, certificates: createCertificateEntries({ database, clock }), clock })
  server = await startConsole({
    host: "127.0.0.1", port: 0, tls: served(tls), help: { host: "mail.tinh.example", imaps: 993, imap: 143, submissions: 465, submission: 587 },
    health: async () => [], clock,
    certificates: {
      authenticator: createAuthenticator({ directory, credentials, passwords, throttle: createLoginThrottle({ maxFailures: 3, failureWindowMs: 600_000 }), appPasswordKey: key, clock }),
      lookup: createCertificateLookup({ directory, source }),
      rates: createLookupRates(lookupsPerHour),
      askers: createLookupRates(0),
    },
  })
})
afterAll(async () => {
  await server.close()
  directory.close()
  await people.close()
  await database.drop()
})

function accountId(address: string): number {
  const target = directory.current().resolve(address)
  if (target.kind !== "account") throw new Error(`no account ${address}`)
  return target.account.id
}

interface Answer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Buffer
}

const basic = (name: string, secret: string): string => `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`

/** Signed in as An unless told otherwise. */
const ask = (path: string, { method = "GET", headers = {} }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: server.port, servername: "localhost", ca, path, method, headers: { authorization: basic("an@tinh.example", password), ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }))
    })
      .on("error", reject)
      .end()
  })

test("a colleague's certificate comes as certs-only, and openssl reads it", async () => {
  const { status, headers, body } = await ask("/certificates/binh@tinh.example")
  expect({ status, type: headers["content-type"], cache: headers["cache-control"] }).toEqual({ status: 200, type: "application/pkcs7-mime; smime-type=certs-only", cache: "private, max-age=300" })
  const read = execFileSync("openssl", ["pkcs7", "-inform", "DER", "-print_certs"], { input: body, encoding: "utf8" })
  // the one for encryption alone: the other is for signatures
  expect(read.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----\n/g)).toEqual([pem("CERTIFICATE", der)])
})

test.each([
  ["application/pem-certificate-chain", () => Buffer.from(pem("CERTIFICATE", der))],
  ["application/x-pem-file, */*;q=0.1", () => Buffer.from(pem("CERTIFICATE", der))],
  ["application/pkix-cert", () => der],
])("Accept: %s gives that form", async (accept, expected) => {
  const { status, body } = await ask("/certificates/binh@tinh.example", { headers: { accept } })
  expect(status).toBe(200)
  expect(body.equals(expected())).toBe(true)
})

test("a form that we do not have is refused", async () => {
  expect((await ask("/certificates/binh@tinh.example", { headers: { accept: "text/html" } })).status).toBe(406)
})

test.each(["/certificates/BINH@tinh.example", "/certificates/search?email=binh%40tinh.example"])("%s finds it too", async (path) => {
  expect((await ask(path)).status).toBe(200)
})

test("an app password signs in as well", async () => {
  expect((await ask("/certificates/binh@tinh.example", { headers: { authorization: basic("nguyen.an@tinh.example", appPassword) } })).status).toBe(200)
})

test("HEAD says the same without the body, and what has not changed is not sent again", async () => {
  const [get, head] = [await ask("/certificates/binh@tinh.example"), await ask("/certificates/binh@tinh.example", { method: "HEAD" })]
  expect(head.status).toBe(200)
  expect(head.body).toHaveLength(0)
  expect(head.headers["content-length"]).toBe(String(get.body.length))
  const etag = String(get.headers["etag"])
  expect(await ask("/certificates/binh@tinh.example", { headers: { "if-none-match": etag } })).toMatchObject({ status: 304, body: Buffer.alloc(0) })
})

test("whatever is not found is not found in the same words", async () => {
  // without a certificate, unknown, foreign, suspended, of a suspended person, a group, nothing at all
  const addresses = ["an@tinh.example", "khongco@tinh.example", "ai@xa.example", "closed@tinh.example", "tat-ca@tinh.example", "x", encodeURIComponent("'; --\r\n@tinh.example"), "a".repeat(4_000)]
  const answers = await Promise.all(addresses.map((address) => ask(`/certificates/${address}`)))
  answers.push(await ask("/certificates/search"), await ask("/certificates/search?email[]=binh@tinh.example"))
  const seen = new Set(answers.map(({ status, body, headers }) => `${status} ${body.toString()} ${String(headers["cache-control"])}`))
  expect([...seen]).toEqual([expect.stringMatching(/^404 Không có chứng thư .* no-store$/s)])
})

test.each([
  ["nothing", {}],
  ["another scheme", { authorization: "Bearer abc" }],
  ["half a name", { authorization: `Basic ${Buffer.from("an@tinh.example").toString("base64")}` }],
  ["no base64", { authorization: "Basic ***" }],
  ["a suspended account", { authorization: basic("closed@tinh.example", password) }],
])("%s is asked to sign in, whether or not there is something to find", async (_name, headers) => {
  for (const address of ["binh", "khongco"]) {
    const { status, headers: answered } = await ask(`/certificates/${address}@tinh.example`, { headers: { authorization: "", ...headers } })
    expect(status).toBe(401)
    expect(answered["www-authenticate"]).toBe('Basic realm="Cong Thu", charset="UTF-8"')
  }
})

test("who guesses passwords is made to wait, also with the right one", async () => {
  const guess = (secret: string) => ask("/certificates/binh@tinh.example", { headers: { authorization: basic("may@tinh.example", secret) } })
  expect([await guess("1"), await guess("2"), await guess("3")].map(({ status }) => status)).toEqual([401, 401, 401])
  const last = await guess(password)
  expect(last.status).toBe(429)
  expect(Number(last.headers["retry-after"])).toBeGreaterThan(0)
})

test("a certificate that is revoked is not handed out any more", async () => {
  await people.setState(der, "revoked")
  expect((await ask("/certificates/binh@tinh.example")).status).toBe(404)
  await people.setState(der, "active")
  expect((await ask("/certificates/binh@tinh.example")).status).toBe(200)
})

test("nobody copies the directory: lookups are counted for each account", async () => {
  let refused: Answer | undefined
  for (let asked = 0; asked <= lookupsPerHour && !refused; asked++) {
    const answer = await ask("/certificates/khongco@tinh.example")
    if (answer.status !== 404) refused = answer
  }
  expect(refused?.status).toBe(429)
  expect(Number(refused?.headers["retry-after"])).toBeGreaterThan(60)
})

test("a network that tries one address after the other is soon told to wait, and no password of it is looked at any more", async () => {
  let looked = 0
  const login = async () => {
    looked++
    return failed(failure("noPermission", "refused"))
  }
  const app = express().use("/certificates", certificateRoutes({ authenticator: { login }, lookup: { find: async () => failed(failure("notFound", "nothing")) }, rates: createLookupRates(0), askers: createLookupRates(3, 60) }))
  const other = await serve(createServer(app), { host: "127.0.0.1", port: 0 })
  const statuses = []
  for (let at = 0; at < 5; at++) statuses.push((await fetch(`http://127.0.0.1:${other.port}/certificates/x@tinh.example`, { headers: { authorization: basic(`x${at}@tinh.example`, "x") } })).status)
  expect([statuses, looked]).toEqual([[401, 401, 401, 429, 429], 3])
  await other.close()
})
