import { expect, test } from "vitest"
import type { AuthenticityFacts, DmarcResult } from "../../src/policy/authenticity-facts.ts"
import { saveDmarcReport } from "../../src/reports/dmarc-save.ts"
import { aggregateReport } from "../support/aggregate-report.ts"

/** What is decided before the store is asked; the store itself is in tests/store/received-dmarc.test.ts, the whole way in tests/flows/dmarc-reports.test.ts. */
const found = (result: DmarcResult, aligned: boolean): AuthenticityFacts => ({
  spf: { result: "none", domain: "xa.example", aligned: false }, dkim: [], arc: { result: "none", sealers: [], vouched: false }, aligned,
  dmarc: { result, policy: null, domain: "xa.example", policyDomain: null },
})
const proven = found("pass", true)
const none = { own: 0, all: 0 }

test.each<[string, AuthenticityFacts | undefined, string, { readonly own: number; readonly all: number }, string]>([
  ["of a proven author", proven, "tinh.example", none, "stored as xa.example"],
  ["of an author whose domain has no DMARC record, by SPF or DKIM", found("none", true), "tinh.example", none, "stored as xa.example"],
  ["of a relay of ours", undefined, "tinh.example", none, "stored as "],
  ["of a forger", found("fail", false), "tinh.example", none, "it is not proven to be from whom it says"],
  ["of nobody that anybody speaks for", found("none", false), "tinh.example", none, "it is not proven to be from whom it says"],
  ["about a domain below ours", proven, "con.tinh.example", none, "stored as xa.example"],
  ["about a domain that this server's name is below", proven, "giang.example", none, "stored as xa.example"],
  ["about a domain that ends like ours", proven, "xatinh.example", none, "it is about no domain of ours"],
  ["about somebody else's domain", proven, "xa.example", none, "it is about no domain of ours"],
  ["of a reporter who has said enough today", proven, "tinh.example", { own: 99_999, all: 99_999 }, "there are more records in a day than are kept"],
  ["at the end of a day full of reports", proven, "tinh.example", { own: 0, all: 999_999 }, "there are more records in a day than are kept"],
  ["at the limit", proven, "tinh.example", { own: 99_998, all: 999_998 }, "stored as xa.example"],
])("a report %s", async (_, authenticity, domain, records, expected) => {
  let submitter: string | undefined
  const store = {
    records: async () => records,
    add: async (_report: unknown, mail: { readonly submitter: string }): Promise<"stored"> => {
      submitter = mail.submitter
      return "stored"
    },
  }
  const report = aggregateReport({ policy: { ...aggregateReport().policy, domain } })
  const saved = await saveDmarcReport(report, { envelopeId: 1, receivedAt: 1, authenticity }, { store, isLocalDomain: (name) => name === "tinh.example", hostname: "mail.giang.example" })
  expect(saved.kind === "bad" ? saved.reason : `${saved.kind} as ${submitter}`).toBe(expected)
})
