import { randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { flagBits } from "../../src/mail/flag.ts"
import type { MailStore, OpenMailbox } from "../../src/store/mail-store.ts"
import { acceptance, createTestStore, readAll, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let serial = 0
beforeAll(async () => {
  store = await createTestStore()
})
afterAll(() => store.close())

const text = (subject: string, body = "Kính gửi đồng chí.\r\n"): string => `From: a@tinh.example\r\nTo: b@tinh.example\r\nSubject: ${subject}\r\nDate: Mon, 23 Nov 2026 08:00:00 +0700\r\nMessage-ID: <${subject}@tinh.example>\r\n\r\n${body}`
const newAccount = (quota?: number): Promise<number> => store.account(`hopthu${++serial}@tinh.example`, quota)
const open = async (accountId: number, name = "INBOX", mail: MailStore = store.mail): Promise<OpenMailbox> => unwrap(await mail.openMailbox(unwrap(await mail.findMailbox(accountId, name)).id))
const uidsOf = ({ index }: OpenMailbox): number[] => [...index.uids.subarray(0, index.count)]
const flagsOf = ({ index }: OpenMailbox): string[][] => uidsOf({ index } as OpenMailbox).map((_, at) => index.flagNames(index.flags[at] ?? 0))
const counters = async (accountId: number, name = "INBOX") => {
  const { messages, unseen, deleted, bytes, highestModSeq, uidNext } = unwrap(await store.mail.findMailbox(accountId, name))
  return { messages, unseen, deleted, bytes, highestModSeq, uidNext }
}
/** The counters as they would be counted from the rows and the log. */
const recounted = async (mailbox: OpenMailbox) => {
  const { index } = mailbox
  const flags = [...index.flags.subarray(0, index.count)]
  return {
    messages: index.count,
    unseen: flags.filter((set) => !(set & flagBits.seen)).length,
    deleted: flags.filter((set) => set & flagBits.deleted).length,
    bytes: [...index.sizes.subarray(0, index.count)].reduce((sum, size) => sum + size, 0),
    highestModSeq: index.modSeq,
    uidNext: index.uidNext,
  }
}

describe("contents", () => {
  test.each([0, 1, 65_536, 65_537, 262_144, 262_145, 1_000_001])("%i bytes come back as they went in, and any range of them", async (size) => {
    const bytes = randomBytes(size)
    const { mailbox } = await appended(bytes)
    expect(bytes.equals(await readAll(mailbox.read(1)))).toBe(true)
    for (const [start, end] of [[0, 10], [size - 5, size + 5], [262_140, 262_150], [100, 100]] as const) {
      if (start >= 0) expect(await readAll(mailbox.read(1, { start, end }))).toEqual(bytes.subarray(start, Math.max(start, end)))
    }
  })

  test("the same content is stored once, and its second blob is removed", async () => {
    const bytes = randomBytes(300_000)
    const before = await blobs()
    const first = await appended(bytes)
    const second = await appended(bytes)
    expect(await blobs()).toBe(before + 1)
    expect(bytes.equals(await readAll(first.mailbox.read(1)))).toBe(true)
    expect(bytes.equals(await readAll(second.mailbox.read(1)))).toBe(true)
  })

  test("what rests is neither the text nor anything that compresses to it", async () => {
    await appended(Buffer.from(text("bi-mat", "Nội dung rất riêng tư ".repeat(50))))
    const [{ n } = { n: -1 }] = await store.database.query<{ n: number }>({
      text: "SELECT count(*) AS n FROM content WHERE position('bi-mat' IN encode(coalesce(inline_bytes, ''), 'escape') || encode(structure, 'escape') || encode(search_text, 'escape')) > 0",
    })
    expect(n).toBe(0)
  })

  const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true })).filter((name) => name.includes("/")).length
  const appended = async (bytes: Buffer) => {
    const account = await newAccount()
    const { id } = unwrap(await store.mail.findMailbox(account, "INBOX"))
    unwrap(await store.mail.append(id, [{ content: await store.prepare(bytes), flags: [], internalDate: 1_700_000_000_000 }]))
    return { account, mailbox: await open(account) }
  }
})

