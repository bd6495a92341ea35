import fc from "fast-check"
import { beforeEach, describe, expect, test } from "vitest"
import { flagBits } from "../../../src/mail/flag.ts"
import { foldForSearch } from "../../../src/mail/search-text.ts"
import { type SearchKey, searchArgs } from "../../../src/imap/grammar/search-keys.ts"
import { searchMailbox } from "../../../src/imap/search/search-mailbox.ts"
import { MailboxIndex } from "../../../src/store/mailbox-index.ts"
import type { MessageDetails } from "../../../src/store/mail-store.ts"
import { reading } from "../grammar/read.ts"

interface Mail {
  readonly uid: number
  readonly flags?: number
  readonly modSeq?: number
  readonly size?: number
  readonly received?: string
  readonly date?: string
  readonly header?: string
  readonly body?: string
}

const asked = { details: [] as number[], texts: [] as number[] }
beforeEach(() => {
  asked.details = []
  asked.texts = []
})

const mailboxOf = (mails: readonly Mail[], keywords: readonly string[] = []) => {
  const index = new MailboxIndex({ modSeq: 1, uidNext: 1, keywords })
  for (const mail of mails) {
    index.push({ uid: mail.uid, flags: mail.flags ?? 0, modSeq: mail.modSeq ?? 1, size: mail.size ?? 100, internalDate: Date.parse(mail.received ?? "2026-11-05T12:00:00+07:00") })
  }
  const mailOf = (uid: number) => mails.find((mail) => mail.uid === uid)
  return {
    index,
    details: (uids: readonly number[]) => {
      asked.details.push(...uids)
      return Promise.resolve(uids.flatMap((uid): MessageDetails[] => {
        const mail = mailOf(uid)
        return mail ? [detailsOf(mail)] : []
      }))
    },
    searchTexts: (uids: readonly number[]) => {
      asked.texts.push(...uids)
      return Promise.resolve(new Map(uids.map((uid) => [uid, { header: foldForSearch(mailOf(uid)?.header ?? ""), body: foldForSearch(mailOf(uid)?.body ?? "") }])))
    },
  }
}

const detailsOf = (mail: Mail): MessageDetails => {
  const header = Buffer.from(`Subject: x\r\n${mail.date === undefined ? "" : `Date: ${mail.date}\r\n`}\r\n`)
  return {
    uid: mail.uid, content: Buffer.alloc(32), tracePrefix: Buffer.from("Return-Path: <an@tinh.example>\r\nReceived: from a\r\n\tby b; date\r\n"), size: mail.size ?? 100,
    internalDate: Date.parse(mail.received ?? "2026-11-05T12:00:00+07:00"),
    structure: {
      header, headerBytes: header.length, envelope: "", body: "", bodyStructure: "", messageId: "", sentAt: mail.date === undefined || mail.date === "not a date" ? null : Date.parse(mail.date),
      root: { headerStart: 0, bodyStart: header.length, bodyEnd: 100, encoding: "7bit", children: [], multipart: false },
    },
  }
}

const searchIn = async (mailbox: ReturnType<typeof mailboxOf>, key: SearchKey | string, recentFrom = Number.POSITIVE_INFINITY): Promise<number[]> => {
  const parsed = typeof key === "string" ? searchArgs(reading(` ${key}`)).key : key
  const view = { uids: mailbox.index.uids, count: mailbox.index.count }
  const found = await searchMailbox({ key: parsed, view, mailbox, recentFrom, abandoned: () => false })
  return [...found.positions].map((position) => view.uids[position] ?? 0)
}

