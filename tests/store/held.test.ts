import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { HeldNoticeFor, HeldReason } from "../../src/store/acceptance-store.ts"
import type { HeldStore } from "../../src/store/held-store.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createQueueStore } from "../../src/store/sql/queue.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let held: HeldStore
let accountId: number
beforeAll(async () => {
  store = await createTestStore()
  held = createHeldStore(store)
  accountId = await store.account("nguoinhan@tinh.example")
})
afterAll(() => store.close())

const doubtful: HeldReason = { kind: "quarantine", ruleId: "inbound.unsigned", reasonVi: "Thư không có chữ ký số", reasonEn: "The message is not signed", notify: ["nguoinhan@tinh.example"] }

const directoryVersion = async (): Promise<number> => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version ?? 0

let counter = 0
async function accept(extra: { readonly held?: HeldReason; readonly marks?: readonly string[]; readonly reversePath?: string; readonly remote?: readonly string[]; readonly heldNotice?: HeldNoticeFor; readonly accountIds?: readonly number[] }) {
  const content = await store.prepare(`Message-ID: <giu-${++counter}@ngoai.example>\r\nSubject: giu\r\n\r\n${counter}\r\n`)
  const { held: reason, marks, heldNotice, ...where } = extra
  return store.acceptances.commit({
    ...acceptance({ content, accountIds: [accountId], directoryVersion: await directoryVersion(), ...where }),
    ...(reason && { held: reason }), ...(marks && { marks }), ...(heldNotice && { heldNotice }),
  })
}

const states = async (envelopeId: number): Promise<readonly string[]> =>
  (await store.database.query<{ state: string }>({ text: "SELECT state FROM delivery WHERE envelope_id = $1 ORDER BY id" }, [envelopeId])).map(({ state }) => state)

test("a held message is not delivered, whoever tries, until it is released; then once", async () => {
  const { envelopeId, deliveryIds } = unwrap(await accept({ held: doubtful, remote: ["ai@xa.example"] }))
  expect(await store.deliveries.deliverLocal(deliveryIds, Date.now())).toBe(0)
  expect(await store.deliveries.claimRemote(deliveryIds, 1_000)).toEqual([])
  await store.database.query({ text: "UPDATE delivery SET next_attempt_at = now() - interval '1 hour' WHERE envelope_id = $1" }, [envelopeId])
  const due = await store.deliveries.due(100)
  expect([...due.local, ...due.remote].filter((id) => deliveryIds.includes(id))).toEqual([])
  expect(await held.open(10)).toMatchObject([{ envelopeId, ...doubtful, recipientCount: 2, recipients: [`account${accountId}@tinh.example`, "ai@xa.example"], decision: null, messageId: `giu-${counter}@ngoai.example` }])
  const released = unwrap(await held.release(envelopeId, { by: "QT1", note: "đã gọi điện" }))
  expect(released).toEqual({ local: [deliveryIds[0]], remote: [deliveryIds[1]] })
  expect(await store.deliveries.deliverLocal(released.local, Date.now())).toBe(1)
  expect(await store.deliveries.claimRemote(released.remote, 1_000)).toHaveLength(1)
  expect(await held.release(envelopeId, { by: "QT2", note: "" })).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
  expect(await held.refuse(envelopeId, { by: "QT2", note: "" })).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
  expect(await held.find(envelopeId)).toMatchObject({ decision: "released", decidedBy: "QT1", note: "đã gọi điện", notify: [] })
  expect(await held.open(10)).toEqual([])
  const audit = await store.database.query({ text: "SELECT kind, detail FROM audit WHERE envelope_id = $1 AND kind <> 'message.accepted'" }, [envelopeId])
  expect(audit).toEqual([{ kind: "message.released", detail: { by: "QT1", note: "đã gọi điện" } }])
})

test("a refused message fails with the reason, and its sender is owed a DSN; a null reverse-path is owed none", async () => {
  const { envelopeId } = unwrap(await accept({ held: doubtful }))
  unwrap(await held.refuse(envelopeId, { by: "QT1", note: "Không rõ người gửi" }))
  expect(await states(envelopeId)).toEqual(["failed"])
  expect((await store.deliveries.owedDsns(100)).filter((owed) => owed.envelopeId === envelopeId)).toMatchObject([{ kind: "failure", status: "5.7.1", diagnostic: "Không rõ người gửi" }])
  const receipt = unwrap(await accept({ held: doubtful, reversePath: "" }))
  unwrap(await held.refuse(receipt.envelopeId, { by: "QT1", note: "" }))
  expect((await store.deliveries.owedDsns(100)).filter((owed) => owed.envelopeId === receipt.envelopeId)).toEqual([])
})

test("what nobody holds cannot be decided", async () => {
  expect(await held.release(123_456_789, { by: "QT1", note: "" })).toMatchObject({ ok: false, failure: { kind: "notFound" } })
  expect(await held.find(123_456_789)).toBeUndefined()
})

