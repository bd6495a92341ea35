import { describe, expect, test } from "vitest"
import type { Account, Assignment, Directory, Principal, Right } from "../../src/accounts/directory.ts"
import { buildDirectory } from "../../src/accounts/directory-snapshot.ts"
import type { Login } from "../../src/accounts/login.ts"
import { locateMailbox, visibleAccounts } from "../../src/imap/namespace.ts"

const account = (id: number, address: string, suspended = false): Account => ({ id, address, kind: "personal", displayName: address, unitCode: "VP", quotaBytes: 1, suspended })
const principal = (id: string, suspended = false): Principal => ({ id, kind: "individual", name: id, unitCode: "VP", suspended })
const assignment = (accountId: number, principalId: string, rights: Right[], until: string | null = null): Assignment => ({ accountId, principalId, rights, from: null, until })

const directory: Directory = await buildDirectory({
  version: 1,
  accounts: [account(1, "an@t.example"), account(2, "office@t.example"), account(3, "reading@t.example"), account(4, "sending@t.example"), account(5, "closed@t.example", true), account(6, "past@t.example"), account(7, "lone@t.example")],
  principals: [principal("an"), principal("gone", true)],
  assignments: [
    assignment(1, "an", ["owner"]), assignment(2, "an", ["read", "write"]), assignment(3, "an", ["read"]), assignment(4, "an", ["send-as"]),
    assignment(5, "an", ["owner"]), assignment(6, "an", ["owner"], "2020-01-01"), assignment(7, "gone", ["owner"]),
  ],
  aliases: [],
  groups: [],
  certificates: [],
  unitDomains: ["t.example"],
  units: [],
})

const now = Date.UTC(2026, 10, 23)
const login = (accountId: number, options: Partial<Login> = {}): Login => ({ accountId, address: "", principalId: "an", credentialId: 1, via: "password", ...options })

describe("names of a person's own login", () => {
  test.each([
    ["INBOX", { accountId: 1, name: "INBOX", writable: true }],
    ["inbox", { accountId: 1, name: "INBOX", writable: true }],
    ["Inbox/sub", { accountId: 1, name: "INBOX/sub", writable: true }],
    ["inboxes", { accountId: 1, name: "inboxes", writable: true }],
    ["Lưu trữ/2026", { accountId: 1, name: "Lưu trữ/2026", writable: true }],
    ["Sharedness", { accountId: 1, name: "Sharedness", writable: true }],
    ["Shared/office@t.example/inbox", { accountId: 2, name: "INBOX", writable: true }],
    ["Shared/office@t.example", { accountId: 2, name: "", writable: true }],
    ["Shared/reading@t.example/a/b", { accountId: 3, name: "a/b", writable: false }],
    ["Shared", "notFound"],
    ["Shared/", "notFound"],
    ["Shared/sending@t.example/INBOX", "notFound"],
    ["Shared/closed@t.example/INBOX", "notFound"],
    ["Shared/past@t.example/INBOX", "notFound"],
    ["Shared/an@t.example/INBOX", "notFound"],
    ["Shared/nobody@t.example/INBOX", "notFound"],
  ])("%s", (name, expected) => {
    const place = locateMailbox(directory, login(1), name, now)
    expect(place.ok ? place.value : place.failure.kind).toEqual(expected)
  })
})

describe("who sees what", () => {
  test.each<[string, Login, string[]]>([
    ["the person's own login", login(1), ["an@t.example", "office@t.example rw", "reading@t.example"]],
    ["an app password of an office account", login(2, { via: "appPassword" }), ["office@t.example"]],
    ["an account that nobody owns", login(7, { principalId: null }), ["lone@t.example"]],
    ["a suspended account", login(5), []],
    ["a lost assignment", login(6), []],
    ["a right to send only", login(4), []],
    ["a suspended person", login(7, { principalId: "gone" }), []],
    ["an account that is gone", login(99), []],
  ])("%s", (_, who, expected) => {
    const seen = visibleAccounts(directory, who, now).map(({ account, prefix, writable }) => account.address + (prefix && writable ? " rw" : ""))
    expect(seen).toEqual(expected)
  })
})
