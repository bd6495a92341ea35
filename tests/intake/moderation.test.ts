import { afterAll, beforeAll, expect, test } from "vitest"
import { createIntake } from "../../src/intake/accept.ts"
import type { AcceptRequest, Intake } from "../../src/intake/intake.ts"
import { createHeldStore } from "../../src/store/sql/held.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore, unwrap } from "../support/store.ts"

let store: TestStore
let directory: SqlDirectorySource
let intake: Intake
let woken = 0

beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  // a moderated group, and one that holds it
  await store.database.query({
    text: `INSERT INTO mail_group (address, display_name, moderators) VALUES ('duyet@tinh.example', 'Có duyệt', ARRAY['an@tinh.example']), ('ngoai-duyet@tinh.example', 'Chứa nhóm có duyệt', NULL);
      INSERT INTO mail_group_member (group_address, member_address) VALUES ('duyet@tinh.example', 'binh@tinh.example'), ('ngoai-duyet@tinh.example', 'duyet@tinh.example')`,
  })
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => void woken++, rates: { take: () => true, isExhausted: () => false }, clock: { now: () => Date.now() },
    config: { hostname: "mail.tinh.example", expiryMs: 60_000 }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
  })
})
afterAll(async () => {
  directory.close()
  await store.close()
})

async function send(to: readonly string[], from: "an" | "binh" | null, source?: AcceptRequest["source"]): Promise<number> {
  const address = from === null ? "ai@ngoai.example" : `${from}@tinh.example`
  const target = directory.current().resolve(address)
  const accountId = target.kind === "account" ? target.account.id : null
  const reply = await intake.accept({
    source: source ?? (from === null ? "mx" : "submission"),
    envelope: { reversePath: address, recipients: to.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false },
    content: await store.prepare(`From: ${address}\r\nSubject: x\r\n\r\n${Math.random()}\r\n`),
    session: { sessionId: "s", clientAddress: "192.0.2.7", helo: "x.example", tls: null, accountId, principalId: from },
    ...(accountId !== null && { submitter: { login: { accountId, address, principalId: from, credentialId: 1, via: "password" as const }, headerFrom: [address], headerSender: [] } }),
  })
  if (reply.kind !== "accepted") throw new Error(reply.text)
  return reply.committed.envelopeId
}

test("who moderates one group does not let a message go to another: only who moderates all of them does, or an administrator", async () => {
  await store.database.query({
    text: `INSERT INTO mail_group (address, display_name, moderators) VALUES ('cua-binh@tinh.example', 'Của Bình', ARRAY['binh@tinh.example']), ('chung@tinh.example', 'Chung', ARRAY['an@tinh.example', 'binh@tinh.example']);
      INSERT INTO mail_group_member (group_address, member_address) VALUES ('cua-binh@tinh.example', 'binh@tinh.example'), ('chung@tinh.example', 'an@tinh.example');
      UPDATE directory_version SET version = version + 1`,
  })
  await directory.refresh()
  const held = createHeldStore(store)
  const approvers = async (envelopeId: number) => Promise.all(["an@tinh.example", "binh@tinh.example"].map((address) => held.mayDecide(envelopeId, [address])))
  const both = await send(["duyet@tinh.example", "chung@tinh.example"], null)
  expect(await approvers(both)).toEqual([true, false])
  const nobody = await send(["duyet@tinh.example", "cua-binh@tinh.example"], null)
  expect(await approvers(nobody)).toEqual([false, false])
  expect(await held.find(nobody)).toMatchObject({ notify: [], reasonVi: expect.stringContaining("gửi riêng cho từng nhóm") as string, reasonEn: expect.stringContaining("to each group by itself") as string })
})

test("what others send to a moderated group waits for its moderators, also through a group around it and from outside", async () => {
  const held = createHeldStore(store)
  for (const [to, from] of [[["duyet@tinh.example", "an@tinh.example"], "binh"], [["ngoai-duyet@tinh.example"], "binh"], [["duyet@tinh.example"], null]] as const) {
    woken = 0
    const envelopeId = await send(to, from)
    expect(woken).toBe(0)
    expect(await held.find(envelopeId)).toMatchObject({ kind: "approval", ruleId: "group.moderated", notify: ["an@tinh.example", ...(from ? [`${from}@tinh.example`] : [])], decision: null })
    expect((await held.awaiting(["an@tinh.example"], 10)).map((one) => one.envelopeId)).toContain(envelopeId)
    expect([await held.mayDecide(envelopeId, ["an@tinh.example"]), await held.mayDecide(envelopeId, ["binh@tinh.example"])]).toEqual([true, false])
    expect(unwrap(await held.release(envelopeId, { by: "an", note: "" })).local.length).toBeGreaterThan(0)
    expect((await held.awaiting(["an@tinh.example"], 10)).map((one) => one.envelopeId)).not.toContain(envelopeId)
  }
})

test("a moderator's own message goes at once, and so does what the system says", async () => {
  for (const [from, source] of [["an", undefined], [null, "dsn"]] as const) {
    woken = 0
    const envelopeId = await send(["duyet@tinh.example"], from, source)
    expect(woken).toBe(1)
    expect(await createHeldStore(store).find(envelopeId)).toBeUndefined()
  }
})
