import { createHash } from "node:crypto"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { Intake } from "../../src/intake/intake.ts"
import { type Campaigns, createCampaigns } from "../../src/notifications/campaigns.ts"
import { resolveRecipients } from "../../src/notifications/recipients.ts"
import { notificationRequest } from "../../src/notifications/request.ts"
import { createNotifications, type SendingSystem, type SendOutcome } from "../../src/notifications/send.ts"
import { createSendLimits } from "../../src/notifications/send-limits.ts"
import { createTemplateSource } from "../../src/notifications/templates/source.ts"
import { shipTemplates } from "../../src/notifications/templates/shipped.ts"
import type { ForwardingRules } from "../../src/accounts/forwarding.ts"
import type { Directory, DirectorySource } from "../../src/accounts/directory.ts"
import type { AcceptanceStore } from "../../src/store/acceptance-store.ts"
import type { CampaignStore, NotificationStore } from "../../src/store/notification-store.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { createCampaignStore } from "../../src/store/sql/campaigns.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createHousekeeping } from "../../src/store/sql/housekeeping.ts"
import { createNotificationStore } from "../../src/store/sql/notifications.ts"
import { createSuppressionStore } from "../../src/store/sql/suppressions.ts"
import { createTemplateStore } from "../../src/store/sql/templates.ts"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

/** Sending on the real store with a clock of its own: what is due, in which order, and that nobody has it twice. */
let world: TestStore
let directory: SqlDirectorySource
let store: NotificationStore
let campaigns: CampaignStore
let now = Date.parse("2026-11-27T08:00:00+07:00")
const clock = { now: () => now }
const hour = 3_600_000
const systems: SendingSystem[] = []
let woken = 0
let ended = 0
let low = false

beforeAll(async () => {
  world = await createTestStore()
  await createProvince(world.database)
  directory = await createDirectorySource({ database: world.database, log: testLog, tickMs: 0 })
  store = createNotificationStore(world)
  campaigns = createCampaignStore(world)
  await shipTemplates(createTemplateStore(world))
  for (const [address, principalId] of [["may@tinh.example", null], ["van-phong@tinh.example", "an"]] as const) {
    const target = directory.current().resolve(address)
    if (target.kind !== "account") throw new Error(address)
    const sender = { accountId: target.account.id, principalId }
    systems.push({ ...sender, webhook: false, tokenId: await createApiTokenStore(world.database).add({ name: address, sha256: apiTokenHash(newApiToken()), scopes: ["notifications:send"], createdBy: "QT1", expiresAt: null, sender }) })
  }
})
afterAll(async () => {
  directory.close()
  await world.close()
})
beforeEach(async () => {
  await world.database.query({ text: "DELETE FROM notification" })
})

const system = (index: number): SendingSystem => systems[index] ?? { tokenId: 0, accountId: 0, principalId: null, webhook: false }

const notifications = (recipientsPerHour = 0, source: DirectorySource = directory) =>
  createNotifications({
    store, templates: createTemplateSource(createTemplateStore(world)), contents: world.contents, directory: source, limits: createSendLimits({ recipientsPerHour }), sealing: createSealer(Buffer.alloc(32, 7)), hostname: "mail.tinh.example", clock,
    freeSpace: { isLow: () => low }, maxAttachmentBytes: 1_000, maxMessageBytes: 1e6, expiryMs: 5 * 24 * hour, wake: () => void woken++,
  })

const ask = (request: object, { by = 0, key = null, limit = 0 }: { readonly by?: number; readonly key?: string | null; readonly limit?: number } = {}): Promise<SendOutcome> =>
  notifications(limit).send(notificationRequest.parse({ subject: "Thông báo", text: "Nội dung", ...request }), system(by), { idempotencyKey: key, requestSha256: createHash("sha256").update(JSON.stringify(request)).digest() })

async function asked(request: object, options: { readonly by?: number; readonly key?: string } = {}): Promise<number> {
  const outcome = await ask(request, options)
  if (outcome.kind !== "accepted") throw new Error(JSON.stringify(outcome))
  return outcome.id
}

const filledIn = (request: object) => ({ subject: undefined, text: undefined, template: "system-alert", data: { system: "Cổng", level: "Thử", since: "2026-11-26T08:15:00+07:00" }, ...request })

