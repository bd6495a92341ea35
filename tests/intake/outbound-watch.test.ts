import { afterAll, beforeAll, expect, test } from "vitest"
import type { Login } from "../../src/accounts/login.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { AcceptReply, Intake } from "../../src/intake/intake.ts"
import { createOutboundWatch, type OutboundWatch } from "../../src/intake/outbound-watch.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createOutboundStore } from "../../src/store/sql/outbound.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

const now = Date.parse("2026-11-26T05:00:00Z")
let store: TestStore
let directory: SqlDirectorySource
let watch: OutboundWatch
let intake: Intake
const woken: number[] = []
beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  const limits = { recipientsPerHour: 1_000, strangersPerHour: 3, suddenFactor: 10, suddenAbove: 100 }
  watch = createOutboundWatch({
    outbound: createOutboundStore(store), limits, automated: new Set(["may@tinh.example"]), automatedLimits: { ...limits, strangersPerHour: 0 }, administrators: () => ["binh@tinh.example"],
    log: { accountHeld: () => undefined, outboundFailed: () => undefined },
  })
  intake = newIntake(watch)
})
afterAll(async () => {
  await watch.close()
  directory.close()
  await store.close()
})

const newIntake = (outbound: OutboundWatch): Intake => createIntake({
  directory, acceptances: store.acceptances, wake: ({ envelopeId }) => void woken.push(envelopeId), rates: { take: () => true, isExhausted: () => false }, clock: { now: () => now }, outbound,
  config: { hostname: "mail.tinh.example", expiryMs: 86_400_000 }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
})
const accountId = (address: string): number => [...directory.current().accounts()].find((account) => account.address === address)?.id ?? 0
const session = { sessionId: "s", clientAddress: "192.0.2.7", helo: "h", tls: null, accountId: null, principalId: null }

let counter = 0
async function submit(recipients: readonly string[], from = "an@tinh.example", through = intake): Promise<AcceptReply> {
  const login: Login = { accountId: accountId(from), address: from, principalId: from.startsWith("may@") ? null : (from.split("@")[0] ?? null), credentialId: 1, via: "password" }
  return through.accept({
    source: "submission", envelope: { reversePath: from, recipients: recipients.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false },
    content: await store.prepare(`From: ${from}\r\nMessage-ID: <nhieu-${++counter}@tinh.example>\r\n\r\nx\r\n`), session: { ...session, accountId: login.accountId }, submitter: { login, headerFrom: [from], headerSender: [] },
  })
}
const accepted = (reply: AcceptReply): number => {
  if (reply.kind !== "accepted") throw new Error(reply.text)
  return reply.committed.envelopeId
}

test("too many strangers: the message is taken and waits, administrators and sender are told once, and all further mail waits too", async () => {
  const first = accepted(await submit(["a@xa.example", "b@xa.example", "c@xa.example"]))
  expect(woken).toContain(first)
  const second = accepted(await submit(["d@xa.example"]))
  const third = accepted(await submit(["a@xa.example"]))
  const here = accepted(await submit(["binh@tinh.example"]))
  expect(woken).not.toEqual(expect.arrayContaining([second]))
  const held = createHeldStore(store)
  expect(await held.open(10)).toMatchObject([second, third, here].map((envelopeId, n) => ({ envelopeId, kind: "approval", ruleId: "outbound.limit", notify: n === 0 ? ["binh@tinh.example", "an@tinh.example"] : [] })))
  expect((await held.find(second))?.reasonEn).toMatch(/written to 4 strangers within an hour \(limit 3\)/)
  expect(await store.database.query({ text: "SELECT DISTINCT d.state FROM delivery d WHERE d.envelope_id = ANY ($1::bigint[])" }, [[second, third, here]])).toEqual([{ state: "held" }])
  const outbound = createOutboundStore(store)
  expect(await outbound.heldMessages(accountId("an@tinh.example"), "outbound.limit")).toEqual([second, third, here])
  expect(await outbound.heldAccounts()).toMatchObject([{ address: "an@tinh.example", messages: 3 }])
  // a word of an administrator, and it goes on
  expect(unwrap(await held.release(second, { by: "QT1", note: "" })).remote).toHaveLength(1)
  await outbound.clear(accountId("an@tinh.example"), "QT1")
  await store.database.query({ text: "DELETE FROM outbound_hour" })
  expect(woken).toContain(accepted(await submit(["d@xa.example"])))
})

test("who has written to us is no stranger, and a program's strangers are its business", async () => {
  const writers = ["w1@xa.example", "w2@xa.example", "w3@xa.example", "w4@xa.example"]
  for (const reversePath of writers) {
    accepted(await intake.accept({ source: "mx", envelope: { reversePath, recipients: [{ forwardPath: "binh@tinh.example" }], requireTls: false, smtpUtf8: false }, content: await store.prepare(`From: ${reversePath}\r\n\r\n${reversePath}\r\n`), session }))
  }
  await watch.close()
  expect(woken).toContain(accepted(await submit(writers, "binh@tinh.example")))
  expect(woken).toContain(accepted(await submit(["p1@xb.example", "p2@xb.example", "p3@xb.example", "p4@xb.example"], "may@tinh.example")))
})

test("what cannot be counted is put off, not lost and not let through", async () => {
  const broken = createOutboundWatch({
    outbound: { ...createOutboundStore(store), count: () => Promise.reject(new Error("away")) }, limits: { recipientsPerHour: 1, strangersPerHour: 1, suddenFactor: 0, suddenAbove: 0 }, automated: new Set(),
    automatedLimits: { recipientsPerHour: 1, strangersPerHour: 1, suddenFactor: 0, suddenAbove: 0 }, administrators: () => [], log: { accountHeld: () => undefined, outboundFailed: () => undefined },
  })
  expect(await submit(["a@xa.example"], "binh@tinh.example", newIntake(broken))).toMatchObject({ kind: "refused", status: "4.3.0" })
})

test("a group's moderator does not let go what an account has written that is stopped", async () => {
  await store.database.query({ text: "UPDATE mail_group SET moderators = '{an@tinh.example}' WHERE address = 'tat-ca@tinh.example'" })
  await store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
  await directory.refresh()
  const from = "binh@tinh.example"
  accepted(await submit(["m@xa.example", "n@xa.example", "o@xa.example", "p@xa.example"], from))
  const both = accepted(await submit(["tat-ca@tinh.example", "q@xa.example"], from))
  const held = createHeldStore(store)
  expect(await held.find(both)).toMatchObject({ ruleId: "outbound.limit" })
  expect(await held.mayDecide(both, ["an@tinh.example"])).toBe(false)
})
