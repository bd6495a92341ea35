import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFile } from "node:fs/promises"
import { request } from "node:https"
import { join } from "node:path"
import { ImapFlow } from "imapflow"
import { type ParsedMail, simpleParser } from "mailparser"
import { createTransport } from "nodemailer"
import { afterAll, beforeAll, expect, test } from "vitest"
import { program } from "../support/programs.ts"
import { until } from "../support/running-system.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/**
 * What policy does not simply take or refuse, through the whole system: mail of an agency that always signs and this time does not, set aside until somebody
 * decides; and a sender who is told that unsigned mail will be refused one day.
 */
interface Person {
  readonly address: string
  readonly password: string
}

let system: TestSystem
let dung: Person
let y: Person

beforeAll(async () => {
  system = await startTestSystem({ dataDir: await newSeededFolder(), env: { CONGTHU_DELIVERY_SWEEP: "300ms", CONGTHU_SMTP_MESSAGES_PER_HOUR: "100000" } })
  const [first, second] = JSON.parse(await readFile(join(system.dataDir, "demo-logins.json"), "utf8")) as readonly Person[]
  if (!first || !second) throw new Error("there are no demo logins")
  ;[dung, y] = [first, second]
}, 120_000)
afterAll(async () => {
  await system.stop()
  await system.remove()
}, 60_000)

async function congthu(...args: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  const child = spawn(process.execPath, [program("congthu"), ...args, "--data-dir", system.dataDir], { stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, "exit")) as [number | null]
  return { code, said }
}

interface Read extends ParsedMail {
  readonly flags: readonly string[]
  /** As it was read. */
  readonly bytes: string
}

/** All that is in the reader's inbox, oldest first. */
async function inbox({ address, password }: Person): Promise<readonly Read[]> {
  const client = new ImapFlow({ host: "127.0.0.1", port: system.ports.imaps, secure: true, tls: { rejectUnauthorized: false }, auth: { user: address, pass: password }, logger: false })
  await client.connect()
  try {
    const { exists } = await client.mailboxOpen("INBOX")
    const all: Read[] = []
    if (exists > 0) for await (const { source, flags } of client.fetch("1:*", { source: true, flags: true })) all.push({ ...(await simpleParser(source ?? Buffer.alloc(0))), flags: [...(flags ?? [])], bytes: source?.toString() ?? "" })
    return all
  } finally {
    await client.logout()
  }
}

const bySubject = async (reader: Person, start: string): Promise<readonly Read[]> => (await inbox(reader)).filter(({ subject }) => subject?.startsWith(start))

/** The envelope's number. */
function numberIn(response: string): string {
  const [, number] = /^250 2\.0\.0 Accepted as (\d+)/.exec(response) ?? []
  if (number === undefined) throw new Error(response)
  return number
}

let counter = 0
/** As another server brings it: unsigned, under the name of an agency that has declared to sign. */
async function fromMinistry(reversePath: string): Promise<{ readonly number: string; readonly subject: string }> {
  const subject = `Hỏa tốc số ${++counter}`
  const transport = createTransport({ host: "127.0.0.1", port: system.ports.smtp, tls: { rejectUnauthorized: false } })
  try {
    const { response } = await transport.sendMail({ envelope: { from: reversePath, to: [y.address, dung.address] }, from: "vanphong@bo.example", to: y.address, subject, text: "Đề nghị chuyển tiền." })
    return { number: numberIn(response), subject }
  } finally {
    transport.close()
  }
}

async function submit(subject: string, to: string): Promise<string> {
  const transport = createTransport({ host: "127.0.0.1", port: system.ports.submissions, secure: true, tls: { rejectUnauthorized: false }, auth: { user: dung.address, pass: dung.password } })
  try {
    return numberIn((await transport.sendMail({ from: dung.address, to, subject, text: "Kính gửi các đồng chí." })).response)
  } finally {
    transport.close()
  }
}

const noticesOf = async (reader: Person, number: string): Promise<readonly Read[]> => (await bySubject(reader, "Thư bị giữ lại")).filter(({ text }) => text?.includes(`Số thư: ${number}\n`))

test("unsigned mail of an agency that signs is set aside, its recipients are told once in both languages, and released it arrives", async () => {
  const { number, subject } = await fromMinistry("vanphong@bo.example")
  expect((await congthu("held", "list")).said).toMatch(new RegExp(`^${number} +quarantine .* vanphong@bo\\.example +${y.address}, ${dung.address} +inbound-unsigned `, "m"))
  await until(async () => (await noticesOf(y, number)).length > 0 && (await noticesOf(dung, number)).length > 0, 30_000)
  const [notice] = await noticesOf(y, number)
  expect(notice?.subject).toBe("Thư bị giữ lại để kiểm tra / A message was quarantined")
  expect(notice?.headers.get("auto-submitted")).toBe("auto-generated")
  expect(notice?.text).toContain("Lý do: Thư mang tên một cơ quan luôn ký số nhưng không có chữ ký hợp lệ\n")
  expect(notice?.text).toContain("Reason: The message claims to come from an agency that signs all its mail but has no valid signature\n")
  // who else was written to may be a secret of the sender (Bcc)
  expect(notice?.bytes).not.toContain(dung.address)
  // what made it doubtful is not repeated
  expect(notice?.text).not.toContain(subject)
  expect(await bySubject(y, subject)).toEqual([])

  expect(await congthu("held", "release", number, "--note", "đã gọi điện hỏi lại", "--by", "Văn thư")).toMatchObject({ code: 0 })
  await until(async () => (await bySubject(y, subject)).length > 0 && (await bySubject(dung, subject)).length > 0, 30_000)
  expect(await congthu("held", "release", number)).toEqual({ code: 1, said: `message ${number} has been decided already; \`congthu held show ${number}\` says how\n` })
  expect((await congthu("held", "show", number)).said).toMatch(/decision +released .* by Văn thư: đã gọi điện hỏi lại/)
  // many sweeps later: once each
  for (const reader of [y, dung]) {
    expect(await noticesOf(reader, number)).toHaveLength(1)
    expect(await bySubject(reader, subject)).toHaveLength(1)
  }
})