const intakeOn = (acceptances: AcceptanceStore, forwarding?: ForwardingRules): Intake =>
  createIntake({
    directory, acceptances, rates: { take: () => false, isExhausted: () => true }, clock, wake: () => undefined, config: { hostname: "mail.tinh.example", expiryMs: 5 * 24 * hour, ...(forwarding && { forwarding }) },
    mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
  })

const failures: unknown[] = []
const worker = (options: { readonly intake?: Pick<Intake, "accept">; readonly remoteAtOnce?: number } = {}): Campaigns =>
  createCampaigns({
    store: campaigns, intake: options.intake ?? intakeOn(world.acceptances), contents: world.contents, templates: createTemplateSource(createTemplateStore(world)), suppressions: createSuppressionStore(world), directory,
    sealing: createSealer(Buffer.alloc(32, 7)), hostname: "mail.tinh.example", clock, maxMessageBytes: 1e6, concurrency: 1, remoteAtOnce: options.remoteAtOnce ?? 1_000, ended: () => void ended++,
    log: { sent: () => undefined, refused: () => undefined, failed: ({ error }) => void failures.push(error) },
  })

const states = async (id: number): Promise<Readonly<Record<string, string>>> => Object.fromEntries((await store.recipients(id, { after: 0, limit: 100, seen: false })).map(({ address, state }) => [address, state]))

test("what is scheduled waits for its time, and what has expired is not sent any more", async () => {
  const id = await asked({ to: ["an@tinh.example"], sendAt: new Date(now + hour).toISOString(), expiresAt: new Date(now + 2 * hour).toISOString() })
  const late = await asked({ to: ["binh@tinh.example"], sendAt: new Date(now + hour).toISOString(), expiresAt: new Date(now + hour + 1_000).toISOString() })
  await worker().run()
  expect(await states(id)).toEqual({ "an@tinh.example": "waiting" })
  now += hour + 1_500
  await worker().run()
  expect(await states(id)).toEqual({ "an@tinh.example": "sent" })
  expect(await states(late)).toEqual({ "binh@tinh.example": "expired" })
  expect([(await store.byId(id))?.state, (await store.byId(late))?.state]).toEqual(["sent", "expired"])
  // its deliveries end with it
  const [row] = await world.database.query<{ at: number }>({ text: "SELECT (extract(epoch FROM d.expires_at) * 1000)::bigint AS at FROM delivery d JOIN notification_recipient r ON r.envelope_id = d.envelope_id WHERE r.notification_id = $1" }, [id])
  expect(row?.at).toBe((await store.byId(id))?.expiresAt)
})

test("the most urgent comes first; of equally urgent ones each system has its turn, however much another has piled up", async () => {
  const flood = [await asked({ to: ["an@tinh.example"] }), await asked({ to: ["an@tinh.example"] }), await asked({ to: ["an@tinh.example"] })]
  const other = await asked({ to: ["binh@tinh.example"] }, { by: 1 })
  const urgent = await asked({ to: ["binh@tinh.example"], priority: "urgent" }, { by: 1 })
  const flash = await asked({ to: ["binh@tinh.example"], priority: "hoả tốc" })
  const claimed = await campaigns.claim({ limit: 10, recipients: 1_000, each: 200, leaseMs: 10_000, now })
  expect(claimed.map(({ id }) => id)).toEqual([flash, urgent, flood[0], other, flood[1], flood[2]])
  // nobody else gets what is leased
  expect(await campaigns.claim({ limit: 10, recipients: 1_000, each: 200, leaseMs: 10_000, now })).toEqual([])
})