describe("acceptance and local delivery", () => {
  test("an accepted message is in each INBOX once, however often its job runs", async () => {
    const accounts = await Promise.all([newAccount(), newAccount(), newAccount()])
    const { deliveryIds } = await store.deliver(text("mot-lan"), accounts)
    await Promise.all([store.deliveries.deliverLocal(deliveryIds, 0), store.deliveries.deliverLocal(deliveryIds.toReversed(), 0)])
    for (const account of accounts) {
      const mailbox = await open(account)
      expect(uidsOf(mailbox)).toEqual([1])
      expect(await counters(account)).toEqual(await recounted(mailbox))
      expect((await readAll(mailbox.read(1))).toString()).toBe(`Return-Path: <nguoigui@ngoai.example>\r\nReceived: from thu.ngoai.example\r\n${text("mot-lan")}`)
    }
  })

  test("one job may carry several messages for one mailbox: uids follow the deliveries and modseq rises once", async () => {
    const account = await newAccount()
    const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    const committed = await Promise.all(
      [1, 2, 3].map(async (n) => unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(text(`loat-${n}`)), accountIds: [account], directoryVersion: current?.version ?? 0 })))),
    )
    expect(await store.deliveries.deliverLocal(committed.flatMap(({ deliveryIds }) => deliveryIds), 0)).toBe(3)
    const mailbox = await open(account)
    expect(uidsOf(mailbox)).toEqual([1, 2, 3])
    expect(await counters(account)).toMatchObject({ highestModSeq: 2, messages: 3, unseen: 3 })
  })

  test("workers that deliver to the same mailboxes at once give each message its own uid", async () => {
    const accounts = await Promise.all([newAccount(), newAccount()])
    const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    const committed = await Promise.all(
      Array.from({ length: 30 }, async (_, n) =>
        unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(text(`chen-${n}`)), accountIds: n % 2 ? accounts : accounts.toReversed(), directoryVersion: current?.version ?? 0 }))),
      ),
    )
    const delivered = await Promise.all(committed.map(({ deliveryIds }) => store.deliveries.deliverLocal(deliveryIds, 0)))
    expect(delivered.every((count) => count === 2)).toBe(true)
    for (const account of accounts) {
      const mailbox = await open(account)
      expect(uidsOf(mailbox)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
      expect(await counters(account)).toEqual(await recounted(mailbox))
    }
  })

  test("a decision taken on an old directory is not committed, and leaves nothing", async () => {
    const account = await newAccount()
    const done = await store.acceptances.commit(acceptance({ content: await store.prepare(randomBytes(100_000)), accountIds: [account], directoryVersion: 0 }))
    expect(done).toMatchObject({ ok: false, failure: { kind: "inUse" } })
    expect(await store.database.query({ text: "SELECT 1 FROM delivery WHERE account_id = $1" }, [account])).toEqual([])
  })

  test("a delivery waits until it is delivered; the sweeper finds it only when its first job is overdue", async () => {
    const account = await newAccount()
    const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    const { deliveryIds } = unwrap(await store.acceptances.commit(acceptance({ content: await store.prepare(text("cho")), accountIds: [account], directoryVersion: current?.version ?? 0 })))
    expect((await store.deliveries.due(100)).local).not.toContain(deliveryIds[0])
    await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 second' WHERE id = ANY ($1)" }, [deliveryIds])
    expect((await store.deliveries.due(100)).local).toContain(deliveryIds[0])
    expect((await store.deliveries.due(100)).local).not.toContain(deliveryIds[0])
    await store.deliveries.deliverLocal(deliveryIds, 0)
    expect(await store.deliveries.waiting()).toMatchObject({ count: 0 })
  })
})

