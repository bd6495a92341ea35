import { simpleParser } from "mailparser"
import { afterEach, beforeEach, expect, test } from "vitest"
import { type Actor, actAs } from "../../src/accounts/actor.ts"
import { everything } from "../../src/cli/directory-kit.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { changeNotice, type ChangeNotices, createChangeNotices } from "../../src/notifications/change-notices.ts"
import { createNoticeSender } from "../../src/notifications/notice.ts"
import { type OwedChange, toldChanges } from "../../src/store/change-notice-store.ts"
import { createChangeNoticeStore } from "../../src/store/sql/change-notices.ts"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createFactorResets } from "../../src/store/sql/factor-resets.ts"
import { createForwardingStore } from "../../src/store/sql/forwarding.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, readAll, testLog, type TestStore } from "../support/store.ts"

const hostname = "mail.tinh.example"
const clock = { now: () => Date.now() }
const sources: SqlDirectorySource[] = []
let store: TestStore
beforeEach(async () => {
  store = await createTestStore()
  await createProvince(store.database)
})
afterEach(async () => {
  for (const one of sources.splice(0)) one.close()
  await store.close()
})

/** As another process has them. */
async function changeNotices(): Promise<ChangeNotices> {
  const directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  sources.push(directory)
  const intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: () => true, isExhausted: () => false }, clock, config: { hostname, expiryMs: 1_000, forwarding: { inside: true, domains: [] } },
    mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
  })
  return createChangeNotices({
    changes: createChangeNoticeStore(store.database), notices: createNoticeSender({ contents: store.contents, hostname, clock, intake }), hostname, clock,
    log: { changeNoticeFailed: ({ error }) => { throw error } },
  })
}
const send = async (): Promise<number> => (await changeNotices()).send()

