import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import type { DirectoryChange } from "../../src/accounts/provision/changes.ts"
import { seenTag } from "../../src/accounts/provision/records.ts"
import { oneTimePasswords } from "../../src/roles/provisioning.ts"
import type { GuidedAction } from "../../src/store/directory-actions.ts"
import { createDirectoryActions } from "../../src/store/sql/directory-actions.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createLockouts } from "../../src/store/sql/lockouts.ts"
import { createPolicyStore } from "../../src/store/sql/policies.ts"
import { eventTypes, unitEventTypes } from "../../src/store/webhook-event.ts"
import { toldKinds } from "../../src/webhooks/events-of.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"
import { openWebhookWorld, type WebhookWorld } from "../support/webhook-world.ts"
import { everywhere } from "../support/whole-province.ts"

/** What happens in the real stores, and what a webhook hears of it. */
let store: TestStore
let world: WebhookWorld
let make: (change: DirectoryChange) => Promise<string>
let actions: ReturnType<typeof createDirectoryActions>
const ab = "ab".repeat(32)
const script = "<script>Bí mật</script>"

beforeAll(async () => {
  store = await createTestStore()
  const parts = { database: store.database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock: { now: () => Date.now() }, feed: { publish: () => undefined } }
  const editor = createDirectoryEditor(parts)
  actions = createDirectoryActions({ ...parts, oneTimePasswords: oneTimePasswords(Buffer.alloc(32, 3)), keeping: { aliasUntil: () => "2099-05-26", leaverMonths: 6, headMonths: 12, headTitles: [] } })
  make = async (change) => {
    const done = await editor.change(change, { scope: everywhere })
    if (!done.ok) throw new Error(JSON.stringify(done.failure))
    return done.value.key
  }
  for (const [code, parentCode] of [["T", null], ["A", "T"], ["A.VP", "A"], ["B", "T"]] as const) await make({ kind: "addUnit", unit: { code, name: code, kind: "department", parentCode, domain: `${code[0]?.toLowerCase()}.tinh.example`, addressRule: null } })
  await make({ kind: "addAccount", account: { address: "quantri@t.tinh.example", kind: "organizational", displayName: "Quản trị", unitCode: "T", quotaBytes: 1e9, ownerId: null } })
  world = await openWebhookWorld(store.database, "quantri@t.tinh.example")
})
afterAll(async () => {
  await world.close()
  await store.close()
})
beforeEach(async () => {
  await store.database.query({ text: "DELETE FROM webhook" })
  await store.database.query({ text: "DELETE FROM happening" })
})

const heard = async () => (await world.round()).map(({ body: { type, data } }) => ({ type, ...data }))
async function act(action: GuidedAction): Promise<number> {
  const plan = await actions.plan(action, { scope: everywhere })
  if (!plan.ok) throw new Error(JSON.stringify(plan.failure))
  const done = await actions.apply(action, plan.value.seen, { scope: everywhere })
  if (!done.ok) throw new Error(JSON.stringify(done.failure))
  return done.value.id
}
async function person(principalId: string, unitCode: string): Promise<string> {
  await make({ kind: "addPerson", person: { principalId, kind: "individual", name: `Nguyễn Văn ${principalId}`, unitCode, title: script, phone: "0912 345 678" } })
  return make({ kind: "addAccount", account: { address: null, kind: "personal", displayName: script, unitCode, quotaBytes: 1e9, ownerId: principalId } })
}

