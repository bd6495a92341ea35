import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { ok } from "../../src/base/result.ts"
import { createIntake } from "../../src/intake/accept.ts"
import type { Intake } from "../../src/intake/intake.ts"
import { createJudging } from "../../src/intake/judging.ts"
import type { AuthenticityFacts, DmarcResult } from "../../src/policy/authenticity-facts.ts"
import { compilePolicy } from "../../src/policy/compile-policy.ts"
import { readPolicy } from "../../src/policy/read-policy.ts"
import { createDirectorySource, type SqlDirectorySource } from "../../src/store/sql/directory.ts"
import { createProvince } from "../support/province.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"

/** Whose word makes somebody a correspondent; what SPF, DKIM and DMARC say is what each test wants (asked of a real DNS in authenticity/). */
let store: TestStore
let directory: SqlDirectorySource
let heard: string[]
let authenticity: AuthenticityFacts | null
let intake: Intake
beforeAll(async () => {
  store = await createTestStore()
  await createProvince(store.database)
  directory = await createDirectorySource({ database: store.database, log: testLog, tickMs: 0 })
  const rules = readPolicy("format: 1\nrules:\n  - { id: r, when: { size: { over: 1MiB } }, verdict: { reject: { status: 5.7.1, vi: không, en: no } } }\n")
  if (!rules.ok) throw new Error(JSON.stringify(rules.failure))
  const policy = compilePolicy(rules.value)
  intake = createIntake({
    directory, acceptances: store.acceptances, wake: () => undefined, rates: { take: () => true, isExhausted: () => false }, clock: { now: () => Date.parse("2026-11-26T05:00:00Z") },
    config: { hostname: "mail.tinh.example", expiryMs: 1_000 }, mailLog: { accepted: () => undefined, refused: () => undefined, membersSkipped: () => undefined },
    outbound: { watch: async () => ok(undefined), heardFrom: (address, accountIds) => void heard.push(`${address} ${accountIds.length}`), close: async () => undefined },
    policy: {
      judging: createJudging({ policy: { current: () => ({ version: 1, policy }) }, signatures: { read: async () => ok(null) }, administrators: () => [], software: "test", seal: () => new Uint8Array(), authenticator: { authenticate: async () => authenticity } }),
      signer: { sign: () => Promise.reject(new Error("nothing is signed here")) }, recordRefused: async () => undefined,
    },
  })
})
beforeEach(() => {
  heard = []
})
afterAll(async () => {
  directory.close()
  await store.close()
})

const found = (result: DmarcResult, aligned: boolean, policy: "none" | null = "none"): AuthenticityFacts => ({
  spf: { result: "pass", domain: "xa.example", aligned: false }, dkim: [], arc: { result: "none", sealers: [], vouched: false }, aligned,
  dmarc: { result, policy, domain: "ngoai.example", policyDomain: policy && "ngoai.example" },
})

test.each<[string, AuthenticityFacts | null, readonly string[]]>([
  ["DMARC passes", found("pass", true), ["lan@ngoai.example 1"]],
  ["the author's domain has no record, and SPF or DKIM is its own", found("none", true, null), ["lan@ngoai.example 1"]],
  ["DMARC fails where the domain asks only for reports", found("fail", false), []],
  ["the author's domain has no record, and nothing speaks for it", found("none", false, null), []],
  ["nobody can tell now", found("temperror", false), []],
  ["a relay of ours has asked already", null, ["vien@xa.example 1"]],
])("whoever writes is a correspondent from then on when %s", async (_, facts, expected) => {
  authenticity = facts
  const reply = await intake.accept({
    source: "mx", envelope: { reversePath: "vien@xa.example", recipients: [{ forwardPath: "an@tinh.example" }], requireTls: false, smtpUtf8: false },
    content: await store.prepare("From: Lan <Lan@NGOAI.example>\r\nSubject: x\r\n\r\nbody\r\n"),
    session: { sessionId: "s", clientAddress: "192.0.2.7", helo: "h", tls: null, accountId: null, principalId: null },
  })
  expect(reply.kind).toBe("accepted")
  expect(heard).toEqual(expected)
})