test("who is to be told is told once, also by two processes at the same moment", async () => {
  const { envelopeId } = unwrap(await accept({ held: doubtful }))
  expect((await held.untold(10)).map((message) => message.envelopeId)).toEqual([envelopeId])
  const heldNotice = { envelopeId, told: ["nguoinhan@tinh.example"] }
  const results = await Promise.all([accept({ heldNotice, reversePath: "" }), accept({ heldNotice, reversePath: "" })])
  expect(results.filter(({ ok }) => ok)).toHaveLength(1)
  expect(results.find(({ ok }) => !ok)).toMatchObject({ failure: { kind: "alreadyExists" } })
  expect(await held.untold(10)).toEqual([])
})

describe("copies that recipients may release", () => {
  const mayRelease = { ...doubtful, recipientsMayRelease: true }
  let others: readonly number[]
  beforeAll(async () => {
    others = [await store.account("hai@tinh.example"), await store.account("ba@tinh.example")]
  })
  const acceptAll = async (reason: HeldReason = mayRelease) => unwrap(await accept({ held: reason, accountIds: [accountId, ...others], remote: ["ai@xa.example"] }))
  const byOne = { by: "nguoinhan@tinh.example", note: "", clientAddress: "192.0.2.7" }

  test("one goes, the others wait, and the audit says who let it go, from where", async () => {
    const { envelopeId, deliveryIds: [first = 0, ...rest] } = await acceptAll()
    expect(await held.findCopy(first)).toMatchObject({ deliveryId: first, envelopeId, recipient: `account${accountId}@tinh.example`, state: "held", recipientsMayRelease: true, reasonVi: doubtful.reasonVi })
    expect(unwrap(await held.releaseCopy(first, byOne))).toEqual({ local: [first], remote: [] })
    expect(await store.deliveries.deliverLocal([first, ...rest], Date.now())).toBe(1)
    expect(await states(envelopeId)).toEqual(["delivered", "held", "held", "held"])
    expect(await held.find(envelopeId)).toMatchObject({ decision: null })
    expect(await held.findCopy(first)).toMatchObject({ state: "gone" })
    const audit = await store.database.query({ text: "SELECT kind, client_address, detail FROM audit WHERE envelope_id = $1 AND kind <> 'message.accepted'" }, [envelopeId])
    expect(audit).toEqual([{ kind: "delivery.released", client_address: "192.0.2.7", detail: { by: "nguoinhan@tinh.example", why: "", deliveryId: first } }])
    // once
    expect(await held.releaseCopy(first, byOne)).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
    // what an administrator decides is about the rest
    unwrap(await held.refuse(envelopeId, { by: "QT1", note: "giả mạo" }))
    expect(await states(envelopeId)).toEqual(["delivered", "failed", "failed", "failed"])
    expect(await held.findCopy(rest[0] ?? 0)).toMatchObject({ state: "refused" })
    expect(await held.releaseCopy(rest[0] ?? 0, byOne)).toMatchObject({ ok: false, failure: { kind: "alreadyExists" } })
  })

  test("when the last ones go at the same moment, the message counts as released", async () => {
    const { envelopeId, deliveryIds } = await acceptAll()
    const results = await Promise.all([...deliveryIds, ...deliveryIds].map((id) => held.releaseCopy(id, byOne)))
    expect(results.filter(({ ok }) => ok)).toHaveLength(deliveryIds.length)
    expect(await states(envelopeId)).toEqual(["waiting", "waiting", "waiting", "waiting"])
    expect(await held.find(envelopeId)).toMatchObject({ decision: "released", decidedBy: "nguoinhan@tinh.example", notify: [] })
  })

  test("not where the rule leaves it to administrators; they release for one recipient all the same", async () => {
    const { envelopeId, deliveryIds: [first = 0, second = 0, , remote = 0] } = await acceptAll(doubtful)
    expect(await held.releaseCopy(first, byOne)).toMatchObject({ ok: false, failure: { kind: "noPermission" } })
    expect((await held.untold(100)).find((message) => message.envelopeId === envelopeId)).toMatchObject({ copies: [] })
    expect(unwrap(await held.releaseFor(envelopeId, `account${others[0]}@tinh.example`, { by: "QT1", note: "" }))).toEqual({ local: [second], remote: [] })
    expect(unwrap(await held.releaseFor(envelopeId, "AI@xa.example", { by: "QT1", note: "" }))).toEqual({ local: [], remote: [remote] })
    expect(await held.releaseFor(envelopeId, "khong@tinh.example", { by: "QT1", note: "" })).toMatchObject({ ok: false, failure: { kind: "notFound" } })
    expect(await states(envelopeId)).toEqual(["held", "waiting", "held", "waiting"])
  })

  test("a copy that went and was then stopped by a person stays stopped when the rest is released", async () => {
    const { envelopeId, deliveryIds: [first = 0, , , last = 0] } = await acceptAll()
    unwrap(await held.releaseCopy(last, byOne))
    expect(await createQueueStore(store).act("hold", [last], { by: "QT1", why: "xem lại" })).toEqual(["done"])
    unwrap(await held.release(envelopeId, { by: "QT1", note: "" }))
    expect(await states(envelopeId)).toEqual(["waiting", "waiting", "waiting", "held"])
    expect(await held.findCopy(first)).toMatchObject({ state: "gone" })
  })

  test("each recipient is told alone and once; whom it concerns is known by the copies", async () => {
    const [one, two] = [`account${accountId}@tinh.example`, `account${others[0]}@tinh.example`]
    const { envelopeId, deliveryIds: [first, second] } = await acceptAll({ ...mayRelease, notify: ["qt@tinh.example", one, two] })
    const untold = async () => (await held.untold(100)).find((message) => message.envelopeId === envelopeId)
    expect(await untold()).toMatchObject({ notify: ["qt@tinh.example", one, two], copies: [{ deliveryId: first, recipient: one }, { deliveryId: second, recipient: two }] })
    unwrap(await accept({ heldNotice: { envelopeId, told: [one] }, reversePath: "" }))
    expect(await untold()).toMatchObject({ notify: ["qt@tinh.example", two], copies: [{ recipient: two }] })
    expect(await accept({ heldNotice: { envelopeId, told: [one] }, reversePath: "" })).toMatchObject({ failure: { kind: "alreadyExists" } })
    await held.giveUpTelling(envelopeId, ["qt@tinh.example"])
    expect(await untold()).toMatchObject({ notify: [two] })
  })
})