test("two workers at once, one of which dies after each acceptance: everybody has it exactly once", async () => {
  const same = await asked({ to: ["tat-ca@tinh.example", "an@tinh.example", "khach@xa.example", "van-phong@tinh.example"] })
  const each = await asked(filledIn({ to: ["an@tinh.example", "binh@tinh.example", "khach@xa.example", "full@tinh.example"].map((address) => ({ address, data: { message: address } })) }))
  const dying = intakeOn({ commit: async (acceptance) => world.acceptances.commit(acceptance).then(() => Promise.reject(new Error("killed after its commit"))) })
  for (let round = 0; round < 6; round++) {
    await world.database.query({ text: "UPDATE notification SET claimed_until = NULL, next_at = accepted_at" })
    await Promise.all([worker({ intake: dying }).run(), worker({ intake: round < 5 ? dying : intakeOn(world.acceptances) }).run()])
  }
  for (const id of [same, each]) {
    expect(new Set(Object.values(await states(id)))).toEqual(new Set(["sent"]))
    const [row] = await world.database.query<{ deliveries: number; recipients: number }>({
      text: "SELECT count(*) AS deliveries, count(DISTINCT d.recipient) AS recipients FROM delivery d WHERE d.envelope_id IN (SELECT envelope_id FROM notification_recipient WHERE notification_id = $1)",
    }, [id])
    expect(row).toEqual({ deliveries: 4, recipients: 4 })
  }
  const [all] = await world.database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM envelope e JOIN delivery d ON d.envelope_id = e.id WHERE e.source = 'notification' AND e.id > (SELECT min(envelope_id) - 1 FROM notification_recipient)" })
  expect(all?.n).toBe(8)
  // what it was made from is not kept beside the message
  expect(await world.database.query({ text: "SELECT n FROM notification_recipient WHERE data IS NOT NULL" })).toEqual([])
})

test("a group is its members as they are, an address is written to once, other data makes another message", async () => {
  const id = await asked({ to: ["ngoai@tinh.example", "tat-ca@tinh.example", "nguyen.an@tinh.example"] }, { by: 1 }).catch((error: unknown) => String(error))
  // a group inside is closed to this sender
  expect(id).toContain("is a group that is closed to this sender")
  const open = await ask({ to: ["tat-ca@tinh.example", "nguyen.an@tinh.example", "binh@tinh.example"] })
  expect(open).toMatchObject({ kind: "accepted", recipients: 2, duplicates: 2 })
  expect(await ask(filledIn({ to: [{ address: "an@tinh.example", data: { message: "1" } }, { address: "nguyen.an@tinh.example", data: { message: "2" } }, { address: "an@tinh.example", data: { message: "1" } }] }))).toMatchObject({ kind: "accepted", recipients: 2, duplicates: 1 })
})

test("who is gone when its turn comes has failed, and the others have it", async () => {
  const id = await asked({ to: ["an@tinh.example", "binh@tinh.example", "da-chet@xa.example"] })
  await createSuppressionStore(world).add({ recipient: "da-chet@xa.example", until: null, by: "QT1", note: "" })
  await world.database.query({ text: "UPDATE account SET suspended_at = now() WHERE address = 'binh@tinh.example'" })
  await world.database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
  await worker().run()
  expect(await states(id)).toEqual({ "an@tinh.example": "sent", "binh@tinh.example": "failed", "da-chet@xa.example": "failed" })
  expect(await store.changes(id, 0, 10)).toMatchObject([{ address: "binh@tinh.example", change: 1, status: "5.2.1" }, { address: "da-chet@xa.example", change: 2, status: "5.1.1" }])
  await world.database.query({ text: "UPDATE account SET suspended_at = NULL WHERE address = 'binh@tinh.example'" })
  await world.database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
})

test("an account that was made a moment ago is not gone, though the worker has not heard of it yet", async () => {
  await world.account("moi@tinh.example")
  const elsewhere = await createDirectorySource({ database: world.database, log: testLog, tickMs: 0 })
  const outcome = await notifications(0, elsewhere).send(notificationRequest.parse({ subject: "x", text: "x", to: ["moi@tinh.example"] }), system(0), { idempotencyKey: null, requestSha256: Buffer.alloc(32) })
  elsewhere.close()
  if (outcome.kind !== "accepted") throw new Error(JSON.stringify(outcome))
  expect(directory.current().resolve("moi@tinh.example").kind).toBe("unknown")
  await worker().run()
  expect(await states(outcome.id)).toEqual({ "moi@tinh.example": "sent" })
})

test("no more are on their way to other servers at once than may be", async () => {
  await world.database.query({ text: "UPDATE delivery SET state = 'failed' WHERE account_id IS NULL" })
  const id = await asked({ to: Array.from({ length: 7 }, (_, n) => `dan-${n}@xa.example`) })
  const limited = worker({ remoteAtOnce: 3 })
  await limited.run()
  expect((await store.counts(id)).sent).toBe(3)
  now += 1_500
  await limited.run()
  expect((await store.counts(id)).sent).toBe(3)
  await world.database.query({ text: "UPDATE delivery SET state = 'relayed', settled_at = now() WHERE account_id IS NULL AND state = 'waiting'" })
  now += 1_500
  await limited.run()
  expect((await store.counts(id)).sent).toBe(6)
})