/** The link in a notice, asked for as a browser does that has the development CA installed. */
async function press(method: "GET" | "POST", url: string): Promise<{ readonly status: number; readonly location: string | undefined; readonly body: string }> {
  const ca = await readFile(join(system.dataDir, "pki", "ca.pem"))
  // the notice names the configured port, which is 0 here
  const { pathname } = new URL(url)
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port: system.ports.https, path: pathname, method, ca }, (response) => {
      let body = ""
      response.on("data", (chunk: Buffer) => (body += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location, body }))
    })
      .on("error", reject)
      .end()
  })
}

test("a recipient lets the own copy go by the link in the notice, and nobody else's", async () => {
  const { number, subject } = await fromMinistry("vanphong@bo.example")
  await until(async () => (await noticesOf(y, number)).length > 0 && (await noticesOf(dung, number)).length > 0, 30_000)
  const [notice] = await noticesOf(y, number)
  const link = /^ +(https:\/\/\S+\/quarantine\/[\w-]+)$/m.exec(notice?.text ?? "")?.[1] ?? ""
  expect((await noticesOf(dung, number))[0]?.text).not.toContain(link)
  const page = await press("GET", link)
  expect(page.status).toBe(200)
  for (const text of [y.address, subject, "vanphong@bo.example"]) expect(page.body).toContain(text)
  expect(page.body).not.toContain(dung.address)
  expect(await bySubject(y, subject)).toEqual([])
  expect(await press("POST", link)).toMatchObject({ status: 303 })
  await until(async () => (await bySubject(y, subject)).length > 0, 30_000)
  expect((await press("GET", link)).body).toContain("không còn bị giữ")
  expect((await congthu("trace", number)).said).toMatch(new RegExp(`released .* by ${y.address}: released by its recipient`))
  // the other recipient's waits for him or for an administrator
  expect(await bySubject(dung, subject)).toEqual([])
  expect((await congthu("held", "release", number, "--recipient", "khong@tinh.example")).code).toBe(1)
  expect(await congthu("held", "release", number, "--recipient", dung.address)).toMatchObject({ code: 0 })
  await until(async () => (await bySubject(dung, subject)).length > 0, 30_000)
  expect((await congthu("held", "show", number)).said).toMatch(/decision +released /)
  expect(await bySubject(y, subject)).toHaveLength(1)
})

test("refused it never arrives, and its sender is told why", async () => {
  // the reverse-path is a mailbox here, so that the report can be read
  const { number, subject } = await fromMinistry(dung.address)
  expect(await congthu("held", "refuse", number)).toMatchObject({ code: 2, said: expect.stringContaining("--note") as unknown })
  expect(await congthu("held", "refuse", number, "--note", "Bộ xác nhận không gửi thư này")).toMatchObject({ code: 0 })
  const reports = async (): Promise<readonly Read[]> => (await inbox(dung)).filter(({ headers }) => JSON.stringify(headers.get("content-type") ?? "").includes("delivery-status"))
  await until(async () => (await reports()).length > 0, 30_000)
  const [report] = await reports()
  expect(report?.text).toContain("Bộ xác nhận không gửi thư này")
  expect(report?.bytes).toMatch(/^Status: 5\.7\.1\r$/m)
  expect(await bySubject(y, subject)).toEqual([])
  expect((await congthu("held", "list")).said).not.toMatch(new RegExp(`^${number} `, "m"))
})

test("a person whose mail to another agency is not signed hears of it, once that day, and the reader's client is told", async () => {
  await submit("Báo cáo tuần 47", "ubnd@tinh.example")
  await submit("Báo cáo tuần 48", "ubnd@tinh.example")
  await submit("Nội bộ", y.address)
  await until(async () => (await bySubject(dung, "Nhắc về thư")).length > 0, 30_000)
  const { text = "" } = (await bySubject(dung, "Nhắc về thư"))[0] ?? {}
  expect(text).toContain("Tiêu đề: Báo cáo tuần 47\n    Tới: ubnd@tinh.example\n")
  expect(text).toContain("Từ ngày 01/01/2028, thư như vậy sẽ bị từ chối.\n")
  expect(text).toContain("From 2028-01-01 on such messages will be refused.\n")
  // to oneself, so that the keyword can be seen here: it goes to another agency too
  await submit("Báo cáo tuần 49", `ubnd@tinh.example, ${y.address}`)
  await until(async () => (await bySubject(y, "Báo cáo tuần 49")).length > 0, 30_000)
  expect((await bySubject(y, "Báo cáo tuần 49"))[0]?.flags).toContain("$SignatureMissing")
  expect((await bySubject(y, "Nội bộ"))[0]?.flags).not.toContain("$SignatureMissing")
  expect(await bySubject(dung, "Nhắc về thư")).toHaveLength(1)
})