describe("flags, expunge, copy and move are one log", () => {
  test("flags are changed for many at once, counters with them; what does not change is not written", async () => {
    const account = await newAccount()
    for (const n of [1, 2, 3, 4]) await store.deliver(text(`co-${account}-${n}`), [account])
    const mailbox = await open(account)
    const { modSeq } = unwrap(await mailbox.setFlags([1, 2, 3], { mode: "add", flags: ["\\Seen", "$Forwarded"] }))
    expect(modSeq).toBe(6)
    expect(unwrap(await mailbox.setFlags([1, 2], { mode: "add", flags: ["\\seen"] })).modSeq).toBeNull()
    unwrap(await mailbox.setFlags([2], { mode: "remove", flags: ["\\Seen"] }))
    unwrap(await mailbox.setFlags([3, 4, 99], { mode: "replace", flags: ["\\Deleted"] }))
    expect(flagsOf(mailbox)).toEqual([["\\Seen", "$Forwarded"], ["$Forwarded"], ["\\Deleted"], ["\\Deleted"]])
    expect(await counters(account)).toEqual(await recounted(mailbox))
    expect(unwrap(await mailbox.expunge([1, 3]))).toEqual([3])
    expect(unwrap(await mailbox.expunge(null))).toEqual([4])
    expect(uidsOf(mailbox)).toEqual([1, 2])
    expect(await counters(account)).toEqual({ ...(await recounted(mailbox)), uidNext: 5 })
  })

  test("UNCHANGEDSINCE leaves newer messages alone and names them (RFC 7162 §3.1.3)", async () => {
    const account = await newAccount()
    for (const n of [1, 2]) await store.deliver(text(`don-${account}-${n}`), [account])
    const mailbox = await open(account)
    const since = mailbox.index.modSeq
    unwrap(await mailbox.setFlags([1], { mode: "add", flags: ["\\Flagged"] }))
    expect(unwrap(await mailbox.setFlags([1, 2], { mode: "add", flags: ["\\Seen"], unchangedSince: since })).modified).toEqual([1])
    expect(flagsOf(mailbox)).toEqual([["\\Flagged"], ["\\Seen"]])
  })

  test("two processes changing one mailbox at once lose nothing, and both end with the same index and right counters", async () => {
    const account = await newAccount()
    for (let n = 1; n <= 20; n++) await store.deliver(text(`hai-${account}-${n}`), [account])
    const here = await open(account)
    const there = await open(account, "INBOX", await store.otherProcess())
    const uids = Array.from({ length: 20 }, (_, n) => n + 1)
    await Promise.all([
      ...uids.map((uid) => here.setFlags([uid], { mode: "add", flags: [`a${uid % 5}`, "\\Seen"] })),
      ...uids.map((uid) => there.setFlags([uid], { mode: "add", flags: [`b${uid % 5}`, "\\Flagged"] })),
      store.deliver(text(`hai-${account}-x`), [account]),
      there.setFlags([3, 4], { mode: "add", flags: ["\\Deleted"] }).then(() => there.expunge([3, 4])),
    ])
    await Promise.all([here.refresh(), there.refresh()])
    expect(uidsOf(here)).toEqual(uidsOf(there))
    expect(flagsOf(here).map((names) => names.toSorted())).toEqual(flagsOf(there).map((names) => names.toSorted()))
    expect(flagsOf(here)[0]?.toSorted()).toEqual(["\\Flagged", "\\Seen", "a1", "b1"])
    expect(await counters(account)).toEqual(await recounted(here))
    const reread = await open(account, "INBOX", await store.otherProcess())
    expect(flagsOf(reread)).toEqual(flagsOf(here))
    expect([...reread.index.modSeqs.subarray(0, reread.index.count)]).toEqual([...here.index.modSeqs.subarray(0, here.index.count)])
  })

  test("copy and move keep content, date, flags and keywords, and a move is gone from its source", async () => {
    const account = await newAccount()
    const other = await newAccount()
    for (const n of [1, 2, 3]) await store.deliver(text(`chuyen-${account}-${n}`), [account])
    const inbox = await open(account)
    const sent = await open(account, "Sent")
    unwrap(await sent.setFlags([], { mode: "add", flags: ["$First"] }))
    unwrap(await inbox.setFlags([1, 2], { mode: "add", flags: ["$Second", "\\Seen"] }))
    const copied = unwrap(await inbox.copy([1, 2, 77], sent.mailboxId))
    expect(copied).toMatchObject({ sourceUids: [1, 2], targetUids: [1, 2] })
    const moved = unwrap(await inbox.move([2, 3], sent.mailboxId))
    expect(moved).toMatchObject({ sourceUids: [2, 3], targetUids: [3, 4] })
    await sent.refresh()
    expect(uidsOf(inbox)).toEqual([1])
    expect(flagsOf(sent)).toEqual([["\\Seen", "$Second"], ["\\Seen", "$Second"], ["\\Seen", "$Second"], []])
    expect(await counters(account)).toEqual({ ...(await recounted(inbox)), uidNext: 4 })
    expect(await counters(account, "Sent")).toEqual(await recounted(sent))
    unwrap(await inbox.move([1], unwrap(await store.mail.findMailbox(other, "INBOX")).id))
    expect((await readAll((await open(other)).read(1))).toString()).toContain(`chuyen-${account}-1`)
  })

  test("crossing moves do not wait for each other for ever", async () => {
    const account = await newAccount()
    for (let n = 0; n < 10; n++) await store.deliver(text(`cheo-${account}-${n}`), [account])
    const inbox = await open(account)
    const sent = await open(account, "Sent")
    unwrap(await inbox.copy([1, 2, 3, 4, 5], sent.mailboxId))
    await sent.refresh()
    const results = await Promise.all([1, 2, 3, 4, 5].flatMap((uid) => [inbox.move([uid], sent.mailboxId), sent.move([uid], inbox.mailboxId)]))
    expect(results.every(({ ok }) => ok)).toBe(true)
    await Promise.all([inbox.refresh(), sent.refresh()])
    expect(await counters(account)).toEqual(await recounted(inbox))
    expect(await counters(account, "Sent")).toEqual(await recounted(sent))
  })

  test("a full account refuses append and copy, never a delivery that was accepted", async () => {
    const account = await newAccount(1000)
    await store.deliver(text(`day-${account}`, "x".repeat(900)), [account])
    const mailbox = await open(account)
    expect(await store.mail.append(mailbox.mailboxId, [{ content: await store.prepare(text("them")), flags: [], internalDate: 0 }])).toMatchObject({ ok: false, failure: { kind: "overQuota" } })
    expect(await mailbox.copy([1], unwrap(await store.mail.findMailbox(account, "Sent")).id)).toMatchObject({ ok: false, failure: { kind: "overQuota" } })
    expect(await mailbox.move([1], unwrap(await store.mail.findMailbox(account, "Sent")).id)).toMatchObject({ ok: true })
  })

  test("a long log is folded into a snapshot that reads the same", async () => {
    const account = await newAccount()
    const { id } = unwrap(await store.mail.findMailbox(account, "INBOX"))
    const content = await store.prepare(text(`dai-${account}`))
    for (let n = 0; n < 10; n++) unwrap(await store.mail.append(id, Array.from({ length: 100 }, () => ({ content, flags: n % 2 ? ["\\Seen"] : [], internalDate: 1_700_000_000_000 }))))
    const mailbox = await open(account, "INBOX", await store.otherProcess())
    unwrap(await mailbox.setFlags([5, 6, 7], { mode: "add", flags: ["\\Deleted", "khan"] }))
    unwrap(await mailbox.expunge([6]))
    const [snapshot] = await store.database.query<{ modseq: number }>({ text: "SELECT modseq FROM mailbox_snapshot WHERE mailbox_id = $1" }, [id])
    expect(snapshot?.modseq).toBe(11)
    const again = await open(account, "INBOX", await store.otherProcess())
    expect(uidsOf(again)).toEqual(uidsOf(mailbox))
    expect(flagsOf(again)).toEqual(flagsOf(mailbox))
    expect(await counters(account)).toEqual(await recounted(again))
  })
})

