import { afterAll, beforeAll, expect, test } from "vitest"
import type { Forwarding } from "../../src/accounts/forwarding.ts"
import { createIntake } from "../../src/intake/accept.ts"
import { createForwardingStore } from "../../src/store/sql/forwarding.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createIntakeLog } from "../../src/telemetry/mail-log.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

const hostname = "mail.tinh.example"
const clock = { now: () => Date.now() }
let store: TestStore
let directory: SqlDirectorySource
beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
})
afterAll(async () => {
  directory.close()
  await store.close()
})

const idOf = (address: string): number => {
  const found = directory.current().resolve(address)
  if (found.kind !== "account") throw new Error(`no account ${address}`)
  return found.account.id
}
const forward = (from: string, target: string, keepCopy = false): Forwarding => ({ accountId: idOf(`${from}@tinh.example`), target, keepCopy, principalId: from })

async function deliveredTo(header: string, to: readonly string[]): Promise<readonly (readonly [string, string])[]> {
  const intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: async () => true, isExhausted: () => false }, clock, mailLog: createIntakeLog(testLog),
    config: { hostname, expiryMs: 86_400_000, forwarding: { inside: true, domains: ["xa.example"] } },
  })
  const reply = await intake.accept({
    source: "mx", envelope: { reversePath: "ai@ngoai.example", recipients: to.map((forwardPath) => ({ forwardPath, notify: ["success", "failure"] })), requireTls: false, smtpUtf8: false },
    content: await store.prepare(`${header}From: ai@ngoai.example\r\nSubject: x\r\n\r\nx\r\n`), session: { sessionId: "s", clientAddress: "192.0.2.1", helo: "h.example", tls: null, accountId: null, principalId: null },
  })
  if (reply.kind === "refused") throw new Error(reply.text)
  const rows = await store.database.query<{ recipient: string; notify: string[] }>({ text: "SELECT recipient, notify FROM delivery WHERE id = ANY ($1) ORDER BY recipient" }, [reply.committed.deliveryIds])
  return rows.map(({ recipient, notify }) => [recipient, notify.join()] as const)
}

test("what a person has passed on reaches the other mailbox once, however it was addressed, and its history is in the audit", async () => {
  const forwards = createForwardingStore(store.database)
  const { version } = directory.current()
  expect(await forwards.set(forward("an", "binh@tinh.example"), version)).toEqual({ ok: true, value: version + 1 })
  await directory.refresh()
  expect(await deliveredTo("", ["nguyen.an@tinh.example", "tat-ca@tinh.example"])).toEqual([["binh@tinh.example", "success,failure"]])

  // judged on a directory that is no more: the chain may lead elsewhere by now
  expect(await forwards.set(forward("binh", "an@tinh.example"), version)).toMatchObject({ ok: false, failure: { kind: "inUse" } })
  await forwards.set(forward("an", "khach@xa.example", true), directory.current().version)
  await directory.refresh()
  expect(await deliveredTo("", ["an@tinh.example"])).toEqual([["an@tinh.example", "failure"], ["khach@xa.example", "failure"]])
  expect(await forwards.get(idOf("an@tinh.example"))).toMatchObject({ target: "khach@xa.example", keepCopy: true, principalId: "an" })

  expect(await forwards.end(idOf("an@tinh.example"))).toBeGreaterThan(version)
  expect(await forwards.end(idOf("an@tinh.example"))).toBeUndefined()
  await directory.refresh()
  expect(await deliveredTo("", ["an@tinh.example"])).toEqual([["an@tinh.example", "success,failure"]])
  const entries = await store.database.query<{ kind: string; detail: unknown }>({ text: "SELECT kind, detail FROM audit WHERE kind LIKE 'account.forwarding%' ORDER BY id" })
  expect(entries).toEqual([
    { kind: "account.forwardingSet", detail: { before: null, after: { target: "binh@tinh.example", keepCopy: false, principal: "an" } } },
    { kind: "account.forwardingSet", detail: { before: { target: "binh@tinh.example", keepCopy: false, principal: "an" }, after: { target: "khach@xa.example", keepCopy: true, principal: "an" } } },
    { kind: "account.forwardingEnded", detail: { before: { target: "khach@xa.example", keepCopy: true, principal: "an" } } },
  ])
})

test("a message that two mailboxes on two servers pass to each other comes to rest when it has been here twice", async () => {
  await createForwardingStore(store.database).set(forward("an", "khach@xa.example"), directory.current().version)
  await directory.refresh()
  const here = (id: string): string => `Received: from mx.xa.example ([192.0.2.7])\r\n by ${hostname.toUpperCase()} with ESMTPS id ${id}; Sun, 1 Mar 2026 10:00:00 +0700\r\n`
  const there = "Received: from mail.tinh.example by mx.xa.example with ESMTP id 1; Sun, 1 Mar 2026 10:00:00 +0700\r\n"
  expect(await deliveredTo(there + here("1"), ["an@tinh.example"])).toEqual([["khach@xa.example", "success,failure"]])
  expect(await deliveredTo(there + here("2") + there + here("1"), ["an@tinh.example"])).toEqual([["an@tinh.example", "success,failure"]])
})
