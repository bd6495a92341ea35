import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { writeDevelopmentLists } from "../../src/pki/development-lists.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { program } from "../support/programs.ts"
import { type RevocationServer, startRevocationServer } from "../support/revocation-server.ts"
import { until } from "../support/running-system.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { certificateOf as readCertificate } from "../support/smime-world.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/**
 * Official mail is signed by whom it says, or it does not go: the whole system as a newcomer starts it, with the seed's people, their certificates
 * and the shipped policy; signatures by OpenSSL; revocation by CRL and by OCSP from real servers.
 */
interface Person {
  readonly address: string
  readonly password: string
  readonly principalId: string
  /** Files in `home`. */
  readonly certificate: string
  readonly key: string
}

let home: string
let system: TestSystem
let ca: DevelopmentSmimeCa
let responder: RevocationServer
let dung: Person
let y: Person
let office: Person

beforeAll(async () => {
  const dataDir = await newSeededFolder()
  home = await mkdtemp(join(tmpdir(), "congthu-signed-"))
  ca = await openDevelopmentSmimeCa({ dir: join(dataDir, "pki"), clock: systemClock })
  responder = await startRevocationServer({ ca })
  system = await startTestSystem({
    dataDir,
    env: { CONGTHU_PKI_REVOCATION_ALLOW: responder.origin, CONGTHU_PKI_REVOCATION_REFRESH: "1s", CONGTHU_PKI_REVOCATION_REMEMBER: "1s", CONGTHU_PKI_REVOCATION_RETRY: "1s", CONGTHU_PKI_REVOCATION_MAX_AGE: "2s", CONGTHU_DELIVERY_SWEEP: "500ms", CONGTHU_SMTP_MESSAGES_PER_HOUR: "100000" },
  })
  const logins = JSON.parse(await readFile(join(dataDir, "demo-logins.json"), "utf8")) as readonly (Omit<Person, "certificate" | "key"> & { readonly label: string })[]
  const [first, second, third] = await Promise.all(logins.map(withKey))
  if (!first || !second || !third) throw new Error("there are no demo logins")
  ;[dung, y, office] = [first, second, third]
}, 120_000)
afterAll(async () => {
  await system.stop()
  await responder.close()
  await system.remove()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const run = promisify(execFile)
const openssl = async (...args: readonly string[]): Promise<void> => void (await run("openssl", args, { cwd: home }))

/** What a mail client does with the .p12 of the start. */
async function withKey(login: Omit<Person, "certificate" | "key">): Promise<Person> {
  const { address, password } = login
  const p12 = join(system.dataDir, "demo-certificates", `${address}.p12`)
  const [certificate, key] = [`${address}.pem`, `${address}.key`]
  await openssl("pkcs12", "-in", p12, "-passin", `pass:${password}`, "-nodes", "-nocerts", "-out", key)
  await openssl("pkcs12", "-in", p12, "-passin", `pass:${password}`, "-nokeys", "-clcerts", "-out", certificate)
  await writeFile(join(home, "chain.pem"), pem("CERTIFICATE", ca.intermediate.certificate.der))
  return { ...login, certificate, key }
}

let counter = 0
interface Letter {
  readonly from: Person
  readonly to: readonly string[]
  /** Whose key; nobody's: unsigned. */
  readonly signer?: Pick<Person, "certificate" | "key">
  /** Without any certificate, which the registry then has to give. */
  readonly bare?: boolean
  readonly subject?: string
  /** Changes the finished message. */
  readonly tamper?: (message: string) => string
}

async function compose({ from, to, signer, bare = false, subject = "Báo cáo tháng 11", tamper = (message) => message }: Letter): Promise<string> {
  const id = `${++counter}.${process.pid}@sonv.tinh.example`
  const header = [`From: ${from.address}`, `To: ${to.join(", ")}`, `Subject: =?utf-8?B?${Buffer.from(subject).toString("base64")}?=`, "Date: Thu, 26 Nov 2026 08:00:00 +0700", `Message-ID: <${id}>`, ""].join("\r\n")
  const entity = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKính gửi các đồng chí, thư số ${counter}.\r\n`
  if (!signer) return tamper(`${header}MIME-Version: 1.0\r\n${entity}`)
  const file = `letter-${counter}`
  await writeFile(join(home, file), entity)
  await openssl("cms", "-sign", "-binary", "-in", file, "-signer", signer.certificate, "-inkey", signer.key, ...(bare ? ["-nocerts"] : ["-certfile", "chain.pem"]), "-md", "sha256", "-crlfeol", "-out", `${file}.eml`)
  const signed = (await readFile(join(home, `${file}.eml`), "utf8")).replace(/\r?\n/g, "\r\n")
  return tamper(`${header}${signed}`)
}

/** What many clients show as one signed letter: only its second half is. */
function wrapped(message: string): string {
  const at = message.indexOf("MIME-Version: 1.0\r\n")
  const signed = message.slice(at).replace("MIME-Version: 1.0\r\n", "")
  return `${message.slice(0, at)}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=ngoai\r\n\r\n--ngoai\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nXin chuyen tien gap.\r\n--ngoai\r\n${signed}\r\n--ngoai--\r\n`
}

/** The reply to DATA. */
async function submit(letter: Letter): Promise<string> {
  const transport = createTransport({ host: "127.0.0.1", port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: letter.from.address, pass: letter.from.password } })
  try {
    return (await transport.sendMail({ envelope: { from: letter.from.address, to: [...letter.to] }, raw: await compose(letter) })).response
  } catch (error) {
    return error instanceof Error && "response" in error ? String(error.response) : String(error)
  } finally {
    transport.close()
  }
}

/** What the reader's client sees of the newest message. */
async function newest(reader: Person): Promise<{ readonly flags: readonly string[]; readonly header: string; readonly count: number }> {
  const client = new ImapFlow({ host: "127.0.0.1", port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: reader.address, pass: reader.password }, logger: false })
  await client.connect()
  try {
    const { exists } = await client.mailboxOpen("INBOX")
    const message = exists > 0 ? await client.fetchOne(String(exists), { flags: true, headers: true }) : false
    return message ? { flags: [...(message.flags ?? [])], header: message.headers?.toString() ?? "", count: exists } : { flags: [], header: "", count: 0 }
  } finally {
    await client.logout()
  }
}

async function congthu(...args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [program("congthu"), ...args, "--data-dir", system.dataDir], { stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, "exit")) as [number | null]
  return `${said}exit ${code}`
}

/** Somewhere else in the province. */
const otherAgency = "ubnd@tinh.example"

test("a person's signature is verified, and every reader's client is told", async () => {
  expect(await submit({ from: dung, to: [y.address], signer: dung })).toMatch(/^250 2\.0\.0 /)
  const { flags, header } = await newest(y)
  expect(flags).toContain("$SignatureValid")
  expect(header).toMatch(/^Return-Path: .*\r\nAuthentication-Results: mail\.tinh\.example; smime=pass/)
})

test("nobody else says that a signature was verified", async () => {
  const forged = (message: string): string => `Authentication-Results: mail.tinh.example; smime=pass\r\nAuthentication-Results: other.example; smime=pass\r\n${message}`
  expect(await submit({ from: dung, to: [y.address], tamper: forged })).toMatch(/^250 /)
  const { flags, header } = await newest(y)
  expect(flags).not.toContain("$SignatureValid")
  expect(header).toContain("Authentication-Results: other.example")
  expect(header).not.toContain("Authentication-Results: mail.tinh.example")
})

test.each([
  ["changed after it was signed", (message: string) => message.replace("các đồng chí", "các bạn"), /^550 5\.7\.7 .*does not match/],
  ["with a second author", (message: string) => message.replace(/^From: .*$/m, (from) => `${from.trimEnd()}, ubnd@tinh.example\r`), /^550 5\.7\./],
  ["with a part before the signed one", wrapped, /^550 5\.7\.7 /],
])("a signed message %s", async (_what, tamper, expected) => {
  expect(await submit({ from: dung, to: [y.address], signer: dung, tamper })).toMatch(expected)
})

test("an office's mail to another agency must be signed by its certificate, or by a person with the right to sign", async () => {
  expect(await submit({ from: office, to: [otherAgency] })).toMatch(/^550 5\.7\.1 .*must be signed/)
  expect(await submit({ from: office, to: [otherAgency], signer: office })).toMatch(/^250 /)
  expect(await submit({ from: office, to: [otherAgency], signer: y })).toMatch(/^550 5\.7\./)
  // within the agency it may stay unsigned
  expect(await submit({ from: office, to: [y.address] })).toMatch(/^250 /)
})

test("a message that is marked as a state secret is refused, and told why", async () => {
  expect(await submit({ from: dung, to: [y.address], signer: dung, subject: "[TUYỆT MẬT] Kế hoạch" })).toMatch(/^550 5\.7\.1 .*state secret/)
  expect(await submit({ from: dung, to: [y.address], signer: dung, subject: "Tập huấn bảo mật, bí mật nhà nước" })).toMatch(/^250 /)
})

test.each([
  { bare: false, came: "along" },
  { bare: true, came: "from the registry" },
])("what was accepted can be proven from a file, without the system (the certificate came $came)", async ({ bare }) => {
  const [, envelope = ""] = /Accepted as (\d+)/.exec(await submit({ from: office, to: [otherAgency], signer: office, bare })) ?? []
  const file = join(home, "evidence.json")
  expect(await congthu("evidence", "export", envelope, "--out", file)).toContain("exit 0")
  const verified = await congthu("evidence", "verify", file, "--trust", join(system.dataDir, "pki/smime-root.pem"))
  expect(verified).toContain("exit 3")
  const { subject } = readCertificate((await certificateOf(office)).der)
  for (const { commonName } of [subject, ca.intermediate.certificate.subject]) expect(verified).toMatch(new RegExp(`^✓ ${commonName}: .*The certificate was not revoked at that time \\[CRL `, "m"))
  await writeFile(file, (await readFile(file, "utf8")).replace(/"sha256":"[0-9a-f]{8}/, '"sha256":"00000000'))
  expect(await congthu("evidence", "verify", file, "--trust", join(system.dataDir, "pki/smime-root.pem"))).toMatch(/exit (?:1|65)/)
})

test("a certificate that its authority's CRL names is refused, from the next list on", async () => {
  const { der } = await certificateOf(y)
  expect(await submit({ from: y, to: [dung.address], signer: y })).toMatch(/^250 /)
  await writeDevelopmentLists({ ca, dir: join(system.dataDir, "pki"), revoked: [{ serialNumber: serialOf(der), revokedAt: Date.now() - 1_000, reason: "keyCompromise" }], now: Date.now() })
  await until(async () => /^550 5\.7\.\d+ .*is revoked/.test(await submit({ from: y, to: [dung.address], signer: y })), 30_000)
})

test("a certificate is asked for at its OCSP responder: good, then revoked; when nobody can say, the message waits for a person", async () => {
  const asked = await newCertificate("hoi-ocsp")
  // the registration is on its way to the process that judges
  await until(async () => (await submit({ from: dung, to: [office.address], signer: asked })).startsWith("250 "), 30_000)
  expect(responder.requests).toContain("/ocsp")
  expect((await newest(office)).flags).toContain("$SignatureValid")
  responder.revoke(asked.serialNumber, "keyCompromise")
  await until(async () => /^550 5\.7\.\d+ .*is revoked/.test(await submit({ from: dung, to: [office.address], signer: asked })), 30_000)

  const unasked = await newCertificate("khong-hoi-duoc")
  responder.goDown()
  // neither do the lists that this machine has say anything any more
  await writeFile(join(system.dataDir, "pki/smime-signing.crl"), "hỏng")
  const before = (await newest(office)).count
  const waiting = async (): Promise<string | undefined> => {
    const [, envelope] = /^250 .*Accepted as (\d+)/.exec(await submit({ from: dung, to: [office.address], signer: unasked })) ?? []
    return (await congthu("held", "list")).split("\n").some((line) => new RegExp(`^${envelope} +approval `).test(line)) ? envelope : undefined
  }
  let held: string | undefined
  await until(async () => (held = await waiting()) !== undefined, 30_000)
  const read = (await newest(office)).count
  expect(await congthu("held", "show", held ?? "")).toMatch(/rule +signature-undecided/)
  // the sender is told that it waits
  await until(async () => (await newest(dung)).header.includes(`<held.${held}@mail.tinh.example>`), 30_000)
  expect(await congthu("held", "release", held ?? "", "--note", "đã hỏi lại")).toContain("exit 0")
  await until(async () => (await newest(office)).count > read, 30_000)
  expect(read).toBeGreaterThanOrEqual(before)
  responder.behave()
})

/** Of the development CA, with the responder's address in it, registered for the first person. */
async function newCertificate(name: string): Promise<Pick<Person, "certificate" | "key"> & { readonly serialNumber: string }> {
  const issued = ca.issue({ subject: { commonName: "Tạ Bá Dũng" }, addresses: [dung.address], ocspUrls: [responder.urls.ocsp] })
  await writeFile(join(home, `${name}.pem`), pem("CERTIFICATE", issued.certificateDer))
  await writeFile(join(home, `${name}.key`), issued.privateKey.export({ type: "pkcs8", format: "pem" }))
  expect(await congthu("certificate", "add", join(home, `${name}.pem`), "--holder", dung.principalId, "--use", "personal")).toContain("exit 0")
  return { certificate: `${name}.pem`, key: `${name}.key`, serialNumber: serialOf(issued.certificateDer) }
}

async function certificateOf({ certificate }: Person): Promise<{ readonly der: Buffer }> {
  const text = await readFile(join(home, certificate), "utf8")
  return { der: Buffer.from(/-----BEGIN CERTIFICATE-----([^-]+)-----END/.exec(text)?.[1] ?? "", "base64") }
}

const serialOf = (der: Uint8Array): string => readCertificate(der).serialNumber
