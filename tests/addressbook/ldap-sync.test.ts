import { spawn } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import type { LdapEntries } from "../../src/accounts/ldap-sync/entries.ts"
import type { LdapServer } from "../../src/addressbook/ldap-directory.ts"
import { type LdapQuery, readLdap } from "../../src/addressbook/ldap-reader.ts"
import { createLdapSync, type SyncOutcome } from "../../src/addressbook/ldap-sync.ts"
import type { Change } from "../../src/store/change.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createLdapSyncStore } from "../../src/store/sql/ldap-sync.ts"
import { startLdapSyncWorker } from "../../queue-workers/ldap-sync.worker.ts"
import { program } from "../support/programs.ts"
import { slapdUnavailable, type Slapd, startSlapd } from "../support/slapd.ts"
import { createTestStore, testLog, type TestStore } from "../support/store.ts"
import { everywhere } from "../support/whole-province.ts"

const script = program("congthu")
const query: LdapQuery = {
  personFilter: "(&(objectClass=inetOrgPerson)(mail=*))", groupFilter: "(&(objectClass=groupOfNames)(mail=*))",
  attributes: { id: "entryUUID", number: "employeeNumber", name: "displayName", unit: "departmentNumber", title: "title", phone: "telephoneNumber", address: "mail", member: "member" },
}

