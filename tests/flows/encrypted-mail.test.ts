import { execFile } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { type ClientsWorld, createClientsWorld, installed, runClient } from "../support/clients-kit.ts"

/** Mail that is encrypted to its reader passes through the whole system untouched: what IMAP gives is what SMTP got, and the reader's key opens it. */
let world: ClientsWorld
let home: string
let certificateFile: string
beforeAll(async () => {
  ;[world, home] = await Promise.all([createClientsWorld(), mkdtemp(join(tmpdir(), "congthu-encrypted-"))])
  const ca = await openDevelopmentSmimeCa({ dir: join(home, "ca"), clock: systemClock })
  const address = world.demo.colleague.address
  const { certificateDer, privateKey } = ca.issue({ subject: { commonName: "Người đọc" }, addresses: [address], keyType: "rsa2048" })
  certificateFile = await asFile("reader.pem", pem("CERTIFICATE", certificateDer))
  await asFile("reader.key", privateKey.export({ type: "pkcs8", format: "pem" }).toString())
}, 120_000)
afterAll(async () => {
  await world.close()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const run = promisify(execFile)
const openssl = async (...args: readonly string[]): Promise<void> => void (await run("openssl", args, { cwd: home }))

async function asFile(name: string, content: string | Buffer): Promise<string> {
  await writeFile(join(home, name), content)
  return join(home, name)
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")

/** A part with an attachment that base64 takes a while for. */
const secret = Buffer.from(`Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nMật khẩu két sắt: ${randomBytes(150_000).toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n`)

/** As `smime-type`s go: RFC 8551 §3.2.2. */
const kinds = [
  { name: "AES-128 in CBC mode", cipher: "-aes-128-cbc", smimeType: "enveloped-data" },
  { name: "AES-256 in CBC mode", cipher: "-aes-256-cbc", smimeType: "enveloped-data" },
  { name: "triple DES, as old clients write", cipher: "-des3", smimeType: "enveloped-data" },
  { name: "AES-256 in GCM mode", cipher: "-aes-256-gcm", smimeType: "authEnveloped-data" },
]
/** How it comes in. */
const doors = ["submission", "mx"] as const

test.skipIf(!(await installed("curl", "curl"))).each(kinds.flatMap((kind) => doors.map((door) => ({ ...kind, door }))))("$name by $door is read byte for byte, and opens", async ({ cipher, smimeType, door }) => {
  const { sender, colleague } = world.demo
  const from = door === "submission" ? sender.address : "an@ngoai.example"
  await asFile("secret", secret)
  await openssl("cms", "-encrypt", "-binary", cipher, "-in", "secret", "-outform", "DER", "-out", "sealed", certificateFile)
  const header = [
    `From: ${from}`, `To: ${colleague.address}`, "Subject: =?utf-8?B?VGjGsCBt4bqtdA==?=", "Date: Mon, 02 Mar 2026 08:00:00 +0700", `Message-ID: <${randomBytes(9).toString("hex")}@ngoai.example>`, "MIME-Version: 1.0",
    `Content-Type: application/pkcs7-mime; smime-type=${smimeType}; name=smime.p7m`, "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=smime.p7m", "", "",
  ].join("\r\n")
  const letter = Buffer.from(`${header}${(await readFile(join(home, "sealed"))).toString("base64").replace(/.{64}/g, "$&\r\n")}\r\n`)

  const reader = await world.imap(colleague)
  await reader.mailboxOpen("INBOX")
  const told = new Promise<void>((resolve) => reader.once("exists", () => resolve()))
  const idling = reader.idle()
  const how = door === "submission" ? ["--cacert", world.caFile, "--ssl-reqd", "-u", `${sender.address}:${sender.password}`, `smtp://localhost:${world.ports.submission}`] : [`smtp://localhost:${world.ports.smtp}`]
  await runClient("curl", ["-sS", "--max-time", "15", "--mail-from", from, "--mail-rcpt", colleague.address, "-T", await asFile("letter", letter), ...how], { home })
  await told
  const found = await reader.fetchOne("*", { source: true })
  await idling
  await reader.logout()
  if (!found || !found.source) throw new Error("nothing was fetched")

  // the trace fields that each server puts in front are not the sender's
  const received = found.source.subarray(found.source.indexOf(`\r\nFrom: ${from}`) + 2)
  expect(received.length).toBe(letter.length)
  expect(sha256(received)).toBe(sha256(letter))
  await asFile("received", received)
  await openssl("cms", "-decrypt", "-inform", "SMIME", "-in", "received", "-recip", certificateFile, "-inkey", "reader.key", "-out", "opened")
  expect(sha256(await readFile(join(home, "opened")))).toBe(sha256(secret))
})