describe("mailboxes by name", () => {
  test("creating makes parents, renaming takes inferiors along, deleting leaves them", async () => {
    const account = await newAccount()
    unwrap(await store.mail.createMailbox(account, "Hồ sơ/2026/Đất đai"))
    expect((await store.mail.listMailboxes(account)).map(({ name }) => name)).toEqual(expect.arrayContaining(["Hồ sơ", "Hồ sơ/2026", "Hồ sơ/2026/Đất đai"]))
    unwrap(await store.mail.renameMailbox(account, "Hồ sơ", "Lưu/Hồ sơ"))
    expect(await store.mail.findMailbox(account, "Lưu/Hồ sơ/2026/Đất đai")).toMatchObject({ ok: true })
    unwrap(await store.mail.deleteMailbox(account, "Lưu/Hồ sơ"))
    expect(await store.mail.findMailbox(account, "Lưu/Hồ sơ")).toMatchObject({ ok: false, failure: { kind: "notFound" } })
    expect(await store.mail.findMailbox(account, "Lưu/Hồ sơ/2026/Đất đai")).toMatchObject({ ok: true })
    unwrap(await store.mail.deleteMailbox(account, "Lưu/Hồ sơ/2026/Đất đai"))
    expect(await store.mail.createMailbox(account, "Lưu")).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
    expect(await store.mail.deleteMailbox(account, "INBOX")).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
  })

  test.each(["", "/x", "a//b", "a/", "a*", "a%", "a\u0000b", "inbox/x", "x".repeat(1001)])("the name %j is refused", async (name) => {
    expect(await store.mail.createMailbox(await newAccount(), name)).toMatchObject({ ok: false })
  })

  test("INBOX renamed leaves an empty INBOX, and its messages elsewhere", async () => {
    const account = await newAccount()
    await store.deliver(text(`doi-${account}`), [account])
    unwrap(await store.mail.renameMailbox(account, "INBOX", "Cũ"))
    expect(await counters(account, "Cũ")).toMatchObject({ messages: 1 })
    expect(await counters(account)).toMatchObject({ messages: 0 })
  })

  test("\\Recent goes to one session only", async () => {
    const account = await newAccount()
    await store.deliver(text(`moi-${account}`), [account])
    const mailbox = await open(account)
    expect(await mailbox.takeRecent(false)).toBe(1)
    expect((await Promise.all([mailbox.takeRecent(true), mailbox.takeRecent(true)])).toSorted()).toEqual([1, 2])
    expect(await mailbox.takeRecent(true)).toBe(2)
  })
})