const { seen, answered, deleted } = flagBits
const mails: readonly Mail[] = [
  { uid: 2, flags: seen, modSeq: 10, size: 50, received: "2026-11-01T00:00:00+07:00", date: "Sun, 1 Nov 2026 23:30:00 -0500", header: "from: Nguyễn Văn An <an@tinh.example>\nsubject: Công văn số 12", body: "Kính gửi" },
  { uid: 4, flags: answered, modSeq: 20, size: 500, received: "2026-11-01T23:59:59+07:00", date: "Mon, 2 Nov 2026 00:30:00 +0700 (ICT)", header: "from: b@tinh.example\nto: an@tinh.example\nto: c@tinh.example\nsubject: ĐỀ NGHỊ", body: "báo cáo quý" },
  { uid: 6, flags: seen | deleted, modSeq: 30, size: 5000, received: "2026-11-02T00:00:00+07:00", header: "subject: \nx-a: 1", body: "BÁO CÁO" },
  { uid: 8, flags: 32, modSeq: 40, size: 100, received: "2026-11-03T10:00:00+07:00", date: "not a date", header: "subject: from: trick", body: "an" },
]

describe("one key", () => {
  test.each([
    ["ALL", [2, 4, 6, 8]],
    ["SEEN", [2, 6]],
    ["UNSEEN", [4, 8]],
    ["NOT SEEN", [4, 8]],
    ["KEYWORD work", [8]],
    ["KEYWORD WORK", [8]],
    ["KEYWORD none", []],
    ["UNKEYWORD none", [2, 4, 6, 8]],
    ["RECENT", [6, 8]],
    ["NEW", [8]],
    ["OLD", [2, 4]],
    ["LARGER 100", [4, 6]],
    ["SMALLER 100", [2]],
    ["BEFORE 2-Nov-2026", [2, 4]],
    ["ON 2-Nov-2026", [6]],
    ["SINCE 2-Nov-2026", [6, 8]],
    ["2:3", [4, 6]],
    ["UID 3:6", [4, 6]],
    ["UID 100:*", [8]],
    ["*", [8]],
    ["MODSEQ 21", [6, 8]],
    ["SENTON 1-Nov-2026", [2]],
    ["SENTON 2-Nov-2026", [4, 6]],
    ["SENTBEFORE 3-Nov-2026", [2, 4, 6]],
    ["SENTSINCE 3-Nov-2026", [8]],
    ["FROM \"NGUYỄN\"", [2]],
    ["FROM \"nguyen\"", []],
    ["FROM tinh", [2, 4]],
    ["TO c@", [4]],
    ["SUBJECT \"đề\"", [4]],
    ["SUBJECT \"\"", [2, 4, 6, 8]],
    ["HEADER X-A \"\"", [6]],
    ["HEADER x-a 2", []],
    ["BODY \"báo cáo\"", [4, 6]],
    ["BODY \"\"", [2, 4, 6, 8]],
    ["TEXT an", [2, 4, 8]],
    ["HEADER Return-Path an@", [2, 4, 6, 8]],
    ["HEADER Received \"a\tby b\"", [2, 4, 6, 8]],
  ])("%s finds %j", async (key, expected) => {
    expect(await searchIn(mailboxOf(mails, ["work"]), key, 6)).toEqual(expected)
  })
})

describe("the store is asked only about what nothing cheaper decides", () => {
  test.each([
    ["SEEN", [], []],
    ["BODY x SEEN", [], [2, 6]],
    ["OR SEEN BODY x", [], [4, 8]],
    ["SENTON 2-Nov-2026 BODY x DELETED", [6], [6]],
    ["SENTON 1-Nov-2026 BODY x DELETED", [6], []],
    ["BODY x SENTON 1-Nov-2026", [2, 4, 6, 8], [2]],
    ["UID 4 TEXT x", [], [4]],
    ["NOT (SEEN BODY x)", [], [2, 6]],
  ])("%s", async (key, details, texts) => {
    await searchIn(mailboxOf(mails, ["work"]), key)
    expect([...new Set(asked.details)]).toEqual(details)
    expect(asked.texts).toEqual(texts)
  })
})

test("messages expunged behind the client's back are not found", async () => {
  const mailbox = mailboxOf(mails)
  const view = { uids: mailbox.index.uids, count: mailbox.index.count }
  mailbox.index.remove([4, 6])
  const found = await searchMailbox({ key: { kind: "all" }, view, mailbox, recentFrom: 0, abandoned: () => false })
  expect([...found.positions]).toEqual([0, 3])
  expect(found.modSeq).toBe(40)
})