describe.skipIf(slapdUnavailable() !== undefined)("people and groups of an LDAP server", () => {
  let slapd: Slapd
  let store: TestStore
  let published: Change[] = []
  const clock = { now: () => Date.parse("2026-11-27T03:00:00Z") }
  const people = "ou=nguoi,dc=tinh,dc=example"

  beforeAll(async () => {
    slapd = await startSlapd()
    store = await createTestStore()
    const editor = createDirectoryEditor({ database: store.database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock, feed: { publish: () => undefined } })
    const make = async (change: Parameters<typeof editor.change>[0]) => expect((await editor.change(change, { scope: everywhere })).ok).toBe(true)
    await make({ kind: "addUnit", unit: { code: "T", name: "Tỉnh", kind: "province", parentCode: null, domain: "tinh.example", addressRule: null } })
    await make({ kind: "addUnit", unit: { code: "A", name: "Sở A", kind: "department", parentCode: "T", domain: "a.tinh.example", addressRule: null } })
    // one who was here before and is known there, one whom nobody there knows
    await make({ kind: "addPerson", person: { principalId: "CN00001", kind: "individual", name: "Trần Thị Bình", unitCode: "A", title: "", phone: "" } })
    await make({ kind: "addAccount", account: { address: "binh@a.tinh.example", kind: "personal", displayName: "Trần Thị Bình", unitCode: "A", quotaBytes: 1_000, ownerId: "CN00001" } })
    await make({ kind: "addPerson", person: { principalId: "CN00002", kind: "individual", name: "Làm Bằng Tay", unitCode: "A", title: "", phone: "" } })
    await ldif("ldapmodify", ["-a"], `dn: ${people}\nobjectClass: organizationalUnit\nou: nguoi\n`)
  })
  afterAll(async () => {
    await store.close()
    await slapd.stop()
  })

  async function ldif(program: "ldapmodify" | "ldapdelete", options: readonly string[], text: string): Promise<void> {
    const file = join(store.blobDir, "change.ldif")
    await writeFile(file, text)
    await slapd.run(program, ["-x", "-H", slapd.server.url, "-D", slapd.server.bindDn, "-w", slapd.server.bindPassword, ...options, "-f", file])
  }
  const base64 = (text: string): string => Buffer.from(text).toString("base64")
  const person = (uid: string, name: string, more: string): string => `dn: uid=${uid},${people}\nobjectClass: inetOrgPerson\nuid: ${uid}\ncn:: ${base64(name)}\nsn: x\ndisplayName:: ${base64(name)}\n${more}\n`
  const sync = (server: LdapServer = slapd.server) => createLdapSync({
    read: (signal) => readLdap(server, query, signal), maxSuspended: 50, clock, mailboxes: defaultMailboxes(true), options: { defaultUnit: "", quotaBytes: 2 ** 30, addressRule: defaultAddressRule },
    store: createLdapSyncStore({ database: store.database, feed: { publish: (changes) => void published.push(...changes) } }),
  })
  const run = (mode: "plan" | "apply", confirmed = false, server?: LdapServer): Promise<SyncOutcome> => sync(server).run({ mode, confirmed, by: "kiem-thu", signal: AbortSignal.timeout(30_000) })
  const rows = () => store.database.query({ text: `SELECT p.id, p.name, p.title, p.unit_code AS unit, p.suspended_at IS NOT NULL AS gone, a.address, a.suspended_at IS NOT NULL AS closed
    FROM principal p LEFT JOIN assignment s ON s.principal_id = p.id LEFT JOIN account a ON a.id = s.account_id ORDER BY p.id` })
  const version = async () => (await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" }))[0]?.version

  test("are planned without a change, then taken over in one transaction; what cannot be is reported, and a second run changes nothing", async () => {
    await ldif("ldapmodify", ["-a"], [
      person("an", "Nguyễn Văn An", "mail: an@a.tinh.example\ndepartmentNumber: A\ntitle:: " + base64("Chuyên viên") + "\ntelephoneNumber: 0912 345 678"),
      person("binh", "Trần Thị Bình", "mail: Binh@A.tinh.example\ndepartmentNumber:: " + base64("Sở A") + "\ntitle:: " + base64("Trưởng phòng")),
      person("cuc", "Lê Thị Cúc", "mail: cuc@nha-cung-cap.example\ndepartmentNumber: A\nemployeeNumber: NV-9"),
      person("khong", "Không Đơn Vị", "mail: khong@a.tinh.example"),
      person("la", "Đơn Vị Lạ", "mail: la@a.tinh.example\ndepartmentNumber: Z"),
      `dn: cn=ke-toan,${people}\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn:: ${base64("Tổ kế toán")}\ncn: ke-toan\nmail: ke-toan@a.tinh.example\nmember: uid=an,${people}\nmember: uid=binh,${people}\nmember: uid=khong,${people}\n`,
    ].join("\n"))
    const before = await version()
    const planned = await run("plan")
    expect(planned).toMatchObject({ state: "planned", report: { people: 5, groups: 1, counts: { principals: { add: 2, change: 1, suspend: 0 }, accounts: { add: 2 }, groups: { add: 1 }, members: { add: 2 } } } })
    expect(await version()).toBe(before)
    published = []
    const applied = await run("apply")
    expect(applied).toMatchObject({ state: "applied", report: { counts: planned.report.counts } })
    expect(applied.report.problems.map(({ dn, reason }) => [dn.split(",")[0], reason])).toEqual([["uid=khong", "has no unit"], ["uid=la", 'there is no one unit "Z"'], ["cn=ke-toan", "1 of its members are nobody here"]])
    expect(await rows()).toEqual([
      { id: "CN00001", name: "Trần Thị Bình", title: "Trưởng phòng", unit: "A", gone: false, address: "binh@a.tinh.example", closed: false },
      { id: "CN00002", name: "Làm Bằng Tay", title: "", unit: "A", gone: false, address: null, closed: false },
      { id: "CN00003", name: "Nguyễn Văn An", title: "Chuyên viên", unit: "A", gone: false, address: "an@a.tinh.example", closed: false },
      { id: "NV-9", name: "Lê Thị Cúc", title: "", unit: "A", gone: false, address: "cuclt.a@a.tinh.example", closed: false },
    ])
    expect(published).toEqual([{ kind: "directory", version: await version() }])
    const audit = await store.database.query<{ kind: string }>({ text: "SELECT kind FROM audit WHERE kind IN ('directory.imported', 'directory.synchronized') ORDER BY id" })
    expect(audit).toEqual([{ kind: "directory.imported" }, { kind: "directory.synchronized" }])
    expect(await store.database.query({ text: "SELECT name FROM mailbox m JOIN account a ON a.id = m.account_id WHERE a.address = 'an@a.tinh.example'" })).toHaveLength(6)
    expect(await run("apply")).toMatchObject({ state: "unchanged" })
  })

  test("who has gone there is suspended, and opened again when he is back; but not whom an administrator suspended", async () => {
    await ldif("ldapdelete", [], `uid=cuc,${people}\n`)
    expect(await run("apply")).toMatchObject({ state: "applied", report: { counts: { principals: { suspend: 1 }, accounts: { suspend: 1 } } } })
    expect(await rows()).toContainEqual(expect.objectContaining({ id: "NV-9", gone: true, closed: true }))
    expect(await run("apply")).toMatchObject({ state: "unchanged" })
    // entryUUID is a new one: the number says who it is
    await ldif("ldapmodify", ["-a"], person("cuc", "Lê Thị Cúc", "mail: cuc@nha-cung-cap.example\ndepartmentNumber: A\nemployeeNumber: NV-9"))
    expect(await run("apply")).toMatchObject({ state: "applied", report: { counts: { principals: { reactivate: 1 }, accounts: { reactivate: 1 } } } })
    expect(await rows()).toContainEqual(expect.objectContaining({ id: "NV-9", gone: false, closed: false }))
    await store.database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'CN00003'" })
    await ldif("ldapmodify", [], `dn: uid=an,${people}\nchangetype: modify\nreplace: title\ntitle: x\n`)
    await run("apply")
    expect(await rows()).toContainEqual(expect.objectContaining({ id: "CN00003", title: "x", gone: true }))
    await store.database.query({ text: "UPDATE principal SET suspended_at = NULL WHERE id = 'CN00003'" })
  })

  test("a run that would suspend too many is stopped, whatever the reason, until somebody confirms it", async () => {
    await ldif("ldapdelete", [], `uid=an,${people}\nuid=binh,${people}\n`)
    const before = await version()
    expect(await run("apply")).toMatchObject({ state: "stopped", report: { reason: "2 of 3 people would be suspended, which is more than 50 percent" } })
    expect(await version()).toBe(before)
    expect(await run("apply", true)).toMatchObject({ state: "applied" })
    expect(await rows()).toMatchObject([{ id: "CN00001", gone: true, closed: true }, { id: "CN00002", gone: false }, { id: "CN00003", gone: true, closed: true }, { id: "NV-9", gone: false }])
    // somebody new there with the address of one who has left does not come into his mailbox
    await ldif("ldapmodify", ["-a"], person("binh2", "Trần Thị Bình", "mail: binh@a.tinh.example\ndepartmentNumber: A"))
    expect((await run("apply")).report.problems).toContainEqual({ dn: `uid=binh2,${people}`, reason: "CN00001 is, or was, another entry's" })
    expect(await rows()).toHaveLength(4)
  })

  test("a run that would remove groups, or most of their members, is stopped as well", async () => {
    const group = (n: number) => ({ dn: `cn=g${n}`, externalId: `g-${n}`, name: `Tổ ${n}`, address: `to-${n}@a.tinh.example`, members: Array.from({ length: 10 }, (_one, at) => `cn=p${at}`) })
    const persons = Array.from({ length: 10 }, (_one, n) => ({ dn: `cn=p${n}`, externalId: `p-${n}`, number: "", name: `Người ${n}`, unit: "A", title: "", phone: "", address: `p${n}@a.tinh.example` }))
    const groups = Array.from({ length: 8 }, (_one, n) => group(n))
    const own = await createTestStore()
    const editor = createDirectoryEditor({ database: own.database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock, feed: { publish: () => undefined } })
    await editor.change({ kind: "addUnit", unit: { code: "A", name: "Sở A", kind: "department", parentCode: null, domain: "a.tinh.example", addressRule: null } }, { scope: everywhere })
    const of = (entries: LdapEntries, confirmed = false) => createLdapSync({
      read: async () => entries, maxSuspended: 50, clock, mailboxes: defaultMailboxes(true), options: { defaultUnit: "", quotaBytes: 2 ** 30, addressRule: defaultAddressRule }, store: createLdapSyncStore({ database: own.database, feed: { publish: () => undefined } }),
    }).run({ mode: "apply", confirmed, by: "kiem-thu", signal: AbortSignal.timeout(30_000) })
    try {
      expect(await of({ people: persons, groups })).toMatchObject({ state: "applied" })
      expect(await of({ people: persons, groups: [] })).toMatchObject({ state: "stopped", report: { reason: "8 of 8 groups would be removed, which is more than 50 percent" } })
      expect(await of({ people: persons, groups: groups.map((one) => ({ ...one, members: [] })) })).toMatchObject({ state: "stopped", report: { reason: "80 of 80 members of groups would be removed, which is more than 50 percent" } })
      expect(await of({ people: persons, groups: groups.slice(1) })).toMatchObject({ state: "applied", report: { counts: { groups: { suspend: 1 } } } })
      expect(await of({ people: persons, groups: [] }, true)).toMatchObject({ state: "applied" })
    } finally {
      await own.close()
    }
  })

  test("is read over TLS that is verified, by StartTLS too, and a server that cannot be read changes nothing", async () => {
    expect(await readLdap({ ...slapd.server, url: slapd.plainUrl }, query, AbortSignal.timeout(10_000))).toMatchObject({ people: expect.any(Array) as unknown, groups: [{ address: "ke-toan@a.tinh.example" }] })
    const before = await version()
    for (const wrong of [{ serverName: "khac.example" }, { ca: null }, { bindPassword: "sai" }, { url: slapd.plainUrl, serverName: "khac.example" }, { url: slapd.plainUrl, ca: null }, { url: "ldaps://127.0.0.1:1" }]) {
      expect(await run("apply", true, { ...slapd.server, ...wrong })).toMatchObject({ state: "failed", report: { reason: expect.stringMatching(/./) as string } })
    }
    expect(await version()).toBe(before)
    expect((await createLdapSyncStore({ database: store.database, feed: { publish: () => undefined } }).list(3)).map(({ state }) => state)).toEqual(["failed", "failed", "failed"])
  })

  test("is done by schedule when the last time is long enough ago", async () => {
    const list = createLdapSyncStore({ database: store.database, feed: { publish: () => undefined } })
    let now = Date.now()
    const worker = startLdapSyncWorker({ sync: sync(), store: list, exclusively: async (work) => (await work(), true), everyMs: 3_600_000, clock: { now: () => now }, log: testLog })
    const runs = async () => (await list.list(100)).filter(({ by }) => by === "schedule").length
    try {
      await worker.run()
      expect(await runs()).toBe(1)
      await worker.run()
      expect(await runs()).toBe(1)
      now += 3_700_000
      await worker.run()
      expect(await runs()).toBe(2)
    } finally {
      await worker.close()
    }
  })

  test("by command: planned, stopped, confirmed, and told afterwards", async () => {
    const env = {
      PATH: process.env["PATH"], HOME: store.blobDir, CONGTHU_DATABASE_URL: store.database.url, CONGTHU_LDAP_SYNC_URL: slapd.server.url, CONGTHU_LDAP_SYNC_SERVER_NAME: "localhost", CONGTHU_LDAP_SYNC_CA_FILE: slapd.caFile,
      CONGTHU_LDAP_SYNC_BIND_DN: slapd.server.bindDn, CONGTHU_LDAP_SYNC_BIND_PASSWORD_FILE: slapd.passwordFile, CONGTHU_LDAP_SYNC_BASE_DN: slapd.server.baseDn, CONGTHU_LDAP_SYNC_MAX_SUSPENDED: "0",
    }
    const congthu = async (...args: readonly string[]) => {
      const child = spawn(process.execPath, [script, "--data-dir", join(store.blobDir, "data"), "ldap-sync", ...args], { env, stdio: "pipe" })
      const said = { out: "", err: "" }
      child.stdout.on("data", (chunk: Buffer) => (said.out += chunk.toString()))
      child.stderr.on("data", (chunk: Buffer) => (said.err += chunk.toString()))
      const [code] = (await once(child, "close")) as [number | null]
      return { code, ...said }
    }
    await ldif("ldapdelete", [], `uid=cuc,${people}\n`)
    expect(await congthu("plan")).toMatchObject({ code: 0, out: expect.stringMatching(/principals\.csv +add 0, change 0, suspend 1[^]*Run \d+: planned; /) as string, err: expect.stringContaining("uid=khong,ou=nguoi,dc=tinh,dc=example: has no unit") as string })
    expect(await congthu("apply")).toMatchObject({ code: 65, err: expect.stringContaining("nothing was changed: `congthu ldap-sync apply --confirm` does it") as string })
    expect(await congthu("apply", "--confirm")).toMatchObject({ code: 0, out: expect.stringMatching(/Run \d+: applied; /) as string })
    expect((await congthu("status")).out).toMatch(/ applied [^]* stopped [^]* planned /)
  })

  test("more people than a page holds are read whole", async () => {
    await ldif("ldapmodify", ["-a"], Array.from({ length: 620 }, (_one, n) => person(`nhieu${n}`, `Người Thứ ${n}`, `mail: nhieu${n}@a.tinh.example\ndepartmentNumber: A`)).join("\n"))
    const { people: read } = await readLdap(slapd.server, query, AbortSignal.timeout(30_000))
    expect(read.filter(({ name }) => name.startsWith("Người Thứ"))).toHaveLength(620)
    expect(await run("apply")).toMatchObject({ state: "applied", report: { counts: { principals: { add: 620 } } } })
  })
})

