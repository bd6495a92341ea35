import { describe, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Right } from "../../src/accounts/directory.ts"
import type { Login } from "../../src/accounts/login.ts"
import { decide } from "../../src/intake/decide.ts"
import type { PreparedContent } from "../../src/store/content-store.ts"

const account = (id: number, address: string, kind: Account["kind"]): Account => ({ id, address, kind, displayName: address, unitCode: "VP", quotaBytes: 1e9, suspended: false })
const assigned = (accountId: number, rights: readonly Right[]): Assignment => ({ accountId, principalId: "an", rights, from: null, until: null })
const directory = await buildDirectory({
  version: 1, unitDomains: ["tinh.example"], units: [{ code: "VP", kind: "department", parentCode: null }],
  accounts: [account(1, "an@tinh.example", "personal"), account(2, "vp@tinh.example", "organizational")], principals: [{ id: "an", kind: "individual", name: "An", unitCode: "VP", suspended: false }],
  assignments: [assigned(1, ["owner"]), assigned(2, ["send-as"])], certificates: [], aliases: [], groups: [],
})
const login: Login = { accountId: 1, address: "an@tinh.example", principalId: "an", credentialId: 1, via: "password" }

/** What a decision asks of a content is its header. */
const content = { structure: { header: new Uint8Array() } } as PreparedContent

const speaksFor = (reversePath: string, headerFrom: readonly string[], headerSender: readonly string[] = []): readonly string[] => {
  const decision = decide(
    {
      source: "submission", content, submitter: { login, headerFrom, headerSender },
      envelope: { reversePath, recipients: [{ forwardPath: "x@xa.example" }], requireTls: false, smtpUtf8: false },
      session: { sessionId: "s", clientAddress: "192.0.2.1", helo: "", tls: null, accountId: 1, principalId: "an" },
    },
    { directory, now: 0, maxFinalRecipients: 10 },
  )
  if (decision.kind !== "accepted") throw new Error(decision.verdict.ruleId)
  return decision.speaksFor.map(({ address }) => address)
}

describe("whom a submitted message speaks for", () => {
  test.each<[string, string, readonly string[], readonly string[], readonly string[]]>([
    ["oneself", "an@tinh.example", ["an@tinh.example"], [], ["an@tinh.example"]],
    ["the office that the reader is shown, whatever the envelope says", "an@tinh.example", ["vp@tinh.example"], [], ["vp@tinh.example", "an@tinh.example"]],
    ["the office beside a person", "an@tinh.example", ["an@tinh.example", "vp@tinh.example"], ["an@tinh.example"], ["vp@tinh.example", "an@tinh.example"]],
    ["the office that sends for a person", "an@tinh.example", ["an@tinh.example"], ["vp@tinh.example"], ["vp@tinh.example", "an@tinh.example"]],
    ["the office of the envelope", "vp@tinh.example", ["an@tinh.example"], [], ["vp@tinh.example", "an@tinh.example"]],
    ["the author of a receipt", "", ["vp@tinh.example"], [], ["vp@tinh.example"]],
  ])("%s", (_what, reversePath, from, sender, expected) => {
    expect(speaksFor(reversePath, from, sender)).toEqual(expected)
  })
})