test("what became of deliveries is taken over in order, once, and told from where a reader was", async () => {
  const id = await asked({ to: ["an@tinh.example", "binh@tinh.example", "khach@xa.example"] })
  await worker().run()
  const [{ ids } = { ids: [] }] = await world.database.query<{ ids: number[] }>({ text: "SELECT array_agg(d.id) AS ids FROM delivery d JOIN notification_recipient r ON r.envelope_id = d.envelope_id AND r.address = d.recipient WHERE r.notification_id = $1 AND d.account_id IS NOT NULL" }, [id])
  await world.deliveries.deliverLocal(ids, Date.now())
  expect(await campaigns.settle({ notificationId: 0, n: 0 }, 1_000)).toEqual({ next: undefined, notifications: [id] })
  expect(await campaigns.settle({ notificationId: 0, n: 0 }, 1_000)).toEqual({ next: undefined, notifications: [] })
  await world.database.query({ text: "UPDATE delivery SET state = 'failed', status = '5.1.1', diagnostic = 'User unknown', settled_at = now() WHERE recipient = 'khach@xa.example' AND state = 'waiting'" })
  expect(await campaigns.settle({ notificationId: 0, n: 0 }, 1)).toMatchObject({ notifications: [id] })
  expect(await store.changes(id, 2, 10)).toMatchObject([{ address: "khach@xa.example", state: "failed", status: "5.1.1", reason: "User unknown", change: 3 }])
  expect(await store.counts(id)).toMatchObject({ delivered: 2, failed: 1, sent: 0 })
})

/** Changes the directory and has everybody know. */
async function inDirectory(...texts: readonly string[]): Promise<void> {
  for (const text of texts) await world.database.query({ text })
  await world.database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
}

test("an account that has another address when its turn comes, or passes its mail on, has its state told like all others", async () => {
  const id = await asked({ to: ["khach@xa.example", "an@tinh.example", "binh@tinh.example", "full@tinh.example"], sendAt: new Date(now + hour).toISOString() })
  await inDirectory("UPDATE account SET address = 'an.moi@tinh.example' WHERE address = 'an@tinh.example'", "INSERT INTO alias (address, account_id) SELECT 'an@tinh.example', id FROM account WHERE address = 'an.moi@tinh.example'")
  // who merges with another recipient is told, too
  await inDirectory("INSERT INTO forwarding (account_id, target, keep_copy, principal_id) SELECT id, 'khach@xa.example', false, 'binh' FROM account WHERE address = 'binh@tinh.example'", "INSERT INTO forwarding (account_id, target, keep_copy) SELECT id, 'nha@xa.example', true FROM account WHERE address = 'full@tinh.example'")
  now += hour
  await worker({ intake: intakeOn(world.acceptances, { inside: true, domains: ["xa.example"] }) }).run()
  await campaigns.settle({ notificationId: 0, n: 0 }, 1_000)
  expect(await store.counts(id)).toMatchObject({ sent: 4 })
  const deliveries = await world.database.query<{ id: number; recipient: string; local: boolean }>({ text: "SELECT id, recipient, account_id IS NOT NULL AS local FROM delivery WHERE envelope_id IN (SELECT envelope_id FROM notification_recipient WHERE notification_id = $1) ORDER BY recipient" }, [id])
  expect(deliveries.map(({ recipient }) => recipient)).toEqual(["an.moi@tinh.example", "full@tinh.example", "khach@xa.example", "nha@xa.example"])
  await world.database.query({ text: "UPDATE delivery SET state = 'delivered', settled_at = now() WHERE id = ANY ($1)" }, [deliveries.filter(({ local }) => local).map((one) => one.id)])
  await campaigns.settle({ notificationId: 0, n: 0 }, 1_000)
  expect(await states(id)).toEqual({ "an@tinh.example": "delivered", "binh@tinh.example": "sent", "full@tinh.example": "delivered", "khach@xa.example": "sent" })
  await world.database.query({ text: "UPDATE delivery SET state = 'relayed', settled_at = now() WHERE id = ANY ($1)" }, [deliveries.filter(({ local }) => !local).map((one) => one.id)])
  await campaigns.settle({ notificationId: 0, n: 0 }, 1_000)
  expect(await states(id)).toEqual({ "an@tinh.example": "delivered", "binh@tinh.example": "relayed", "full@tinh.example": "delivered", "khach@xa.example": "relayed" })
  await inDirectory("DELETE FROM forwarding", "DELETE FROM alias WHERE address = 'an@tinh.example'", "UPDATE account SET address = 'an@tinh.example' WHERE address = 'an.moi@tinh.example'")
})

