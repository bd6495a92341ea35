import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/**
 * What somebody tries who wants an official message taken for signed when it is not, a rule passed by, or the server held up: against the whole
 * system as a newcomer starts it, with the seed's people and the shipped policy.
 */
interface Person {
  readonly address: string
  readonly password: string
}

let home: string
let system: TestSystem
let dung: Person
let y: Person
let office: Person

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "congthu-attacks-"))
  system = await startTestSystem({ dataDir: await newSeededFolder(), env: { CONGTHU_DELIVERY_SWEEP: "500ms", CONGTHU_SMTP_MESSAGES_PER_HOUR: "100000" } })
  const [first, second, third] = JSON.parse(await readFile(join(system.dataDir, "demo-logins.json"), "utf8")) as readonly Person[]
  if (!first || !second || !third) throw new Error("there are no demo logins")
  ;[dung, y, office] = [first, second, third]
  const ca = await openDevelopmentSmimeCa({ dir: join(system.dataDir, "pki"), clock: systemClock })
  await writeFile(join(home, "chain.pem"), pem("CERTIFICATE", ca.intermediate.certificate.der))
  for (const { address, password } of [dung, y, office]) {
    const p12 = ["pkcs12", "-in", join(system.dataDir, "demo-certificates", `${address}.p12`), "-passin", `pass:${password}`]
    await openssl(...p12, "-nodes", "-nocerts", "-out", `${address}.key`)
    await openssl(...p12, "-nokeys", "-clcerts", "-out", `${address}.pem`)
  }
}, 120_000)
afterAll(async () => {
  await system.stop()
  await system.remove()
  await rm(home, { recursive: true, force: true })
}, 60_000)

const run = promisify(execFile)
const openssl = async (...args: readonly string[]): Promise<void> => void (await run("openssl", args, { cwd: home }))

let counter = 0

/** Lines of a header, then an entity; both with CRLF. */
const letter = (fields: readonly string[], entity = `Content-Type: text/plain; charset=utf-8\r\n\r\nThư số ${++counter}\r\n`): string =>
  [...fields, "Date: Thu, 26 Nov 2026 08:00:00 +0700", `Message-ID: <${++counter}@tan-cong.example>`, "MIME-Version: 1.0", entity].join("\r\n")

/** A multipart/signed entity by OpenSSL, its header included. */
async function signedBy({ address }: Person, entity = `Content-Type: text/plain; charset=utf-8\r\n\r\nThư số ${++counter}\r\n`): Promise<string> {
  const file = `letter-${++counter}`
  await writeFile(join(home, file), entity)
  await openssl("cms", "-sign", "-binary", "-in", file, "-signer", `${address}.pem`, "-inkey", `${address}.key`, "-certfile", "chain.pem", "-md", "sha256", "-crlfeol", "-out", `${file}.eml`)
  return (await readFile(join(home, `${file}.eml`), "utf8")).replace(/\r?\n/g, "\r\n").replace("MIME-Version: 1.0\r\n", "")
}

interface Sending {
  /** Who signs in; nobody: mail from outside. */
  readonly as?: Person
  readonly reversePath?: string
  readonly to: readonly string[]
  readonly raw: string
}

/** The reply to DATA, or the refusal. */
async function send({ as, reversePath = as?.address ?? "ai@ngoai.example", to, raw }: Sending): Promise<string> {
  const door = as ? { port: system.ports.submissions, secure: true, auth: { user: as.address, pass: as.password } } : { port: system.ports.smtp }
  const transport = createTransport({ host: "127.0.0.1", tls: { rejectUnauthorized: false }, ...door })
  try {
    return (await transport.sendMail({ envelope: { from: reversePath, to: [...to] }, raw })).response
  } catch (error) {
    return error instanceof Error && "response" in error ? String(error.response) : String(error)
  } finally {
    transport.close()
  }
}

async function withInbox<T>(reader: Person, act: (client: ImapFlow, count: number) => Promise<T>): Promise<T> {
  const client = new ImapFlow({ host: "127.0.0.1", port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: reader.address, pass: reader.password }, logger: false })
  await client.connect()
  try {
    return await act(client, (await client.mailboxOpen("INBOX")).exists)
  } finally {
    await client.logout()
  }
}

