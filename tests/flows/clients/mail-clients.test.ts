import { createHash, randomBytes } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ImapFlow } from "imapflow"
import nodemailer from "nodemailer"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { changeNoticeSubject } from "../../../src/notifications/change-notice-text.ts"
import { type ClientLogin, type ClientsWorld, createClientsWorld, installed, message, runClient } from "../../support/clients-kit.ts"

/** Programs that send, and several people at one mailbox, against the whole system. */
let world: ClientsWorld
let home: string
const opened: ImapFlow[] = []
beforeAll(async () => {
  world = await createClientsWorld()
}, 120_000)
afterAll(() => world.close(), 60_000)
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "congthu-client-"))
})
afterEach(async () => {
  for (const client of opened.splice(0)) client.close()
  await rm(home, { recursive: true, force: true })
})

async function signIn(login: ClientLogin): Promise<ImapFlow> {
  const client = await world.imap(login)
  opened.push(client)
  return client
}

interface Watched {
  readonly client: ImapFlow
  /** Resolves with what came, as soon as IDLE tells of it; word of the system itself, such as of the first start's passwords, may come before or after. */
  readonly arrival: Promise<{ readonly source: Buffer; readonly subject: string }>
}

/** Opens a mailbox and idles there. */
async function watch(login: ClientLogin, path = "INBOX"): Promise<Watched> {
  const client = await signIn(login)
  const { exists } = await client.mailboxOpen(path)
  const nextTold = (): Promise<void> => new Promise((resolve) => client.once("exists", () => resolve()))
  let told = nextTold()
  const arrive = async () => {
    for (;;) {
      const idling = client.idle()
      await told
      told = nextTold()
      const found = await client.fetchAll(`${exists + 1}:*`, { source: true, envelope: true })
      await idling
      const letter = found.find(({ envelope }) => envelope?.subject !== changeNoticeSubject)
      if (letter?.source) return { source: letter.source, subject: letter.envelope?.subject ?? "" }
    }
  }
  return { client, arrival: arrive() }
}

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex")
/** What the sender wrote: the trace header that each server adds in front is not part of it. */
const afterTrace = (source: Buffer, firstField: string): string => source.toString("latin1").slice(source.indexOf(`\r\n${firstField}`) + 2)

const sendWith = ({ address, password }: ClientLogin, ca: string) =>
  nodemailer.createTransport({ host: "localhost", port: world.ports.submission, requireTLS: true, tls: { ca }, auth: { user: address, pass: password } })

// Debian only recommends what it needs for TLS
const swaksHasTls = (await installed("swaks", "swaks")) && (await installed("perl", "libnet-ssleay-perl", ["-MNet::SSLeay", "-e", "1"]))
describe.skipIf(!swaksHasTls)("swaks", () => {
  const swaks = (login: ClientLogin, to: string, ...more: readonly string[]): Promise<string> =>
    runClient("swaks", ["--server", "localhost", "--port", String(world.ports.submission), "--tls", "--tls-verify", "--tls-ca-path", world.caFile, "--auth-user", login.address, "--auth-password", login.password, "--from", login.address, "--to", to, "--timeout", "15", ...more], { home })

  test.each(["PLAIN", "LOGIN"])("submits over STARTTLS with AUTH %s, and a colleague who idles sees it", async (method) => {
    const { sender, colleague } = world.demo
    const { arrival } = await watch(colleague)
    const transcript = await swaks(sender, colleague.address, "--auth", method, "--header", `Subject: swaks ${method}`)
    expect(transcript).toMatch(/<~ {2}235 2\.7\.0 /)
    expect(transcript).toMatch(/<~ {2}250 2\.0\.0 /)
    expect(await arrival).toMatchObject({ subject: `swaks ${method}` })
  })

  test("is offered no AUTH before TLS", async () => {
    const { sender, colleague } = world.demo
    const clear = runClient("swaks", ["--server", "localhost", "--port", String(world.ports.submission), "--auth", "PLAIN", "--auth-user", sender.address, "--auth-password", sender.password, "--from", sender.address, "--to", colleague.address, "--timeout", "15"], { home })
    await expect(clear).rejects.toThrow(/Host did not advertise authentication/)
  })

  test("may not send as somebody else, nor to an unknown colleague", async () => {
    const { sender, colleague } = world.demo
    await expect(swaks(sender, colleague.address, "--auth", "PLAIN", "--from", colleague.address)).rejects.toThrow(/<~\* 550 5\.7\.1 /)
    await expect(swaks(sender, `khong.co@${sender.address.split("@")[1]}`, "--auth", "PLAIN")).rejects.toThrow(/<~\* 550 5\.1\.1 /)
  })

  test("as a stranger at the MX port is not relayed", async () => {
    const stranger = runClient("swaks", ["--server", "localhost", "--port", String(world.ports.smtp), "--from", "a@ngoai.example", "--to", "b@ngoai.example", "--timeout", "15"], { home })
    await expect(stranger).rejects.toThrow(/<\*\* 550 5\.7\.1 /)
  })
})