test("a group that is named ten thousand times is opened once", async () => {
  const snapshot = directory.current()
  let asked = 0
  const counting: Directory = Object.create(snapshot, { resolve: { value: (address: string) => (asked++, snapshot.resolve(address)) } }) as Directory
  const sender = snapshot.account(system(0).accountId)
  if (!sender) throw new Error("no sender")
  const entries = Array.from({ length: 10_000 }, (_, n) => [...("tat-ca")].map((letter, at) => ((n >> at) & 1 ? letter.toUpperCase() : letter)).join("") + "@tinh.example")
  expect(await resolveRecipients(entries, { directory: counting, sender })).toMatchObject({ ok: true, value: { recipients: [{ address: "an@tinh.example" }, { address: "binh@tinh.example" }], duplicates: 19_998 } })
  expect(asked).toBeLessThan(10_020)
})

test("a moderated group is not written to past its moderators", async () => {
  await inDirectory("UPDATE mail_group SET moderators = '{binh@tinh.example}' WHERE address = 'tat-ca@tinh.example'")
  const outcome = await ask({ to: ["tat-ca@tinh.example"] })
  await inDirectory("UPDATE mail_group SET moderators = '{may@tinh.example}' WHERE address = 'tat-ca@tinh.example'")
  const own = await ask({ to: ["tat-ca@tinh.example"] })
  await inDirectory("UPDATE mail_group SET moderators = NULL WHERE address = 'tat-ca@tinh.example'")
  expect(outcome).toEqual({ kind: "invalid", problems: [{ pointer: "to.0", detail: "tat-ca@tinh.example is a group whose moderators approve what this sender writes: one of them may send it" }] })
  expect(own).toMatchObject({ kind: "accepted" })
})

test("a carriage return that stands alone is the end of a line like any other; what is too large is said to be", async () => {
  expect(await ask({ to: ["an@tinh.example"], text: "mot\rhai" })).toMatchObject({ kind: "accepted" })
  expect(await ask({ to: ["an@tinh.example"], text: "một\rhai", html: "<p>mot\rhai</p>" })).toMatchObject({ kind: "accepted" })
  const id = await asked(filledIn({ to: ["an", "binh"].map((name) => ({ address: `${name}@tinh.example`, data: { message: "dong mot\rdong hai" } })) }))
  await worker().run()
  expect(await states(id)).toEqual({ "an@tinh.example": "sent", "binh@tinh.example": "sent" })
  const contents = await world.database.query<{ hash: Buffer }>({ text: "SELECT content AS hash FROM notification WHERE content IS NOT NULL UNION SELECT e.content FROM envelope e JOIN notification_recipient r ON r.envelope_id = e.id" })
  for (const { hash } of contents) {
    const chunks: Uint8Array[] = []
    for await (const chunk of world.contents.read(hash)) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
  }
  expect(contents.length).toBeGreaterThan(3)
  expect(await ask({ to: ["an@tinh.example"], text: "x", html: "chữ".repeat(333_333) })).toMatchObject({ kind: "invalid", problems: [{ pointer: "", detail: expect.stringContaining("larger than") as string }] })
})

test("cancelled before its turn nobody has it; a content that waits is kept by housekeeping, one that does not is not", async () => {
  const id = await asked({ to: ["an@tinh.example"], sendAt: new Date(now + hour).toISOString() })
  const content = async () => (await world.database.query<{ orphaned: boolean }>({ text: "SELECT c.orphaned_at IS NOT NULL AS orphaned FROM notification n JOIN content c ON c.hash = n.content WHERE n.id = $1" }, [id]))[0]?.orphaned
  const housekeeping = createHousekeeping({ database: world.database, blobs: createFileBlobs(world.blobDir), clock })
  await housekeeping.markOrphans()
  expect(await content()).toBe(false)
  expect(await store.cancel(id, { now, by: "QT1" })).toEqual({ cancelled: 1 })
  expect(await store.cancel(id, { now, by: "QT1" })).toBeUndefined()
  now += hour
  await worker().run()
  expect(await states(id)).toEqual({ "an@tinh.example": "cancelled" })
  await housekeeping.markOrphans()
  expect(await content()).toBe(true)
  expect(await store.forget(now + 1)).toBe(1)
  expect(await store.byId(id)).toBeUndefined()
})