const newest = (reader: Person): Promise<{ readonly flags: readonly string[]; readonly header: string }> =>
  withInbox(reader, async (client, count) => {
    const message = await client.fetchOne(String(count), { flags: true, headers: true })
    return message ? { flags: [...(message.flags ?? [])], header: message.headers?.toString() ?? "" } : { flags: [], header: "" }
  })

/** Somewhere else in the province. */
const otherAgency = "ubnd@tinh.example"

describe("an office's unsigned mail to another agency does not leave", () => {
  test.each<[string, () => Partial<Sending>, () => readonly string[]]>([
    ["under the envelope address of a person who may write for it", () => ({ reversePath: dung.address }), () => [`From: ${office.address}`]],
    ["without an envelope address", () => ({ reversePath: "" }), () => [`From: ${office.address}`]],
    ["beside a person as author", () => ({ reversePath: dung.address }), () => [`From: ${dung.address}, ${office.address}`, `Sender: ${dung.address}`]],
    ["in a group of authors", () => ({ reversePath: dung.address }), () => [`From: Co quan: ${office.address};`]],
    ["as the sender behind a person", () => ({ reversePath: dung.address }), () => [`From: ${dung.address}`, `Sender: ${office.address}`]],
    ["with a name before the colon and a comment", () => ({ reversePath: dung.address }), () => [`From : (x) ${office.address} (${dung.address})`]],
    ["to a colleague and another agency at once", () => ({ to: [y.address, otherAgency] }), () => [`From: ${office.address}`]],
  ])("%s", async (_what, sending, from) => {
    expect(await send({ as: dung, to: [otherAgency], raw: letter([...from(), "Subject: Bao cao"]), ...sending() })).toMatch(/^550 5\.7\.1 .*(?:must be signed|may not send)/)
  })
})