test("the directory: people and accounts made, changed, moved, moved back, gone, and back; of them numbers, addresses and units alone", async () => {
  await world.add(eventTypes)
  const address = await person("An", "A.VP")
  expect(await heard()).toEqual([{ type: "person.created", person: "An", unit: "A.VP" }, { type: "account.created", account: address, unit: "A.VP" }])

  const record = unwrap(await createDirectoryView(store.database).account(everywhere, address)).record
  await make({ kind: "changeAccount", seen: seenTag(record), account: { ...record, quotaBytes: 2e9, displayName: "Khác" } })
  const changed = unwrap(await createDirectoryView(store.database).account(everywhere, address)).record
  await make({ kind: "suspendAccount", address, seen: seenTag(changed) })
  await make({ kind: "reactivateAccount", address, seen: seenTag({ ...changed, suspended: true }) })
  expect(await heard()).toEqual([
    { type: "account.changed", account: address, unit: "A.VP", changed: expect.arrayContaining(["quotaBytes", "displayName"]) as unknown },
    { type: "account.suspended", account: address, unit: "A.VP" }, { type: "account.reactivated", account: address, unit: "A.VP" },
  ])

  const move = await act({ kind: "move", principalId: "An", unitCode: "B", title: null, keepAddress: false })
  const [row] = await store.database.query<{ address: string }>({ text: "SELECT address FROM account WHERE unit_code = 'B'" })
  expect(await heard()).toEqual([
    { type: "person.moved", person: "An", from: "A.VP", to: "B" }, { type: "account.changed", account: address, unit: "B", changed: ["unitCode"] },
    { type: "account.changed", account: row?.address, unit: "B", changed: ["address"], formerly: address },
  ])
  unwrap2(await actions.undo(move, { scope: everywhere }))
  expect(await heard()).toEqual([
    { type: "person.moved", person: "An", from: "B", to: "A.VP" }, { type: "account.changed", account: address, unit: "A.VP", changed: ["unitCode"] },
    { type: "account.changed", account: address, unit: "A.VP", changed: ["address"], formerly: row?.address },
  ])

  const leave = await act({ kind: "leave", principalId: "An" })
  expect(await heard()).toEqual([{ type: "person.left", person: "An", unit: "A.VP" }, { type: "account.suspended", account: address, unit: "A.VP" }])
  unwrap2(await actions.undo(leave, { scope: everywhere }))
  expect(await heard()).toEqual([{ type: "person.reactivated", person: "An", unit: "A.VP" }, { type: "account.reactivated", account: address, unit: "A.VP" }])
  expect(world.receiver.calls.map(({ text }) => text).join()).not.toMatch(/<script|Nguyễn|0912|Khác/)
})

const unwrap2 = (done: { readonly ok: boolean }): void => expect(done).toMatchObject({ ok: true })

test("messages held, let go, refused, and a delivery that has failed: by number; of the recipient the domain", async () => {
  await world.add(eventTypes)
  const [account] = await store.database.query<{ id: number }>({ text: "SELECT id FROM account WHERE address = 'quantri@t.tinh.example'" })
  const accept = async (more: Partial<Parameters<typeof acceptance>[0]> & { readonly held?: boolean }) => {
    const content = await store.prepare(`Subject: ${script}\r\n\r\n${Math.random()}\r\n`)
    const [version] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
    const one = acceptance({ content, accountIds: [], directoryVersion: version?.version ?? 0, remote: ["cong.dan@xa.example"], reversePath: "quantri@t.tinh.example", ...more })
    return unwrap(await store.acceptances.commit({ ...one, session: { ...one.session, accountId: account?.id ?? 0 }, ...(more.held && { held: { kind: "approval", ruleId: "out.rule", reasonVi: "vì", reasonEn: "why", notify: [] } }) }))
  }
  const [first, second, third] = [await accept({ held: true }), await accept({ held: true }), await accept({})]
  const held = createHeldStore(store)
  unwrap(await held.release(first.envelopeId, { by: "QT1", note: script }))
  unwrap(await held.refuse(second.envelopeId, { by: "QT1", note: script }))
  const failed = (id: number) => store.deliveries.recordAttempt({ deliveryId: id, startedAt: 0, endedAt: 1, remoteMta: "mx.xa.example", tls: null, outcome: { kind: "failed", status: "5.1.1", diagnostic: script } })
  await store.deliveries.claimRemote(third.deliveryIds, 1_000)
  await failed(third.deliveryIds[0] ?? 0)
  const delivery = { type: "delivery.failed", domain: "xa.example", account: "quantri@t.tinh.example", unit: "T" }
  expect(await heard()).toEqual([
    { type: "message.held", message: first.envelopeId, hold: "approval", rule: "out.rule" }, { type: "message.held", message: second.envelopeId, hold: "approval", rule: "out.rule" },
    { type: "message.released", message: first.envelopeId },
    { type: "message.refused", message: second.envelopeId }, { ...delivery, message: second.envelopeId, delivery: second.deliveryIds[0], status: "5.7.1" },
    { ...delivery, message: third.envelopeId, delivery: third.deliveryIds[0], status: "5.1.1" },
  ])
  expect(world.receiver.calls.map(({ text }) => text).join()).not.toMatch(/<script|cong\.dan/)
})

