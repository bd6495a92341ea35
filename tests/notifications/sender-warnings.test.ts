import { simpleParser } from "mailparser"
import { afterEach, beforeEach, expect, test } from "vitest"
import { provinceDate } from "../../src/accounts/province-date.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { createNoticeSender } from "../../src/notifications/notice.ts"
import { createSenderWarnings, type SenderWarnings } from "../../src/notifications/sender-warnings.ts"
import type { NewWarning } from "../../src/store/sender-warning-store.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createSenderWarningStore } from "../../src/store/sql/sender-warnings.ts"
import { createProvince } from "../support/province.ts"
import { acceptance, createTestStore, readAll, testLog, type TestStore, unwrap } from "../support/store.ts"

const hostname = "mail.tinh.example"
const now = Date.now()
const today = provinceDate(now)
let store: TestStore
const sources: SqlDirectorySource[] = []
beforeEach(async () => {
  store = await createTestStore()
  await createProvince(store.database)
})
afterEach(async () => {
  for (const one of sources.splice(0)) one.close()
  await store.close()
})

/** As another process has them. */
async function warnings(): Promise<SenderWarnings> {
  const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  sources.push(directory)
  const clock = { now: () => now }
  const intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: () => true, isExhausted: () => false }, clock, config: { hostname, expiryMs: 1_000 },
    mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
  })
  return createSenderWarnings({
    warnings: createSenderWarningStore(store.database), contents: store.contents, hostname, notices: createNoticeSender({ contents: store.contents, hostname, clock, intake }),
    log: { senderWarningFailed: ({ error }) => { throw error } },
  })
}

const accountOf = async (address: string): Promise<number> => (await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = $1" }, [address]))[0]?.id ?? 0

let counter = 0
async function submit(from: string, extra: Partial<NewWarning> = {}, ...more: readonly Partial<NewWarning>[]): Promise<number> {
  const accountId = await accountOf(from)
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const subject = `=?utf-8?B?${Buffer.from(`Báo cáo số ${++counter}`).toString("base64")}?=`
  const content = await store.prepare(`Message-ID: <nhac-${counter}@tinh.example>\r\nSubject: ${subject}\r\n\r\n${counter}\r\n`)
  const warning = { accountId, ruleId: "unsigned", day: today, reasonVi: "Thư chưa ký số", reasonEn: "Not signed", refusedFrom: Date.parse("2028-01-01T00:00:00+07:00") }
  const committed = await store.acceptances.commit({
    ...acceptance({ content, accountIds: [], remote: ["ai@xa.example"], directoryVersion: current?.version ?? 0, reversePath: from }), source: "submission", acceptedAt: Date.parse("2026-11-26T08:05:00+07:00"),
    senderWarnings: [extra, ...more].map((one) => ({ ...warning, ...one })),
  })
  return unwrap(committed).envelopeId
}

const notices = () =>
  store.database.query<{ recipient: string; content: Buffer; message_id: string; reverse_path: string }>({
    text: "SELECT d.recipient, e.content, e.message_id, e.reverse_path FROM envelope e JOIN delivery d ON d.envelope_id = e.id WHERE e.source = 'notification' ORDER BY e.id",
  })

test("a sender is told of the first message of a day, in Vietnamese, then English: which, why, from when it is refused, what to do", async () => {
  await submit("an@tinh.example")
  await submit("an@tinh.example")
  expect(await (await warnings()).send()).toBe(1)
  expect(await (await warnings()).send()).toBe(0)
  const [notice, ...others] = await notices()
  expect(others).toEqual([])
  expect(notice).toMatchObject({ recipient: "an@tinh.example", reverse_path: "", message_id: expect.stringMatching(/^warned\.[\w-]{27}@mail\.tinh\.example$/) })
  const bytes = await readAll(store.contents.read(notice?.content ?? Buffer.alloc(0)))
  for (const line of bytes.toString("latin1").split("\r\n")) expect(line.length).toBeLessThanOrEqual(78)
  const mail = await simpleParser(bytes)
  expect(mail.subject).toBe("Nhắc về thư bạn vừa gửi / About a message that you sent")
  expect(mail.headers.get("auto-submitted")).toBe("auto-generated")
  const text = mail.text ?? ""
  expect(text).toContain(`    Tiêu đề: Báo cáo số ${counter - 1}\n    Tới: ai@xa.example\n    Gửi lúc: 08:05 ngày 26/11/2026\n    Message-ID: <nhac-${counter - 1}@tinh.example>\n\nLý do: Thư chưa ký số.\nTừ ngày 01/01/2028, thư như vậy sẽ bị từ chối.\n`)
  expect(text).toContain("Sent: 2026-11-26 08:05 (UTC+7)\n")
  expect(text).toContain("Reason: Not signed.\nFrom 2028-01-01 on such messages will be refused.\n")
  expect(text.indexOf("Lý do")).toBeLessThan(text.indexOf("Reason"))
})

test("each account, rule and day is one of its own; without a date none is named", async () => {
  const yesterday = provinceDate(now - 86_400_000)
  await submit("an@tinh.example", { refusedFrom: null }, { ruleId: "phone" }, { ruleId: "phone" })
  await submit("an@tinh.example", { day: yesterday })
  await submit("binh@tinh.example")
  expect(await (await warnings()).send()).toBe(4)
  const sent = await notices()
  expect(sent.map(({ recipient }) => recipient)).toEqual(["an@tinh.example", "an@tinh.example", "an@tinh.example", "binh@tinh.example"])
  expect(new Set(sent.map(({ message_id }) => message_id)).size).toBe(4)
  const texts = await Promise.all(sent.map(async ({ content }) => (await simpleParser(await readAll(store.contents.read(content)))).text ?? ""))
  expect(texts.filter((text) => text.includes("Từ ngày 01/01/2028"))).toHaveLength(3)
})

test("processes that accept and tell at the same moment tell it once", async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => submit(n % 2 === 0 ? "an@tinh.example" : "binh@tinh.example", {}, { ruleId: "phone" })))
  const several = await Promise.all([warnings(), warnings(), warnings()])
  const told = await Promise.all(several.map((one) => one.send()))
  expect(told.reduce((sum, one) => sum + one, 0)).toBe(4)
  expect(await notices()).toHaveLength(4)
})

test("an account that takes no mail is given up, what is old is neither told nor kept", async () => {
  await submit("closed@tinh.example")
  expect(await (await warnings()).send()).toBe(0)
  expect(await createSenderWarningStore(store.database).untold(10)).toEqual([])
  await submit("an@tinh.example", { day: provinceDate(now - 40 * 86_400_000) })
  expect(await (await warnings()).send()).toBe(0)
  expect(await createSenderWarningStore(store.database).forget()).toBe(1)
  expect(await notices()).toEqual([])
})

test("a message that is refused by a change of the directory leaves no warning", async () => {
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const content = await store.prepare("Subject: cu\r\n\r\ncu\r\n")
  const late = await store.acceptances.commit({
    ...acceptance({ content, accountIds: [], remote: ["ai@xa.example"], directoryVersion: (current?.version ?? 0) - 1 }),
    senderWarnings: [{ accountId: await accountOf("an@tinh.example"), ruleId: "unsigned", day: today, reasonVi: "a", reasonEn: "b", refusedFrom: null }],
  })
  expect(late).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  expect(await createSenderWarningStore(store.database).untold(10)).toEqual([])
})