describe.skipIf(!(await installed("curl", "curl")))("curl", () => {
  test("submits an 8-bit message over STARTTLS, and it is read byte for byte", async () => {
    const { sender, colleague } = world.demo
    const letter = message("Giấy mời họp giao ban").replace("From: An <an@ngoai.example>", `From: ${sender.address}`)
    await writeFile(join(home, "letter"), letter)
    const { arrival } = await watch(colleague)
    await runClient("curl", ["-sS", "--max-time", "15", "--ssl-reqd", "--cacert", world.caFile, "-u", `${sender.address}:${sender.password}`, "--mail-from", sender.address, "--mail-rcpt", colleague.address, "-T", join(home, "letter"), `smtp://localhost:${world.ports.submission}`], { home })
    const { source } = await arrival
    expect(sha256(Buffer.from(afterTrace(source, "From: "), "latin1"))).toBe(sha256(letter))
  })

  test("the office sends as itself with a person's app password, and as nobody else", async () => {
    const { sender, colleague, office } = world.demo
    await writeFile(join(home, "letter"), message("Công văn").replace("From: An <an@ngoai.example>", `From: ${office.address}`))
    const submit = (from: string): Promise<string> =>
      runClient("curl", ["-sS", "--max-time", "15", "--cacert", world.caFile, "-u", `${office.address}:${office.password}`, "--mail-from", from, "--mail-rcpt", colleague.address, "-T", join(home, "letter"), `smtps://localhost:${world.ports.submissions}`], { home })
    const { arrival } = await watch(colleague)
    await submit(office.address)
    expect(await arrival).toMatchObject({ subject: "Công văn" })
    await expect(submit(sender.address)).rejects.toThrow(/MAIL failed: 550/)
  })
})

test("3 MB with a Vietnamese file name reach a colleague and the office while both idle, the same bytes in both", async () => {
  const { sender, colleague, office } = world.demo
  const ca = await readFile(world.caFile, "utf8")
  const attachment = randomBytes(3 << 20)
  const [first, second, shared] = [await watch(colleague), await watch(office), await watch(colleague, `Shared/${office.address}/INBOX`)]
  await sendWith(sender, ca).sendMail({ from: sender.address, to: [colleague.address, office.address], subject: "Báo cáo quý III", text: "Kính gửi.", attachments: [{ filename: "Báo cáo quý III – Sở Nội vụ.pdf", content: attachment }] })
  const [one, other, third] = await Promise.all([first.arrival, second.arrival, shared.arrival])
  expect(sha256(one.source)).toBe(sha256(other.source))
  expect(sha256(third.source)).toBe(sha256(other.source))
  const structure = await first.client.fetchOne("*", { bodyStructure: true })
  expect(structure && structure.bodyStructure?.childNodes?.[1]?.dispositionParameters).toEqual({ filename: "Báo cáo quý III – Sở Nội vụ.pdf" })
  const { content } = await first.client.download("*", "2")
  if (!content) throw new Error("the attachment cannot be downloaded")
  const decoded: Buffer[] = []
  for await (const chunk of content) decoded.push(chunk as Buffer)
  expect(sha256(Buffer.concat(decoded))).toBe(sha256(attachment))
})

test("nodemailer asks for a success DSN and gets one; an address beyond ASCII goes with SMTPUTF8 and is told unknown", async () => {
  const { sender, colleague } = world.demo
  const transport = sendWith(sender, await readFile(world.caFile, "utf8"))
  const { arrival } = await watch(sender)
  await transport.sendMail({ from: sender.address, to: colleague.address, subject: "Có báo nhận", text: "Kính gửi.", dsn: { id: "phieu-12", return: "headers", notify: ["success", "failure"], recipient: sender.address } })
  const { source } = await arrival
  const report = source.toString()
  expect(report).toMatch(/^Content-Type: multipart\/report;[^]*report-type="?delivery-status/im)
  expect(report).toMatch(/^Original-Envelope-Id: phieu-12\r$/m)
  expect(report).toMatch(/^Action: delivered\r$/m)
  const unknown = transport.sendMail({ from: sender.address, to: `thưký@${sender.address.split("@")[1]}`, subject: "x", text: "x" })
  await expect(unknown).rejects.toMatchObject({ responseCode: 550, response: expect.stringContaining("5.1.1") })
})

test("a shared office mailbox: what one person does is seen by the other who idles, flags and removal alike", async () => {
  const { colleague, office } = world.demo
  const path = `Shared/${office.address}/INBOX`
  const mine = await signIn(colleague)
  const listed = (await mine.list()).map((mailbox) => mailbox.path)
  expect(listed).toContain(path)
  const theirs = await signIn(office)
  expect((await theirs.list()).map((mailbox) => mailbox.path).filter((name) => name.startsWith("Shared"))).toEqual([])
  const { uid } = (await theirs.append("INBOX", message("Việc chung"))) || {}
  if (uid === undefined) throw new Error("nothing was appended")
  await mine.mailboxOpen(path)
  await theirs.mailboxOpen("INBOX")

  const flagged = new Promise<string[]>((resolve) => mine.once("flags", ({ flags }: { flags: Set<string> }) => resolve([...flags])))
  const first = mine.idle()
  await theirs.messageFlagsAdd(String(uid), ["\\Answered", "DaXuLy"], { uid: true })
  expect(await flagged).toEqual(expect.arrayContaining(["\\Answered", "DaXuLy"]))

  const removed = new Promise<number>((resolve) => theirs.once("expunge", ({ seq }: { seq: number }) => resolve(seq)))
  const seq = theirs.mailbox ? theirs.mailbox.exists : 0
  const second = theirs.idle()
  await mine.messageDelete(String(uid), { uid: true })
  expect(await removed).toBe(seq)
  await Promise.all([mine.noop(), theirs.noop(), first, second])
})