test("the rest: a policy in force, a certificate that ends, is suspended and revoked, a lockout, TLS failures; each once", async () => {
  await world.add(eventTypes)
  const { database } = store
  unwrap(await createPolicyStore(database).apply({ yaml: "a", by: "quantri", why: script }))
  await database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('Cert', 'individual', 'Cert', 'B')" })
  await database.query({ text: `INSERT INTO certificate (fingerprint, issuer_hash, serial_number, der, subject, issuer, addresses, principal_id, use, not_before, not_after, state_by, source)
    VALUES ('${ab}', 'h', '1', '', 'CN=x', 'CN=y', '{}', 'Cert', 'personal', now(), '2026-12-31T00:00:00Z', 'x', 'x')` })
  const warn = (days: number, recipient: string) => database.query({ text: "INSERT INTO certificate_warning (fingerprint, days, recipient, envelope_id) VALUES ($3, $1, $2, 1)" }, [days, recipient, ab])
  await warn(30, "an@t.tinh.example")
  await warn(30, "binh@t.tinh.example")
  await warn(7, "an@t.tinh.example")
  await database.query({ text: "INSERT INTO audit (kind, principal_id, detail) SELECT k, 'Cert', jsonb_build_object('fingerprint', $1::text, 'use', 'personal') FROM unnest(ARRAY['certificate.suspended', 'certificate.reinstated', 'certificate.revoked']) AS k" }, [ab])
  const errors: unknown[] = []
  const lockouts = createLockouts({ database, clock: { now: () => Date.now() }, onError: (error) => void errors.push(error) })
  const lock = () => lockouts.note({ key: "k", kind: "signIn", network: "192.0.2.0/24", name: "mat-khau-cua-toi", failures: 20, forMs: 60_000 })
  lock()
  await expect.poll(() => database.query({ text: "SELECT FROM lockout" })).toHaveLength(1)
  lock()
  const [mail] = await database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM envelope" })
  await database.query({ text: "INSERT INTO received_tls_report (number, envelope_id, submitter, organization, contact, report_id, begins_at, ends_at, received_at) VALUES (1, $1, 's', 'o', 'c', 'r', now(), now(), now())" }, [mail?.id])
  await database.query({ text: "INSERT INTO received_tls_policy (report, position, domain, policy_type, policy_string, mx_hosts, successful, failed, left_out) VALUES (1, 0, 't.tinh.example', 'sts', '{}', '{}', 5, 2, 0), (1, 1, 'a.tinh.example', 'sts', '{}', '{}', 5, 0, 0)" })
  await database.query({ text: "INSERT INTO report_month (month, counted_until, page_price, pages_per_document) VALUES ('2026-10-01', now(), 1, 1)" })
  for (let n = 0; n < 2; n++) await database.query({ text: "UPDATE report_month SET finished_at = coalesce(finished_at, now())" })
  const ending = { type: "certificate.expiring", fingerprint: ab, use: "personal", person: "Cert", unit: "B", notAfter: expect.stringContaining("2026-12-31") as unknown }
  expect(await heard()).toEqual([
    { type: "policy.applied", version: 1, before: null },
    { ...ending, days: 30 }, { ...ending, days: 7 },
    ...["suspended", "reinstated", "revoked"].map((state) => ({ type: `certificate.${state}`, fingerprint: ab, use: "personal", person: "Cert", unit: "B" })),
    { type: "signIn.lockedOut", service: "signIn", network: "192.0.2.0/24", failures: 20, until: expect.any(String) as unknown },
    { type: "tlsReport.failures", report: 1, domain: "t.tinh.example", failed: 2, successful: 5 },
    { type: "report.ready", month: "2026-10" },
  ])
  expect(errors).toEqual([])
})

