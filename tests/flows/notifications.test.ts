import { createServer, type Server } from "node:https"
import { once } from "node:events"
import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import { newWebhookSecret, verifyWebhook } from "../../src/webhooks/webhook-signature.ts"
import { webhookSecretPlace } from "../../src/notifications/webhooks.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import type { CrashAccount } from "../crash/province.ts"
import { groupAddress } from "../crash/province.ts"
import { type ApiAnswer, type ApiQuestion, askApi } from "../support/api-client.ts"
import { installed } from "../support/clients-kit.ts"
import { eventually, type FaultsWorld, inboxSources, send, startFaultsWorld } from "../support/faults-world.ts"
import { killNow, pauseNow } from "../support/running-system.ts"
import { testTls } from "../support/test-tls.ts"

/** Systems that send notifications, on the whole server: API, SMTP, webhook, a worker that is killed, a flood. */
const many = 120
/** Notifications to all of them with messages of their own. */
const flood = 7

let world: FaultsWorld
let home: string
let hook: Server
const calls: { readonly headers: NodeJS.Dict<string | string[]>; readonly body: string; readonly status: number }[] = []
/** What the webhook answers next; 200 when empty. */
const answers: number[] = []
let token: string
let tokenId: number
let other: string
const secret = newWebhookSecret()

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "congthu-notifications-"))
  const { ca, cert, key } = await testTls("localhost")
  await writeFile(join(home, "ca.pem"), ca)
  hook = createServer({ cert, key }, (request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => (body += chunk.toString()))
    request.on("end", () => {
      const status = answers.shift() ?? 200
      calls.push({ headers: request.headers, body, status })
      response.writeHead(status).end()
    })
  }).listen(0, "127.0.0.1")
  await once(hook, "listening")
  const url = `https://localhost:${(hook.address() as AddressInfo).port}/`
  world = await startFaultsWorld({
    accounts: many,
    env: { CONGTHU_NOTIFICATIONS_WEBHOOKS: url, CONGTHU_NOTIFICATIONS_WEBHOOK_CA_FILE: join(home, "ca.pem"), CONGTHU_NOTIFICATIONS_READ_STATUS: account(0).address, CONGTHU_NOTIFICATIONS_RECIPIENTS_PER_HOUR: "2000", CONGTHU_API_REQUESTS_PER_MINUTE: "0" },
  })
  const tokens = createApiTokenStore(world.database)
  ;({ text: token, id: tokenId } = await newToken(0))
  ;({ text: other } = await newToken(1))
  const sealer = createSealer(await loadOrCreateKey(join(world.system.dataDir, "keys/content.key")))
  await tokens.setWebhook(tokenId, { url: `${url}trang-thai`, secret: sealer.seal(Buffer.from(secret), webhookSecretPlace) }, "QT1")
}, 90_000)
afterAll(async () => {
  await world?.close()
  hook?.close()
  hook?.closeAllConnections()
  await rm(home, { recursive: true, force: true })
}, 60_000)

/** Known before the world is there: their names are numbered. */
const account = (index: number): CrashAccount => world?.accounts[index] ?? { id: 0, address: `can.bo.${index + 1}@vacham.example`, password: "" }

async function newToken(index: number): Promise<{ readonly text: string; readonly id: number }> {
  const text = newApiToken()
  const id = await createApiTokenStore(world.database).add({ name: `hệ thống ${index}`, sha256: apiTokenHash(text), scopes: ["notifications:send"], createdBy: "QT1", expiresAt: null, sender: { accountId: account(index).id, principalId: `VC${index + 1}` } })
  return { text, id }
}

const ask = (method: string, path: string, { token: text = token, ...question }: Partial<ApiQuestion> = {}): Promise<ApiAnswer> => askApi(world.system.ports.https, method, path, { token: text, ...question })
const sent = async (body: object, question: Partial<ApiQuestion> = {}): Promise<number> => {
  const answer = await ask("POST", "/notifications", { ...question, body })
  if (answer.status !== 202) throw new Error(JSON.stringify(answer.body))
  return Number(answer.body["id"])
}
interface Shown {
  readonly address: string
  readonly state: string
  readonly reason?: string
}
const recipients = async (id: number): Promise<readonly Shown[]> => (await ask("GET", `/notifications/${id}/recipients?limit=1000`)).body["recipients"] as readonly Shown[]
const state = async (id: number): Promise<Readonly<Record<string, unknown>>> => (await ask("GET", `/notifications/${id}`)).body
const whenSettled = (id: number, patienceMs?: number) => eventually(() => state(id), (one) => one["state"] !== "sending" && one["state"] !== "scheduled" && (one["recipients"] as Record<string, number>)["accepted"] === 0, patienceMs)
const subjects = async (index: number): Promise<readonly string[]> => (await inboxSources(world.people, account(index))).map((source) => /^Subject: (.*)$/m.exec(source)?.[1]?.trim() ?? "")
const letter = (subject: string, ...to: readonly unknown[]) => ({ to, subject, text: "Kính gửi quý cơ quan." })