test("messages that vanish while they are looked up are not found", async () => {
  const mailbox = mailboxOf(mails)
  const vanishing = { ...mailbox, searchTexts: (uids: readonly number[]) => {
    mailbox.index.remove([4])
    return mailbox.searchTexts(uids.filter((uid) => uid !== 4))
  } }
  expect(await searchIn(vanishing, "BODY \"báo cáo\"")).toEqual([6])
})

test("an abandoned search stops asking", async () => {
  const mailbox = mailboxOf(Array.from({ length: 1000 }, (_, at) => ({ uid: at + 1, size: 1_000_000 })))
  const view = { uids: mailbox.index.uids, count: mailbox.index.count }
  await searchMailbox({ key: { kind: "body", text: "x" }, view, mailbox, recentFrom: 0, abandoned: () => asked.texts.length > 100 })
  expect(asked.texts.length).toBeLessThan(110)
})

test("others get their turn while 50,000 messages are searched with a thousand keys", async () => {
  const mailbox = mailboxOf([])
  for (let uid = 1; uid <= 50_000; uid++) mailbox.index.push({ uid, flags: uid % 2 === 0 ? seen : 0, modSeq: uid, size: uid, internalDate: 0 })
  let turns = 0
  let running = true
  const count = (): void => {
    turns++
    if (running) setImmediate(count)
  }
  setImmediate(count)
  const found = await searchIn(mailbox, `SEEN ${"LARGER 100 ".repeat(99).trim()}`)
  running = false
  expect(found).toHaveLength(24_950)
  expect(turns).toBeGreaterThan(50)
})

test("others get their turn while one long text is looked through by many keys", async () => {
  const mailbox = mailboxOf([{ uid: 1, body: `${"công văn ".repeat(100_000)}the end` }, { uid: 2, body: "short" }])
  let turns = 0
  let running = true
  const count = (): void => {
    turns++
    if (running) setImmediate(count)
  }
  setImmediate(count)
  const found = await searchIn(mailbox, `${Array.from({ length: 49 }, (_, at) => `NOT BODY "none ${at}"`).join(" ")} BODY "the end"`)
  running = false
  expect(found).toEqual([1])
  expect(turns).toBeGreaterThan(40)
})

test("agrees with evaluating every key on every message", async () => {
  const leafKeys = ["SEEN", "ANSWERED", "LARGER 100", "BODY \"báo\"", "SUBJECT \"công\"", "SENTON 2-Nov-2026", "ON 1-Nov-2026", "2:3", "UID 8", "MODSEQ 20"]
  const { key } = fc.letrec<{ key: string }>((tie) => ({
    key: fc.oneof({ maxDepth: 4 }, fc.constantFrom(...leafKeys), tie("key").map((inner) => `NOT ${inner}`), fc.tuple(tie("key"), tie("key")).map(([a, b]) => `OR ${a} ${b}`), fc.tuple(tie("key"), tie("key")).map(([a, b]) => `(${a} ${b})`)),
  }))
  const truth = new Map<string, ReadonlySet<number>>()
  for (const leaf of leafKeys) truth.set(JSON.stringify(searchArgs(reading(` ${leaf}`)).key), new Set(await searchIn(mailboxOf(mails), leaf)))
  const evaluate = (node: SearchKey, uid: number): boolean => {
    if (node.kind === "not") return !evaluate(node.key, uid)
    if (node.kind === "and") return node.keys.every((inner) => evaluate(inner, uid))
    if (node.kind === "or") return node.keys.some((inner) => evaluate(inner, uid))
    return truth.get(JSON.stringify(node))?.has(uid) ?? false
  }
  await fc.assert(fc.asyncProperty(key, async (text) => {
    const parsed = searchArgs(reading(` ${text}`)).key
    expect(await searchIn(mailboxOf(mails), text)).toEqual([2, 4, 6, 8].filter((uid) => evaluate(parsed, uid)))
  }), { numRuns: 200 })
})