test("what is not committed is not told; what was taken by a worker that fails is told by the next", async () => {
  await world.add(["account.suspended"])
  const note = "INSERT INTO audit (kind, detail) VALUES ('account.suspended', '{\"key\": \"x@t.tinh.example\"}')"
  await store.database.transaction(async (tx) => {
    await tx.query({ text: note })
    throw new Error("rolled back")
  }).catch(() => undefined)
  expect(await heard()).toEqual([])
  await store.database.query({ text: note })
  await expect(world.store.spread(10, () => { throw new Error("dies") })).rejects.toThrow("dies")
  expect(await heard()).toEqual([{ type: "account.suspended", account: "x@t.tinh.example", unit: null }])
  expect(await store.database.query({ text: "SELECT FROM happening" })).toEqual([])
})

test("nothing is written while nobody asks, nor for what nobody asked for; the triggers and the code know the same kinds", async () => {
  const { database } = store
  await database.query({ text: "INSERT INTO audit (kind, detail) VALUES ('policy.applied', '{}')" })
  expect(await database.query({ text: "SELECT FROM happening" })).toEqual([])
  await world.add(["account.suspended"])
  const events = async () => database.query({ text: "SELECT FROM webhook_event WHERE type = 'policy.applied'" })
  const before = (await events()).length
  await database.query({ text: "INSERT INTO audit (kind, detail) VALUES ('policy.applied', '{}'), ('message.accepted', '{}'), ('signIn.failed', '{}')" })
  expect(await database.query({ text: "SELECT kind FROM happening" })).toEqual([{ kind: "policy.applied" }])
  expect(await heard()).toEqual([])
  expect(await events()).toHaveLength(before)
  const [trigger] = await database.query<{ text: string }>({ text: "SELECT pg_get_triggerdef(oid) AS text FROM pg_trigger WHERE tgname = 'note_happening' AND tgrelid = 'audit'::regclass" })
  const [functions] = await database.query<{ text: string }>({ text: "SELECT string_agg(prosrc, ' ') AS text FROM pg_proc WHERE proname LIKE 'note\\_%'" })
  const words = [...`${trigger?.text} ${functions?.text}`.matchAll(/'([a-zA-Z]+\.[a-zA-Z]+)'/g)].map((match) => match[1])
  expect(words.toSorted()).toEqual(toldKinds.toSorted())
})

test("a webhook of a unit hears of that unit and those below it, of nothing else, and may not ask for what no unit has", async () => {
  const [own, other] = [await world.add(unitEventTypes, { unitCode: "A", path: "A" }), await world.add(unitEventTypes, { unitCode: "B", path: "B" })]
  expect(own.id).not.toBe(other.id)
  const address = await person("Binh", "A.VP")
  expect((await world.round()).map(({ path, body }) => `${path} ${body.type}`)).toEqual(["/A person.created", "/A account.created"])
  await make({ kind: "suspendPerson", principalId: "Binh", seen: seenTag(unwrap(await createDirectoryView(store.database).person(everywhere, "Binh")).record) })
  expect((await world.round()).map(({ path }) => path)).toEqual(["/A"])
  await make({ kind: "reactivatePerson", principalId: "Binh", seen: seenTag(unwrap(await createDirectoryView(store.database).person(everywhere, "Binh")).record) })
  await world.round()
  // who moves is told to both
  await act({ kind: "move", principalId: "Binh", unitCode: "B", title: null, keepAddress: true })
  expect(new Set((await world.round()).map(({ path, body }) => `${path} ${body.type}`))).toEqual(new Set(["/A person.moved", "/B person.moved", "/A account.changed", "/B account.changed"]))
  expect(address).toContain("@a.tinh.example")
  const view = { kind: "administrator", scope: everywhere } as const
  expect(await world.subscriptions.add(view, { description: "x", url: world.receiver.url, events: ["policy.applied"], unitCode: "A", contact: "quantri@t.tinh.example" }, "QT1")).toEqual({ ok: false, failure: "events" })
})
