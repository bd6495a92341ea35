import { readdir } from "node:fs/promises"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { Login } from "../../src/accounts/login.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { AcceptRequest, Intake } from "../../src/intake/intake.ts"
import type { Committed } from "../../src/store/acceptance-store.ts"
import { createAcceptanceStore } from "../../src/store/sql/acceptances.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
let store: TestStore
let directory: SqlDirectorySource
let woken: Committed[]
let skipped: string[]
let intake: Intake

const newIntake = (over: Partial<Parameters<typeof createIntake>[0]> = {}): Intake =>
  createIntake({
    directory, acceptances: store.acceptances, wake: (committed) => void woken.push(committed), rates: { take: () => true, isExhausted: () => false }, clock: { now: () => now },
    config: { hostname: "mail.tinh.example", expiryMs: 1_000 },
    mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: ({ members }) => void skipped.push(...members) },
    ...over,
  })

beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
})
beforeEach(() => {
  woken = []
  skipped = []
  intake = newIntake()
})
afterAll(async () => {
  directory.close()
  await store.close()
})

const text = "From: a@ngoai.example\r\nSubject: x\r\n\r\nbody\r\n"

const request = async (change: Partial<AcceptRequest> = {}, recipients = ["an@tinh.example"], bytes: string | Buffer = text): Promise<AcceptRequest> => ({
  source: "mx",
  envelope: { reversePath: "a@ngoai.example", recipients: recipients.map((forwardPath) => ({ forwardPath })), requireTls: false, smtpUtf8: false },
  content: await store.prepare(bytes),
  session: { sessionId: "s1", clientAddress: "192.0.2.7", helo: "thu.ngoai.example", tls: "TLSv1.3 TLS_AES_256_GCM_SHA384", accountId: null, principalId: null },
  ...change,
})

const accountId = (address: string): number => {
  const found = directory.current().resolve(address)
  if (found.kind !== "account") throw new Error(address)
  return found.account.id
}

const login = (change: Partial<Login> = {}): Login => ({ accountId: accountId("an@tinh.example"), address: "an@tinh.example", principalId: "an", credentialId: 1, via: "password", ...change })

const count = async (table: "envelope" | "delivery" | "content"): Promise<number> => {
  const [row] = await store.database.query<{ count: number }>({ text: `SELECT count(*) FROM ${table}` })
  return row?.count ?? 0
}

const tracePrefix = async (envelopeId: number): Promise<string> => {
  const [row] = await store.database.query<{ trace_prefix: string }>({ text: "SELECT trace_prefix FROM envelope WHERE id = $1" }, [envelopeId])
  return row?.trace_prefix ?? ""
}

const refusal = async (accept: AcceptRequest, door = intake): Promise<string> => {
  const reply = await door.accept(accept)
  return reply.kind === "refused" ? `${reply.code} ${reply.status}` : "accepted"
}