test("one that takes long gives way when somebody asks for something, and is told of when it is over", async () => {
  const long = await asked(filledIn({ to: Array.from({ length: 450 }, (_, n) => ({ address: "an@tinh.example", data: { message: `${n}` } })) }))
  const intake = intakeOn(world.acceptances)
  let flash: Promise<number> | undefined
  ended = 0
  const working = worker({
    intake: {
      async accept(request) {
        flash ??= asked({ to: ["binh@tinh.example"], priority: "flash" }).finally(() => void working.run())
        await flash
        return intake.accept(request)
      },
    },
  })
  await working.run()
  const urgent = await flash
  const [row] = await world.database.query<{ earlier: number; later: number }>({
    text: "SELECT count(*) FILTER (WHERE r.envelope_id < u.envelope_id) AS earlier, count(*) FILTER (WHERE r.envelope_id > u.envelope_id) AS later FROM notification_recipient r, notification_recipient u WHERE r.notification_id = $1 AND u.notification_id = $2",
  }, [long, urgent ?? 0])
  // 200 are made whoever asks, and those under way are finished
  expect(row?.earlier).toBeGreaterThanOrEqual(200)
  expect(row?.later).toBeGreaterThan(150)
  expect(await store.counts(long)).toMatchObject({ waiting: 0, sent: 450 })
  expect(ended).toBeGreaterThan(0)
})

test("one key is one notification, twenty at once; and it is given back what it was counted for twice", async () => {
  const outcomes = await Promise.all(Array.from({ length: 20 }, () => ask({ to: ["an@tinh.example"] }, { key: "mot" })))
  expect(new Set(outcomes.map((outcome) => (outcome.kind === "accepted" ? outcome.id : outcome.kind))).size).toBe(1)
  expect(outcomes.filter((outcome) => outcome.kind === "accepted" && !outcome.repeated)).toHaveLength(1)
  expect(await ask({ to: ["binh@tinh.example"] }, { key: "mot" })).toEqual({ kind: "mismatch" })
  expect(await ask({ to: ["binh@tinh.example"] }, { key: "mot", by: 1 })).toMatchObject({ kind: "accepted", repeated: false })
})

test("a system that wants more than its hour holds is told how long to wait, and less than that still fits", async () => {
  const limited = notifications(3)
  const request = (count: number) => notificationRequest.parse({ subject: "x", text: "x", to: Array.from({ length: count }, (_, n) => `dan-${n}@xa.example`) })
  const send = (count: number) => limited.send(request(count), system(0), { idempotencyKey: null, requestSha256: Buffer.alloc(32) })
  expect(await send(4)).toMatchObject({ kind: "limited" })
  expect(await send(2)).toMatchObject({ kind: "accepted" })
  expect(await send(2)).toMatchObject({ kind: "limited" })
  expect(await send(1)).toMatchObject({ kind: "accepted" })
})

test("with the disk nearly full nothing is taken", async () => {
  low = true
  expect(await ask({ to: ["an@tinh.example"] })).toEqual({ kind: "unavailable" })
  low = false
  expect(await ask({ to: ["an@tinh.example"] })).toMatchObject({ kind: "accepted" })
})

test("a large notification is there whole or not at all", async () => {
  const id = await asked({ to: Array.from({ length: 2_500 }, (_, n) => `dan-${n}@xa.example`) })
  expect(await store.counts(id)).toMatchObject({ waiting: 2_500 })
  const last = await store.recipients(id, { after: 2_498, limit: 10, seen: false })
  expect(last).toMatchObject([{ n: 2_499, address: "dan-2498@xa.example" }, { n: 2_500 }])
  expect(woken).toBeGreaterThan(0)
  expect(failures.filter((error) => !String(error).includes("killed after its commit"))).toEqual([])
})
