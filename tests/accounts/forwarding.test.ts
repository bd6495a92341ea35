import { describe, expect, test } from "vitest"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Account, Assignment, Directory } from "../../src/accounts/directory.ts"
import { type Forwarding, forwardingProblem, type ForwardingRules, reachedBy } from "../../src/accounts/forwarding.ts"

const names = ["an", "binh", "chi", "dung", "em", "gia", "ha", "khoa"] as const
const idOf = (name: string): number => names.findIndex((one) => one === name) + 1
const addressOf = (name: string): string => (name.includes("@") ? name : `${name}@tinh.example`)
const rules: ForwardingRules = { inside: true, domains: ["xa.example", "*.huyen.example"] }
const now = Date.parse("2026-03-01T05:00:00Z")

/** `an>binh` passes on, `an+binh` keeps a copy. Each account is its namesake's; khoa is suspended. */
function directoryOf(forwards: readonly string[], assignments: readonly Assignment[] = []): Promise<Directory> {
  const forwardings = forwards.map((text): Forwarding => {
    const [from = "", to = ""] = text.split(/[>+]/)
    return { accountId: idOf(from), target: addressOf(to), keepCopy: text.includes("+"), principalId: from }
  })
  return buildDirectory({
    version: 1, unitDomains: ["tinh.example"], units: [{ code: "VP", kind: "department", parentCode: null }],
    accounts: names.map((name): Account => ({ id: idOf(name), address: addressOf(name), kind: "personal", displayName: name, unitCode: "VP", quotaBytes: 1e9, suspended: name === "khoa" })),
    principals: names.map((name) => ({ id: name, kind: "individual", name, unitCode: "VP", suspended: name === "ha" })),
    assignments: [...names.map((name): Assignment => ({ accountId: idOf(name), principalId: name, rights: ["owner"], from: null, until: null })), ...assignments],
    certificates: [], aliases: [{ address: "binh.cu@tinh.example", accountId: idOf("binh") }], groups: [{ address: "tat-ca@tinh.example", displayName: "", members: ["an@tinh.example"], allowedSenders: null }], forwardings,
  })
}

const reached = async (forwards: readonly string[], from = "an", by = rules): Promise<readonly string[]> => {
  const directory = await directoryOf(forwards)
  const account = directory.account(idOf(from))
  if (!account) throw new Error("no account")
  const { accounts, foreign } = reachedBy(account, { directory, rules: by, now })
  return [...accounts.map(({ address }) => address.split("@")[0] ?? ""), ...foreign]
}

describe("whom mail comes to", () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ["nobody passes on", [], ["an"]],
    ["another account", ["an>binh"], ["binh"]],
    ["another account and a copy", ["an+binh"], ["an", "binh"]],
    ["an alias of another", ["an>binh.cu@tinh.example"], ["binh"]],
    ["along a chain, with what each keeps", ["an>binh", "binh+chi"], ["binh", "chi"]],
    ["a foreign mailbox", ["an>Ban@XA.example"], ["Ban@XA.example"]],
    ["a foreign mailbox below a domain that is named so", ["an+ban@p1.huyen.example"], ["an", "ban@p1.huyen.example"]],
    ["not beyond what is allowed: it stays", ["an>ban@khac.example"], ["an"]],
    ["not the top of a domain of which only what is below is allowed", ["an>ban@huyen.example"], ["an"]],
    ["not somebody who is suspended: it stays", ["an>khoa"], ["an"]],
    ["not a group, nor nobody: it stays", ["an>tat-ca@tinh.example"], ["an"]],
    ["an address that is no more", ["an>cu@tinh.example"], ["an"]],
    ["not round a ring: it stays where the ring closes", ["an>binh", "binh>an"], ["binh"]],
    ["not for ever: it stays after five steps", ["an>binh", "binh>chi", "chi>dung", "dung>em", "em>gia", "gia>ha"], ["gia"]],
  ])("%s", async (_what, forwards, expected) => {
    expect(await reached(forwards)).toEqual(expected)
  })

  test("a forward of somebody who is suspended is none", async () => {
    expect(await reached(["ha>an"], "ha")).toEqual(["ha"])
  })

  test("inside is closed where the rules say so", async () => {
    expect(await reached(["an>binh"], "an", { inside: false, domains: [] })).toEqual(["an"])
  })
})

describe("what may be set", () => {
  test.each<[string, readonly string[], string | undefined]>([
    ["binh@tinh.example", [], undefined],
    ["BINH.CU@tinh.example", [], undefined],
    ["ban@xa.example", [], undefined],
    ["ban@khac.example", [], "outside"],
    ["ban@evilxa.example", [], "outside"],
    ["an@tinh.example", [], "self"],
    ["AN@Tinh.Example", [], "self"],
    ["khong-co@tinh.example", [], "unknown"],
    ["khoa@tinh.example", [], "suspended"],
    ["tat-ca@tinh.example", [], "group"],
    ["binh", [], "form"],
    ["binh@tinh.example\r\nBcc: x@xa.example", [], "form"],
    [`${"x".repeat(400)}@xa.example`, [], "form"],
    ["binh@tinh.example", ["binh>an"], "loop"],
    ["binh@tinh.example", ["binh>chi", "chi+an"], "loop"],
    ["binh@tinh.example", ["binh>chi", "chi>dung", "dung>em", "em>gia", "gia>binh"], "loop"],
    ["binh@tinh.example", ["binh>ban@xa.example"], undefined],
  ])("%j with %j: %s", async (target, forwards, expected) => {
    const directory = await directoryOf(forwards)
    const account = directory.account(idOf("an"))
    if (!account) throw new Error("no account")
    expect(forwardingProblem({ directory, account, target, rules, now })).toBe(expected)
  })
})

test("who decides on an account: its owner, who may administer it, each while the assignment is in force", async () => {
  const set = (principalId: string): Forwarding => ({ accountId: 2, target: "chi@tinh.example", keepCopy: false, principalId })
  const inForce = async (principalId: string, rights: Assignment["rights"], until: string | null) =>
    (await buildDirectory({
      version: 1, unitDomains: [], units: [], aliases: [], groups: [], certificates: [],
      accounts: [{ id: 2, address: "vp@tinh.example", kind: "organizational", displayName: "VP", unitCode: "VP", quotaBytes: 1, suspended: false }],
      principals: [{ id: "an", kind: "individual", name: "An", unitCode: "VP", suspended: false }],
      assignments: [{ accountId: 2, principalId: "an", rights, from: null, until }], forwardings: [set(principalId)],
    })).forwarding(2, now) !== undefined
  expect(await inForce("an", ["owner"], null)).toBe(true)
  expect(await inForce("an", ["administer"], "2026-03-01")).toBe(true)
  expect(await inForce("an", ["administer"], "2026-02-28")).toBe(false)
  expect(await inForce("an", ["read", "write", "send-as"], null)).toBe(false)
  expect(await inForce("binh", ["owner"], null)).toBe(false)
})