test("one message to many: a group, an address twice, an attachment kept once; urgent for all clients; each one's state is told", async () => {
  const content = Buffer.alloc(100_000, "công văn").toString("base64")
  const answer = await ask("POST", "/notifications", { body: { ...letter("hoa-toc", groupAddress, account(3).address), priority: "Hỏa tốc", replyTo: "mot-cua@vacham.example", attachments: [{ filename: "Công văn.pdf", contentType: "application/pdf", content }] } })
  expect(answer).toMatchObject({ status: 202, body: { recipientCount: many, duplicates: 1, priority: { name: "flash", vi: "Hỏa tốc" } } })
  const id = Number(answer.body["id"])
  expect(answer.headers["location"]).toBe(`/api/v1/notifications/${id}`)
  expect(await whenSettled(id)).toMatchObject({ state: "sent", from: account(0).address, recipients: { delivered: many, failed: 0 } })
  const [{ contents } = { contents: 0 }] = await world.database.query<{ contents: number }>({ text: "SELECT count(DISTINCT e.content) AS contents FROM notification_recipient r JOIN envelope e ON e.id = r.envelope_id WHERE r.notification_id = $1" }, [id])
  expect(contents).toBe(1)
  const [whole = ""] = await inboxSources(world.people, account(7))
  const source = whole.slice(0, whole.indexOf("\r\n\r\n"))
  for (const line of [/^X-Priority: 1 \(Highest\)$/m, /^Importance: high$/m, /^Auto-Submitted: auto-generated$/m, /^To: "?undisclosed-recipients"?:;$/m, /^Reply-To: mot-cua@vacham\.example$/m]) expect(source.replaceAll("\r", "")).toMatch(line)
  expect(source).not.toContain(account(3).address)
})

test("whether it was read is told to those only who may know", async () => {
  const id = await sent(letter("doc-chua", account(4).address))
  await whenSettled(id)
  const reader = await world.people.reader(account(4))
  await reader.command("SELECT INBOX")
  await reader.command("STORE 1:* +FLAGS (\\Seen)")
  reader.destroy()
  expect(await recipients(id)).toMatchObject([{ address: account(4).address, state: "read" }])
  const theirs = await sent(letter("doc-chua-2", account(4).address), { token: other })
  const again = await world.people.reader(account(4))
  await eventually(async () => (await again.command("SELECT INBOX")).join("\n"), (text) => /\* 3 EXISTS/.test(text))
  await again.command("STORE 1:* +FLAGS (\\Seen)")
  again.destroy()
  expect((await eventually(() => ask("GET", `/notifications/${theirs}/recipients`, { token: other }), ({ body }) => (body["recipients"] as Shown[])[0]?.state !== "accepted")).body).toMatchObject({ recipients: [{ state: "delivered" }] })
  // nor does one system learn of another's
  expect((await ask("GET", `/notifications/${theirs}`)).status).toBe(404)
  expect((await ask("DELETE", `/notifications/${theirs}`)).status).toBe(404)
})

test("one idempotency key makes one notification, however many ask at once; for something else it is refused", async () => {
  const headers = { "idempotency-key": "ho-so-0012" }
  const all = await Promise.all(Array.from({ length: 20 }, () => ask("POST", "/notifications", { headers, body: letter("mot-lan", account(5).address) })))
  expect(new Set(all.map(({ status, body }) => `${status} ${String(body["id"])}`)).size).toBe(1)
  expect(all.filter(({ body }) => body["repeated"] === false)).toHaveLength(1)
  const elsewhere = await ask("POST", "/notifications", { headers, body: letter("mot-lan", account(6).address) })
  expect(elsewhere).toMatchObject({ status: 422, body: { type: "urn:congthu:problem:keyUsed" } })
  // another system's keys are its own
  expect((await ask("POST", "/notifications", { headers, token: other, body: letter("hai-lan", account(6).address) })).status).toBe(202)
  await whenSettled(Number(all[0]?.body["id"]))
  expect((await subjects(5)).filter((subject) => subject === "mot-lan")).toHaveLength(1)
})