test("marks become keywords of the mailbox that takes the message in, and open sessions hear of them", async () => {
  const account = await store.account("danhdau@tinh.example")
  const inbox = unwrap(await store.mail.findMailbox(account, "INBOX"))
  const here = unwrap(await store.mail.openMailbox(inbox.id))
  const elsewhere = unwrap(await (await store.otherProcess()).openMailbox(inbox.id))
  const deliver = async (marks: readonly string[]): Promise<void> => {
    const content = await store.prepare(`Subject: dau ${++counter}\r\n\r\n${counter}\r\n`)
    const done = unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [account], directoryVersion: await directoryVersion() }), marks }))
    await store.deliveries.deliverLocal(done.deliveryIds, Date.now())
  }
  await deliver([])
  await deliver(["$SignatureValid"])
  await deliver(["$SignatureInvalid", "$SignatureValid"])
  await deliver(["$SignatureValid"])
  for (const mailbox of [here, elsewhere]) {
    await mailbox.refresh()
    expect(mailbox.index.keywords).toEqual(["$SignatureValid", "$SignatureInvalid"])
    expect([...mailbox.index.flags.subarray(0, 4)]).toEqual([0, 1 << 5, (1 << 5) | (1 << 6), 1 << 5])
  }
})

test("what is marked as junk goes into the Junk mailbox, whatever it is called, and into INBOX where there is none", async () => {
  const placed = async (account: number): Promise<readonly (readonly [string, number])[]> =>
    (await store.database.query<{ name: string; messages: number }>({ text: "SELECT name, messages FROM mailbox WHERE account_id = $1 AND messages > 0 ORDER BY name" }, [account])).map(({ name, messages }) => [name, messages])
  const [some, none] = [await store.account("corac@tinh.example"), await store.account("khongrac@tinh.example")]
  await store.database.query({ text: "UPDATE mailbox SET special_use = NULL WHERE account_id = ANY ($1::bigint[]) AND special_use = '\\Junk'" }, [[some, none]])
  await store.database.query({ text: "INSERT INTO mailbox (account_id, name, special_use) VALUES ($1, 'Thư rác', '\\Junk')" }, [some])
  for (const marks of [["$Junk"], [], ["$SignatureMissing", "$Junk"]]) {
    const content = await store.prepare(`Subject: rac ${++counter}\r\n\r\n${counter}\r\n`)
    const done = unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [some, none], directoryVersion: await directoryVersion() }), marks }))
    expect(await store.deliveries.deliverLocal(done.deliveryIds, Date.now())).toBe(2)
  }
  expect(await placed(some)).toEqual([["INBOX", 1], ["Thư rác", 2]])
  expect(await placed(none)).toEqual([["INBOX", 3]])
  const junk = unwrap(await store.mail.findMailbox(some, "Thư rác"))
  expect(unwrap(await store.mail.openMailbox(junk.id)).index.keywords).toContain("$Junk")
})

test("a mailbox without room for another keyword takes the message all the same", async () => {
  const account = await store.account("day@tinh.example")
  const full = Array.from({ length: 27 }, (_, n) => `tu${n}`)
  await store.database.query({ text: "UPDATE mailbox SET keywords = $2 WHERE account_id = $1" }, [account, full])
  const content = await store.prepare("Subject: day\r\n\r\nday\r\n")
  const done = unwrap(await store.acceptances.commit({ ...acceptance({ content, accountIds: [account], directoryVersion: await directoryVersion() }), marks: ["$SignatureValid", "tu26"] }))
  expect(await store.deliveries.deliverLocal(done.deliveryIds, Date.now())).toBe(1)
  const [row] = await store.database.query<{ keywords: string[]; flags: number }>(
    { text: "SELECT m.keywords, t.flags FROM mailbox m JOIN message t ON t.mailbox_id = m.id WHERE m.account_id = $1" }, [account],
  )
  expect(row).toEqual({ keywords: full, flags: 2 ** 31 })
})