describe("intake", () => {
  test("commits, wakes the outbox, and puts the trace before the message", async () => {
    const reply = await intake.accept(await request({}, ["tat-ca@tinh.example"]))
    if (reply.kind !== "accepted") throw new Error(reply.text)
    expect(reply.status).toBe("2.0.0")
    expect(woken).toEqual([reply.committed])
    expect(reply.committed.deliveryIds).toHaveLength(2)
    expect(skipped).toEqual(["closed@tinh.example"])
    expect((await tracePrefix(reply.committed.envelopeId)).replace(/\r\n\s/g, " ")).toBe(
      "Return-Path: <a@ngoai.example>\r\nReceived: from thu.ngoai.example ([192.0.2.7]) by mail.tinh.example with ESMTPS id s1 for <tat-ca@tinh.example> tls TLS_AES_256_GCM_SHA384; Mon, 15 Jun 2026 10:00:00 +0700\r\n",
    )
  })

  test("Return-Path is not there for a message that only leaves, and several recipients do not learn of each other", async () => {
    const submitter = { login: login(), headerFrom: ["an@tinh.example"], headerSender: [] }
    const reply = await intake.accept({ ...(await request({ source: "submission", submitter }, ["x@xa.example", "y@xa.example"])), envelope: { reversePath: "an@tinh.example", recipients: [{ forwardPath: "x@xa.example" }, { forwardPath: "y@xa.example" }], requireTls: false, smtpUtf8: true } })
    if (reply.kind !== "accepted") throw new Error(reply.text)
    const prefix = await tracePrefix(reply.committed.envelopeId)
    expect(prefix).toMatch(/^Received: /)
    expect(prefix).toContain("UTF8SMTPSA")
    expect(prefix).not.toContain("xa.example")
  })

  test("a decision on an old directory is taken again on the new one", async () => {
    await store.database.query({ text: "UPDATE directory_version SET version = version + 1" })
    expect(await refusal(await request())).toBe("accepted")
  })

  test("an account suspended after RCPT gets nothing more", async () => {
    await store.database.query({ text: "UPDATE account SET suspended_at = now() WHERE address = 'binh@tinh.example'; UPDATE directory_version SET version = version + 1" })
    const before = await count("envelope")
    try {
      expect(await refusal(await request({}, ["binh@tinh.example"]))).toBe("550 5.2.1")
      // the others are told to come again, and RCPT then names the one
      expect(await refusal(await request({}, ["an@tinh.example", "binh@tinh.example"]))).toBe("451 4.3.0")
      expect(await count("envelope")).toBe(before)
    } finally {
      await store.database.query({ text: "UPDATE account SET suspended_at = NULL WHERE address = 'binh@tinh.example'; UPDATE directory_version SET version = version + 1" })
    }
  })

  test("mail from outside is never relayed, whatever RCPT said; a group may have foreign members", async () => {
    expect(await refusal(await request({}, ["x@xa.example"]))).toBe("550 5.7.1")
    await store.database.query({ text: "INSERT INTO mail_group (address, display_name) VALUES ('mo@tinh.example', 'Mở'); INSERT INTO mail_group_member VALUES ('mo@tinh.example', 'x@xa.example'); UPDATE directory_version SET version = version + 1" })
    await directory.refresh()
    expect(await refusal(await request({}, ["mo@tinh.example"]))).toBe("accepted")
  })

  test("loops end (RFC 5321 §6.3)", async () => {
    const hops = (times: number): string => "Received: from a\r\n\tby b; Mon, 15 Jun 2026 03:00:00 +0000\r\n".repeat(times)
    expect(await refusal(await request({}, undefined, `${hops(51)}${text}`))).toBe("554 5.4.6")
    expect(await refusal(await request({}, undefined, `${hops(50)}${text}`))).toBe("accepted")
    expect(await refusal(await request({ hops: 51 }))).toBe("554 5.4.6")
  })

  test("the account sent as and the person behind it are recorded", async () => {
    const submitter = { login: login(), headerFrom: ["van-phong@tinh.example"], headerSender: ["an@tinh.example"] }
    const base = await request({ source: "submission", submitter })
    const reply = await intake.accept({ ...base, envelope: { ...base.envelope, reversePath: "van-phong@tinh.example" }, session: { ...base.session, accountId: login().accountId, principalId: "an" } })
    if (reply.kind !== "accepted") throw new Error(reply.text)
    const [audit] = await store.database.query<{ account_id: number; principal_id: string }>({ text: "SELECT account_id, principal_id FROM audit WHERE envelope_id = $1" }, [reply.committed.envelopeId])
    expect(audit).toEqual({ account_id: accountId("van-phong@tinh.example"), principal_id: "an" })
  })

  test.each<[string, Partial<Login>, string, string[], string]>([
    ["own address", {}, "an@tinh.example", ["an@tinh.example"], "accepted"],
    ["alias", {}, "nguyen.an@tinh.example", ["nguyen.an@tinh.example"], "accepted"],
    ["receipt", {}, "", ["an@tinh.example"], "accepted"],
    ["office with a password", {}, "van-phong@tinh.example", ["van-phong@tinh.example"], "accepted"],
    ["office with an app password of one's own account", { via: "appPassword" }, "van-phong@tinh.example", ["an@tinh.example"], "550 5.7.1"],
    ["another's From", {}, "an@tinh.example", ["binh@tinh.example"], "550 5.7.1"],
    ["one's own suspended account", {}, "closed@tinh.example", ["an@tinh.example"], "550 5.7.1"],
    ["nobody behind an owned account", { principalId: null }, "an@tinh.example", ["an@tinh.example"], "550 5.7.1"],
    ["a suspended person", { principalId: "gone" }, "an@tinh.example", ["an@tinh.example"], "550 5.7.1"],
  ])("submission: %s", async (_, change, reversePath, headerFrom, expected) => {
    const base = await request({ source: "submission", submitter: { login: login(change), headerFrom, headerSender: [] } })
    expect(await refusal({ ...base, envelope: { ...base.envelope, reversePath } })).toBe(expected)
  })

  test("the hour's limit of an account", async () => {
    const door = newIntake({ rates: { take: () => false, isExhausted: () => true } })
    const submitter = { login: login(), headerFrom: ["an@tinh.example"], headerSender: [] }
    const base = await request({ source: "submission", submitter })
    expect(await refusal({ ...base, envelope: { ...base.envelope, reversePath: "an@tinh.example" } }, door)).toBe("450 4.7.1")
  })

  test("without the database: 451 4.3.0", async () => {
    const away = openDatabase({ url: "postgres://nobody@127.0.0.1:1/none", poolSize: 1, applicationName: "tests" })
    const door = newIntake({ acceptances: createAcceptanceStore({ database: away, log: testLog }) })
    expect(await refusal(await request(), door)).toBe("451 4.3.0")
    expect(woken).toEqual([])
    await away.close()
  })

  test("a refused large message leaves no blob", async () => {
    const large = Buffer.concat([Buffer.from(text), Buffer.from(Array.from({ length: 400_000 }, (_, i) => 33 + ((i * i * 31 + (i >> 7)) % 90)))])
    const blobs = async (): Promise<number> => (await readdir(store.blobDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length
    const before = await blobs()
    const content = await store.prepare(large)
    expect(content.stored.kind).toBe("blob")
    expect(await blobs()).toBe(before + 1)
    expect(await refusal(await request({ content }, ["nobody@tinh.example"]))).toBe("550 5.1.1")
    expect(await blobs()).toBe(before)
  })
})
