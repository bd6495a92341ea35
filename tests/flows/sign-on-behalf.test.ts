import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { askApi } from "../support/api-client.ts"
import { eventually } from "../support/faults-world.ts"
import { program } from "../support/programs.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/** Software that cannot sign sends under an office's address; the server signs for it, with a key that only that office's messages get. */
const office = "hcc@tinh.example"
const other = "tcd@tinh.example"
const otherAgency = "sonv@sonv.tinh.example"

let home: string
let system: TestSystem
const passwords = new Map<string, string>()
const run = promisify(execFile)

beforeAll(async () => {
  const dataDir = await newSeededFolder()
  home = await mkdtemp(join(tmpdir(), "congthu-behalf-"))
  const ca = await openDevelopmentSmimeCa({ dir: join(dataDir, "pki"), clock: systemClock })
  const { certificateDer, privateKey } = ca.issue({ subject: { commonName: "Trung tâm Phục vụ hành chính công" }, addresses: [office] })
  await writeFile(join(home, "hcc.pem"), pem("CERTIFICATE", certificateDer) + pem("CERTIFICATE", ca.intermediate.certificate.der))
  await writeFile(join(home, "hcc.key"), privateKey.export({ type: "pkcs8", format: "pem" }))
  await writeFile(join(home, "password"), "một cửa\n")
  await run("openssl", ["pkcs12", "-export", "-in", "hcc.pem", "-inkey", "hcc.key", "-passout", "file:password", "-out", "hcc.p12"], { cwd: home })
  const shipped = await readFile(new URL("../../config/policy.yaml", import.meta.url), "utf8")
  const rule = (address: string): string => `  - id: sign-${address.split("@")[0]}\n    when: { direction: [submission, outbound], sender: { address: ${address} }, signature: { status: missing } }\n    verdict: { sign: { key: mot-cua } }\n`
  await writeFile(join(home, "policy.yaml"), shipped.replace(/^rules:\n/m, `rules:\n${rule(office)}${rule(other)}`))
  system = await startTestSystem({
    dataDir,
    env: {
      CONGTHU_POLICY_FILE: join(home, "policy.yaml"),
      CONGTHU_SIGNING_KEYS: `[{ name: mot-cua, pkcs12: { file: ${join(home, "hcc.p12")}, passwordFile: ${join(home, "password")} }, for: [${office}] }]`,
    },
  })
  for (const address of [office, other, otherAgency]) passwords.set(address, await newAppPassword(address))
}, 120_000)
afterAll(async () => {
  await system.stop()
  await system.remove()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const newAppPassword = (address: string): Promise<string> => congthu("app-password", "create", address, "--label", "phần mềm")

/** What the command prints. */
async function congthu(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program("congthu"), ...args, "--data-dir", system.dataDir], { stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
  await once(child, "exit")
  return said.trim()
}

async function submit(from: string, text: string): Promise<string> {
  const transport = createTransport({ host: "127.0.0.1", port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: from, pass: passwords.get(from) ?? "" } })
  const raw = `From: Một cửa <${from}>\r\nTo: ${otherAgency}\r\nSubject: =?utf-8?B?${Buffer.from("Hồ sơ đã xong").toString("base64")}?=\r\nDate: Thu, 26 Nov 2026 08:00:00 +0700\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${text}\r\n`
  try {
    return (await transport.sendMail({ envelope: { from, to: [otherAgency] }, raw: raw.replace("From: Một cửa", "From: Mot cua") })).response
  } catch (error) {
    return error instanceof Error && "response" in error ? String(error.response) : String(error)
  } finally {
    transport.close()
  }
}

test("the message leaves signed, its reader's client is told, and OpenSSL agrees", async () => {
  expect(await submit(office, "Hồ sơ số 12 đã giải quyết xong.")).toMatch(/^250 /)
  const client = new ImapFlow({ host: "127.0.0.1", port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: otherAgency, pass: passwords.get(otherAgency) ?? "" }, logger: false })
  await client.connect()
  await client.mailboxOpen("INBOX")
  // what the system itself tells the mailbox may come before or after it
  const [uid] = (await client.search({ subject: "Hồ sơ đã xong" }, { uid: true })) || []
  const message = await client.fetchOne(String(uid), { flags: true, source: true }, { uid: true })
  await client.logout()
  if (!message) throw new Error("nothing came")
  expect([...(message.flags ?? [])]).toContain("$SignatureValid")
  const source = message.source?.toString() ?? ""
  // what the server put before the message is not part of it
  await writeFile(join(home, "got.eml"), source.slice(source.indexOf("From: ")))
  const { stdout } = await run("openssl", ["cms", "-verify", "-in", "got.eml", "-CAfile", join(system.dataDir, "pki/smime-root.pem"), "-signer", "who.pem"], { cwd: home })
  expect(stdout).toMatch(/hp="?clear"?/)
  expect(Buffer.from(stdout.slice(stdout.indexOf("\r\n\r\n") + 4), "base64").toString()).toBe("Hồ sơ số 12 đã giải quyết xong.\r\n")
  expect((await run("openssl", ["x509", "-in", "who.pem", "-noout", "-ext", "subjectAltName"], { cwd: home })).stdout).toContain(office)
})

test("the key signs for nobody else, even when a rule says so", async () => {
  expect(await submit(other, "Thư của nơi khác.")).toMatch(/^550 5\.7\.1 .*cannot sign/)
})

test("a notification by a template is signed for the office that it is from, too; the example client follows it to its end", async () => {
  const token = await congthu("token", "create", "--name", "một cửa", "--scope", "notifications:send", "--account", office)
  const child = spawn(process.execPath, [fileURLToPath(new URL("../../docs/notification-client.ts", import.meta.url)), otherAgency], {
    env: { PATH: process.env["PATH"], CONGTHU_URL: `https://localhost:${system.ports.https}`, CONGTHU_TOKEN: token, NODE_EXTRA_CA_CERTS: join(system.dataDir, "pki/ca.pem") }, stdio: ["ignore", "pipe", "inherit"],
  })
  let said = ""
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, "exit")) as [number | null]
  expect(said).toMatch(new RegExp(`accepted as \\d+\n${otherAgency}: delivered\nsent: 1 delivered, 0 failed\n$`))
  expect(code).toBe(0)
  const client = new ImapFlow({ host: "127.0.0.1", port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: otherAgency, pass: passwords.get(otherAgency) ?? "" }, logger: false })
  await client.connect()
  await client.mailboxOpen("INBOX")
  // what the system itself tells the mailbox may come before or after it
  const messages = await client.fetchAll("1:*", { flags: true, envelope: true })
  await client.logout()
  const [message, ...others] = messages.filter(({ envelope }) => envelope?.subject?.startsWith("Đã có kết quả hồ sơ "))
  expect(others).toEqual([])
  expect([...(message?.flags ?? [])]).toContain("$SignatureValid")
})

test("what the policy refuses is told as failed, with its reason: the key signs for nobody else", async () => {
  const token = await congthu("token", "create", "--name", "nơi khác", "--scope", "notifications:send", "--account", other)
  const answer = await askApi(system.ports.https, "POST", "/notifications", { token, body: { to: [otherAgency], subject: "Thư của nơi khác", text: "x" } })
  expect(answer.status).toBe(202)
  const shown = await eventually(() => askApi(system.ports.https, "GET", `/notifications/${String(answer.body["id"])}/recipients`, { token }), ({ body }) => (body["recipients"] as { state: string }[])[0]?.state !== "accepted")
  expect(shown.body).toMatchObject({ recipients: [{ state: "failed", status: "5.7.1", reason: expect.stringContaining("cannot sign") as string }] })
})