test("everything that is wrong is told at once, with its place", async () => {
  const answer = await ask("POST", "/notifications", { body: { to: [account(2).address, "khong-co@vacham.example", "khong phai", { address: account(3).address, data: { amount: "nhiều" } }, 7], template: "fee-due", data: { office: "x\r\nBcc: a@b.example", dossierNumber: "1", procedure: "p", citizenName: "c" } } })
  expect(answer.status).toBe(400)
  expect((answer.body["errors"] as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(["to.1", "to.2", "to.4"])
  const data = await ask("POST", "/notifications", { body: { to: [{ address: account(3).address, data: { amount: "nhiều", paymentUrl: "https://lua-dao.example/" } }], template: "fee-due", data: { office: "x\r\nBcc: a@b.example", dossierNumber: "1", procedure: "p", citizenName: "c" } } })
  expect(data.body["errors"]).toEqual([
    { pointer: "to.0.data.office", detail: "has a line end or another control character in it" },
    { pointer: "to.0.data.amount", detail: "is no number" },
    { pointer: "to.0.data.deadline", detail: "is missing" },
    { pointer: "to.0.data.paymentUrl", detail: "leads to lua-dao.example, which is not among the template's hosts" },
  ])
  expect((await ask("POST", "/notifications", { body: { ...letter("x", account(2).address), subject: "a\r\nBcc: x@y.example" } })).body["errors"]).toMatchObject([{ pointer: "subject" }])
  expect((await ask("POST", "/notifications", { body: { ...letter("x", account(2).address), attachments: [{ filename: "../../x", contentType: "message/rfc822", content: "%" }] } })).body["errors"]).toMatchObject([{ pointer: "attachments.0.filename" }, { pointer: "attachments.0.contentType" }, { pointer: "attachments.0.content" }])
})

test("a worker that is killed in the middle goes on, and everybody has it exactly once", async () => {
  const times = 3
  const to = Array.from({ length: times * many }, (_, n) => ({ address: account(n % many).address, data: { citizenName: `Người ${n}`, dossierNumber: `HS-${n}`, amount: 1_000 * n, deadline: "2027-01-05", paymentUrl: `https://thanhtoan.tinh.example/${n}` } }))
  const id = await sent({ to, template: "fee-due", data: { office: "Một cửa", procedure: "Cấp phép" } })
  const handed = async (): Promise<number> => (await world.database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM notification_recipient WHERE notification_id = $1 AND state <> 'waiting'" }, [id]))[0]?.n ?? 0
  await eventually(handed, (n) => n > 0)
  killNow(world.system.processes().get("worker"))
  // it was in the middle, or this has shown nothing
  expect(await handed()).toBeLessThan(to.length)
  expect(await whenSettled(id, 60_000)).toMatchObject({ state: "sent", recipients: { delivered: to.length } })
  const [row] = await world.database.query<{ messages: number; boxes: number; different: number }>({
    text: "SELECT count(*) AS messages, count(DISTINCT m.mailbox_id) AS boxes, count(DISTINCT e.message_id) AS different FROM message m JOIN envelope e ON e.id = m.envelope_id WHERE e.message_id LIKE $1",
  }, [`notification.${id}.%`])
  expect(row).toEqual({ messages: to.length, boxes: many, different: to.length })
  const source = (await inboxSources(world.people, account(9))).at(-1) ?? ""
  expect(source).toContain(`To: ${account(9).address}`)
  expect(Buffer.from(/base64\r\n\r\n([A-Za-z0-9+/=\r\n]+)/.exec(source.slice(source.indexOf("text/plain")))?.[1] ?? "", "base64").toString()).toMatch(/Người \d*9/)
})

test("what is scheduled can be cancelled, and what has expired says so", async () => {
  const later = await sent({ ...letter("de-sau", account(2).address), sendAt: new Date(Date.now() + 3_600_000).toISOString() })
  expect(await state(later)).toMatchObject({ state: "scheduled" })
  expect(await ask("DELETE", `/notifications/${later}`)).toMatchObject({ status: 200, body: { cancelled: 1 } })
  expect((await ask("DELETE", `/notifications/${later}`)).status).toBe(409)
  expect(await recipients(later)).toMatchObject([{ state: "cancelled" }])
  expect((await ask("POST", "/notifications", { body: { ...letter("x", account(2).address), expiresAt: "2020-01-01T00:00:00Z" } })).body["errors"]).toEqual([{ pointer: "expiresAt", detail: "has passed" }])
})

test("changes are told as server-sent events, and again from where a client was", async () => {
  const id = await sent(letter("su-kien", account(2).address, account(3).address))
  const { body, headers } = await ask("GET", `/notifications/${id}/events`)
  expect(headers["content-type"]).toMatch(/^text\/event-stream/)
  const events = String(body["text"]).split("\n\n").filter((one) => one.startsWith("id: ") || one.startsWith("event: "))
  expect(events).toHaveLength(3)
  expect(events[0]).toMatch(/^id: 1\nevent: status\ndata: \{.*"state":"delivered"/)
  expect(events[2]).toMatch(/^event: end\ndata: \{/)
  expect(String((await ask("GET", `/notifications/${id}/events`, { headers: { "last-event-id": "1" } })).body["text"])).not.toMatch(/^id: 1$/m)
})

test.skipIf(!(await installed("curl", "curl")))("the document's example with curl sends, follows to the end, and tells the state; sent again it is the same notification", async () => {
  const { text: mine } = await newToken(20)
  const example = /^```sh\n(.*?)^```$/ms.exec(await readFile(new URL("../../docs/notifications.md", import.meta.url), "utf8"))?.[1] ?? ""
  const recipient = account(21).address
  const shell = async (): Promise<readonly string[]> => {
    const env = { PATH: process.env["PATH"], CURL_CA_BUNDLE: join(world.system.dataDir, "pki/ca.pem"), CONGTHU_URL: `https://localhost:${world.system.ports.https}`, CONGTHU_TOKEN: mine }
    return (await promisify(execFile)("sh", ["-eu", "-c", example.replace("cong.dan@thu.example", recipient)], { env })).stdout.split("\n")
  }
  const lines = await shell()
  const json = (line: string | undefined): unknown => JSON.parse(line ?? "")
  const accepted = json(lines[0]) as { id: number }
  expect(accepted).toMatchObject({ repeated: false, recipientCount: 1, priority: { name: "urgent" }, status: `/api/v1/notifications/${accepted.id}` })
  expect(lines).toContain("event: status")
  expect(lines).toContain("event: end")
  expect(json(lines.at(-2))).toMatchObject({ id: accepted.id, state: "sent", recipients: { delivered: 1, failed: 0 } })
  expect(json(lines.at(-1))).toMatchObject({ recipients: [{ address: recipient, state: "delivered" }] })
  expect(json((await shell())[0])).toMatchObject({ id: accepted.id, repeated: true })
  expect(await subjects(21)).toContainEqual(expect.stringContaining("=?UTF-8?"))
})

test("the webhook is told, signed, and again when it fails", async () => {
  calls.length = 0
  answers.push(500)
  const id = await sent(letter("bao-lai", account(2).address), { headers: { "idempotency-key": "bao-lai-1" } })
  const mine = () => calls.filter(({ body }) => (JSON.parse(body) as { notification: number }).notification === id)
  await eventually(async () => mine(), (some) => some.some(({ status }) => status === 200))
  const [, last] = [mine()[0], mine().at(-1)]
  expect(mine().length).toBeGreaterThanOrEqual(1)
  expect(calls.some(({ status }) => status === 500)).toBe(true)
  const signature = String(last?.headers["congthu-signature"])
  expect(verifyWebhook(secret, last?.body ?? "", signature, { now: Date.now() })).toBe(true)
  expect(verifyWebhook(secret, `${last?.body} `, signature, { now: Date.now() })).toBe(false)
  expect(verifyWebhook(secret, last?.body ?? "", signature, { now: Date.now() + 600_000 })).toBe(false)
  expect(JSON.parse(last?.body ?? "")).toMatchObject({ type: "notification.status", idempotencyKey: "bao-lai-1", recipients: [{ address: account(2).address, state: "delivered" }] })
})

test("the same by SMTP: the header says what is wanted and does not leave; others are told that it is not for them", async () => {
  const mail = (from: string, subject: string, fields: string) => ({ subject, sha256: "", text: `From: <${from}>\r\nTo: <x@vacham.example>\r\nSubject: ${subject}\r\n${fields}\r\nKinh gui\r\n` })
  const system = await world.people.submitter(account(0))
  const reply = await send(system, { from: account(0).address, to: groupAddress }, mail(account(0).address, "qua-smtp", "X-CongThu-Priority: khan\r\nX-CongThu-Idempotency-Key: smtp-1\r\n"))
  expect(reply).toMatch(/^250 2\.0\.0 Accepted as notification \d+/)
  const id = Number(/(\d+)\r?\n?$/.exec(reply)?.[1])
  expect(await whenSettled(id)).toMatchObject({ source: "smtp", priority: { name: "urgent" }, idempotencyKey: "smtp-1", recipients: { delivered: many } })
  const got = (await inboxSources(world.people, account(8))).find((source) => source.includes("Subject: qua-smtp")) ?? ""
  expect(got).not.toMatch(/x-congthu/i)
  // the library tries again
  expect(await send(system, { from: account(0).address, to: groupAddress }, mail(account(0).address, "qua-smtp", "X-CongThu-Priority: khan\r\nX-CongThu-Idempotency-Key: smtp-1\r\n"))).toBe(reply)
  expect(await send(system, { from: account(0).address, to: account(2).address }, mail(account(0).address, "qua-smtp", "X-CongThu-Priority: soon\r\n"))).toMatch(/^554 5\.6\.0 x-congthu-priority is none of/)
  const person = await world.people.submitter(account(2))
  expect(await send(person, { from: account(2).address, to: account(3).address }, mail(account(2).address, "khong-duoc", "X-CongThu-Priority: flash\r\n"))).toMatch(/^550 5\.7\.1 .*registered systems/)
  // without such a field it is a letter like any other
  expect(await send(system, { from: account(0).address, to: account(2).address }, mail(account(0).address, "thu-thuong", ""))).toMatch(/^250 2\.0\.0 Accepted as \d+/)
})

test("a system that floods slows itself: a person's letter and another system's urgent word are there first", async () => {
  const person = await world.people.submitter(account(10))
  const alert = (n: number) => ({
    template: "system-alert", data: { system: `lu-${n}`, level: "Thử", since: "2026-11-26T08:15:00+07:00" }, to: Array.from({ length: many }, (_, at) => ({ address: account(at).address, data: { message: `Lần ${n} của ${at}` } })),
  })
  // more than one turn holds, piled up before the others come: whoever is quick cannot make this pass or fail
  const release = pauseNow(world.system.processes().get("worker"))
  const ids: number[] = []
  let urgent: number
  try {
    ids.push(...(await Promise.all(Array.from({ length: flood }, (_, n) => sent(alert(n))))))
    urgent = await sent({ ...letter("khan-cap", account(11).address), priority: "flash" }, { token: other })
    expect(await send(person, { from: account(10).address, to: account(11).address }, { subject: "thu-nguoi", sha256: "", text: `From: <${account(10).address}>\r\nSubject: thu-nguoi\r\n\r\nx\r\n` })).toMatch(/^250 /)
  } finally {
    release()
  }
  for (const id of ids) await whenSettled(id, 60_000)
  // uids follow the order of delivery: both stand before the last of the flood
  const all = await subjects(11)
  const last = all.findLastIndex((subject) => Buffer.from(/=\?UTF-8\?[BQ]\?(.*?)\?=/.exec(subject)?.[1] ?? "", "base64").toString().includes("lu-"))
  expect(last).toBeGreaterThan(flood)
  expect(all.indexOf("thu-nguoi")).toBeGreaterThan(-1)
  expect(all.indexOf("thu-nguoi")).toBeLessThan(last)
  expect(all.indexOf("khan-cap")).toBeGreaterThan(-1)
  expect(all.indexOf("khan-cap")).toBeLessThan(last)
  expect((await ask("GET", `/notifications/${urgent}`, { token: other })).body).toMatchObject({ state: "sent" })
  const limited = await ask("POST", "/notifications", { body: { ...alert(11), to: [11, 12, 13, 14, 15, 16, 17].flatMap((n) => alert(n).to) } })
  expect(limited.status).toBe(429)
  expect(Number(limited.headers["retry-after"])).toBeGreaterThan(0)
})