describe("a mark of secrecy is found", () => {
  const encoded = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`
  test.each<[string, readonly string[]]>([
    ["in letters of another script", [`Subject: ${encoded("[МẬТ] Kế hoạch")}`]],
    ["with what is not seen between the letters", [`Subject: ${encoded("[M\ufe0fẬ\u3164T] Kế hoạch")}`]],
    ["cut in two by encoded-words", ["Subject: =?utf-8?Q?[M=E1=BA?=\r\n =?UTF8?Q?=ACT]_Ke_hoach?="]],
    ["in the second of two subjects", ["Subject: Ke hoach", `Subject : ${encoded("[MẬT] Kế hoạch")}`]],
    ["behind the thousandth character", [`Subject: ${encoded(`${"x".repeat(1500)} [MẬT]`)}`]],
    ["in the 301st field", [...Array.from({ length: 300 }, (_, n) => `X-${n}: 1`), "Subject: Ke hoach", `X-Do-Mat: ${encoded("MẬT")}`]],
    ["behind 90 KB of header", [`X-Dai: ${"x ".repeat(450)}`, ...Array.from({ length: 100 }, (_, n) => `X-Dai-${n}: ${"x".repeat(900)}`), `Subject: ${encoded("[MẬT] Kế hoạch")}`]],
  ])("%s", async (_what, fields) => {
    expect(await send({ as: dung, to: [y.address], raw: letter([`From: ${dung.address}`, ...fields]) })).toMatch(/^550 5\.7\.1 .*state secret/)
  })

  test("or the message is refused because nobody could look", async () => {
    expect(await send({ as: dung, to: [y.address], raw: letter([`From: ${dung.address}`, ...Array.from({ length: 11 }, () => "X-Do-Mat: khong")]) })).toMatch(/^554 5\.6\.0 /)
  })

  test("in a protected subject that differs from the one outside: the signature is refused", async () => {
    const inner = `Content-Type: text/plain; charset=utf-8; hp="clear"\r\nFrom: ${dung.address}\r\nSubject: =?utf-8?B?W03huqxUXQ==?=\r\n\r\nnoi dung\r\n`
    expect(await send({ as: dung, to: [y.address], raw: letter([`From: ${dung.address}`, "Subject: Ke hoach"], await signedBy(dung, inner)) })).toMatch(/^550 5\.7\.7 /)
  })
})

describe("nobody is shown a seal that this server did not set", () => {
  test("a colleague cannot set it on a message, nor bring one that has it", async () => {
    expect(await send({ to: [y.address], raw: letter([`From: ${office.address}`, "Subject: gia mao"]) })).toMatch(/^250 /)
    await withInbox(y, async (client, count) => {
      await client.messageFlagsAdd(String(count), ["$SignatureValid"])
      await client.append("INBOX", letter([`From: ${office.address}`, "Subject: gia mao"]), ["$SignatureValid"])
      expect(await client.search({ keyword: "$SignatureValid" })).toEqual([])
    })
  })

  test.each<[string, string]>([
    ["with a dot behind our name", "Authentication-Results: mail.tinh.example.; smime=pass"],
    ["folded, in capitals, behind a comment", "AUTHENTICATION-RESULTS\t: (x)\r\n\t(y (z)) Mail.Tinh.Example 1;\r\n smime=pass"],
    ["in quotes", 'Authentication-Results: "mail.\\tinh.example"; smime=pass'],
    ["in an encoded-word", "Authentication-Results: =?utf-8?q?mail.tinh.example?=; smime=pass"],
  ])("a forged result %s is taken out", async (_what, field) => {
    expect(await send({ to: [y.address], raw: letter([field, "From: ai@ngoai.example", "Subject: ket qua"]) })).toMatch(/^250 /)
    expect((await newest(y)).header).not.toMatch(/smime=pass/i)
  })

  test("a signed message inside an unsigned one seals nothing", async () => {
    const inner = letter([`From: ${y.address}`, "Subject: that"], await signedBy(y))
    expect(await send({ to: [y.address], raw: letter([`From: ${office.address}`, "Subject: gia"], `Content-Type: message/rfc822\r\n\r\n${inner}`) })).toMatch(/^250 /)
    const { flags, header } = await newest(y)
    expect(flags).not.toContain("$SignatureValid")
    expect(header).not.toContain("smime=pass")
  })

  test.each<[string, () => Promise<string>]>([
    ["by somebody else's certificate", async () => letter([`From: ${office.address}`, "Subject: x"], await signedBy(y))],
    ["with two authors", async () => letter([`From: ${y.address}`, `From: ${office.address}`, "Subject: x"], await signedBy(y))],
    ["with an address for a name", async () => letter([`From: "${office.address}" <${y.address}>`, "Subject: x"], await signedBy(y))],
  ])("a message from outside, signed %s, is refused", async (_what, compose) => {
    expect(await send({ to: [dung.address], raw: await compose() })).toMatch(/^5\d\d 5\./)
  })
})

describe("a message from outside that readers understand differently bears no seal", () => {
  test.each<[string, () => Promise<string>]>([
    ["with another content type before the real one", async () => letter([`From: ${y.address}`, "Subject: x", "Content-Type: text/html"], await signedBy(y))],
    ["encoded as a whole", async () => letter([`From: ${y.address}`, "Subject: x", "Content-Transfer-Encoding: base64"], await signedBy(y))],
    ["with two subjects", async () => letter([`From: ${y.address}`, "Subject: x", "Subject: y"], await signedBy(y))],
  ])("%s", async (_what, compose) => {
    expect(await send({ to: [dung.address], raw: await compose() })).toMatch(/^250 /)
    const { flags, header } = await newest(dung)
    expect(flags).not.toContain("$SignatureValid")
    expect(header).not.toContain("smime=pass")
  })
})

describe("a message does not hold up the others", () => {
  test("with a subject of many replies, from anybody", async () => {
    expect(await send({ to: [y.address], raw: letter(["From: ai@ngoai.example", `Subject: ${"Re : ".repeat(700)}x =?utf-8?q?m=E1=BA=ADt?= y`]) })).toMatch(/^250 /)
    expect(await send({ as: dung, to: [y.address], raw: letter([`From: ${dung.address}`, "Subject: con song"]) })).toMatch(/^250 /)
  })
})