const accountOf = async (address: string): Promise<number> => (await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = $1" }, [address]))[0]?.id ?? 0
const notices = () =>
  store.database.query<{ recipients: string[]; content: Buffer; reverse_path: string }>({
    text: "SELECT array_agg(d.recipient ORDER BY d.recipient) AS recipients, e.content, e.reverse_path FROM envelope e JOIN delivery d ON d.envelope_id = e.id WHERE e.source = 'notification' GROUP BY e.id ORDER BY e.id",
  })
const textOf = async (content: Buffer): Promise<string> => (await simpleParser(await readAll(store.contents.read(content)))).text ?? ""

const an: Actor = { via: "console", name: "an@tinh.example", principalId: "an", address: "198.51.100.7" }
const hash = "$2b$12$0123456789012345678901uuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuuu"

test("a holder hears once of a password that replaced another, in Vietnamese, then English: what, when, who, from where, what to do; never the secret", async () => {
  const id = await accountOf("an@tinh.example")
  const credentials = createCredentialStore(store.database)
  await credentials.setPassword(id, hash)
  expect(await send(), "a first password replaces nothing that somebody relied on").toBe(0)
  await actAs(an, () => credentials.setPassword(id, hash))
  await actAs(an, () => credentials.addAppPassword({ accountId: id, principalId: "an", label: "Điện thoại\r\nBcc: x", hash: "ab".repeat(32) }))
  expect(await send()).toBe(1)
  expect(await send()).toBe(0)
  const [notice, ...others] = await notices()
  expect(others).toEqual([])
  expect(notice).toMatchObject({ recipients: ["an@tinh.example"], reverse_path: "" })
  const text = await textOf(notice?.content ?? Buffer.alloc(0))
  for (const part of ["Mật khẩu đã được đổi", "Đã tạo mật khẩu ứng dụng: “Điện thoại  Bcc: x”", "The password was changed", "Người thực hiện: an@tinh.example (trang web)", "Từ địa chỉ mạng: 198.51.100.7", "By: an@tinh.example (the web site)", "Nếu không phải bạn", "If it was not you"]) expect(text).toContain(part)
  expect(text.indexOf("đã được đổi")).toBeLessThan(text.indexOf("was changed"))
  expect(text).not.toContain(hash)
  expect(text).not.toContain("abab")
  const entries = await store.database.query({ text: "SELECT a.detail->'entries' AS entries, a.account_id, e.source FROM audit a JOIN envelope e ON e.id = a.envelope_id WHERE a.kind = 'account.changesTold'" })
  expect(entries).toEqual([{ entries: [expect.any(Number), expect.any(Number)], account_id: id, source: "notification" }])
})

test("a factor that is added, and one that an administrator takes away, are told to the account", async () => {
  const owner = { accountId: await accountOf("an@tinh.example"), principalId: "an" }
  await actAs(an, () => createFactorStore(store.database).addTotp({ owner, name: "Điện thoại", sessionId: 0, secret: Buffer.from("sealed"), lastStep: 0 }))
  expect(await send()).toBe(1)
  const administrator: Actor = { via: "console", name: "quan-tri@tinh.example", address: "203.0.113.9" }
  expect(await actAs(administrator, () => createFactorResets(store.database).reset({ scope: everything(), owner, ofAdministrators: true, by: administrator.name }))).toBe("done")
  expect(await send()).toBe(1)
  const [added, reset] = await Promise.all((await notices()).map(({ content }) => textOf(content)))
  expect(added).toContain("Đã thêm một bước xác thực: “Điện thoại”")
  expect(reset).toContain("Quản trị viên đã đặt lại xác thực hai bước")
  expect(reset).toContain("quan-tri@tinh.example")
})

test("whoever passes all mail on does not pass the word of it on alone: it stays in the mailbox, too", async () => {
  const id = await accountOf("an@tinh.example")
  const [now] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  await createForwardingStore(store.database).set({ accountId: id, target: "binh@tinh.example", keepCopy: false, principalId: "an" }, now?.version ?? 0)
  expect(await send()).toBe(1)
  const [notice] = await notices()
  expect(notice?.recipients).toEqual(["an@tinh.example", "binh@tinh.example"])
  expect(await textOf(notice?.content ?? Buffer.alloc(0))).toContain("Đã đặt chuyển tiếp thư tới binh@tinh.example")
})

test("a message that looks like the notice keeps nobody from being told", async () => {
  const id = await accountOf("an@tinh.example")
  await createCredentialStore(store.database).setPassword(id, hash)
  await createCredentialStore(store.database).setPassword(id, hash)
  const [owed] = await createChangeNoticeStore(store.database).untold(60_000, 10)
  const forged = changeNotice(owed ? [owed] : [], hostname)
  await store.deliver(`Message-ID: <${forged?.messageId}>\r\nFrom: ai@xa.example\r\n\r\nx\r\n`, [id])
  expect(await send()).toBe(1)
})

test("processes at the same moment tell it once, each account by itself", async () => {
  const credentials = createCredentialStore(store.database)
  for (const address of ["an@tinh.example", "binh@tinh.example", "van-phong@tinh.example", "closed@tinh.example"]) for (const _ of [1, 2]) await credentials.setPassword(await accountOf(address), hash)
  const several = await Promise.all([changeNotices(), changeNotices(), changeNotices()])
  const sent = await Promise.all(several.map((one) => one.send()))
  expect(sent.reduce((sum, one) => sum + one, 0), "a suspended account takes no mail").toBe(3)
  expect((await notices()).map(({ recipients }) => recipients).toSorted()).toEqual([["an@tinh.example"], ["binh@tinh.example"], ["van-phong@tinh.example"]])
})

test("every change has its words, and what somebody typed keeps to its line", () => {
  const changes = toldChanges.map((kind, at): OwedChange => ({ entry: at, kind, accountId: 1, address: "an@tinh.example", at: Date.parse("2026-11-26T20:05:00Z"), actor: null, named: `a\u2028b\r\n${"x".repeat(500)}` }))
  const text = changeNotice(changes, hostname)?.text ?? ""
  expect(text).toContain("Lúc: 03:05 ngày 27/11/2026")
  expect(text).toContain("When: 2026-11-27 03:05 (UTC+7)")
  expect(text.match(/^ {2}\* /gm)).toHaveLength(2 * toldChanges.length)
  for (const line of text.split("\r\n")) expect(line.length).toBeLessThan(170)
})
