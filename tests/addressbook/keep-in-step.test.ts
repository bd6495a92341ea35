import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { startLdapWorker } from "../../queue-workers/ldap.worker.ts"
import { type AddressBookKeeper, createAddressBookKeeper, isDue, readState, stateText } from "../../src/addressbook/keep-in-step.ts"
import { openLdapDirectory } from "../../src/addressbook/ldap-directory.ts"
import { systemClock } from "../../src/base/clock.ts"
import type { Change } from "../../src/store/change.ts"
import { createAddressBookSource } from "../../src/store/sql/address-book.ts"
import { createCertificateEntries } from "../../src/store/sql/certificate-entries.ts"
import { createExclusive } from "../../src/store/sql/exclusive.ts"
import { createTestDatabase, type TestDatabase } from "../support/database.ts"
import { createProvince } from "../support/province.ts"
import { type Slapd, slapdUnavailable, startSlapd } from "../support/slapd.ts"
import { createSmimePeople, type SmimePeople } from "../support/smime-people.ts"
import { testLog } from "../support/store.ts"

const day = 86_400_000
const never = new AbortController().signal

test.each([
  ["never compared", undefined, 7, 0, true],
  ["the same version, just compared", { version: 7, comparedAt: 1_000 }, 7, 1_000, false],
  ["another version", { version: 6, comparedAt: 1_000 }, 7, 1_000, true],
  ["a version of a database that was restored", { version: 9, comparedAt: 1_000 }, 7, 1_000, true],
  ["a day later", { version: 7, comparedAt: 1_000 }, 7, 1_000 + day, true],
  ["almost a day later", { version: 7, comparedAt: 1_000 }, 7, 999 + day, false],
  ["a clock that was put back", { version: 7, comparedAt: 1_000 }, 7, 0, true],
])("%s", (_name, state, version, now, due) => expect(isDue(state, { version, now, everyMs: day })).toBe(due))

test.each(["", "congthu", "congthu directory x compared y", "congthu directory 1 compared 2026-13-45T99:00:00.000Z", "congthu directory 99999999999999999999 compared 2026-01-01T00:00:00.000Z"])(
  "%j is no state", (text) => expect(readState(text)).toBeUndefined())

test("a state is read as it was written", () => {
  const state = { version: 42, comparedAt: Date.parse("2026-06-15T03:00:00.123Z") }
  expect(readState(stateText(state))).toEqual(state)
})

describe.skipIf(slapdUnavailable())("a province and a real slapd", () => {
  let database: TestDatabase
  let people: SmimePeople
  let slapd: Slapd
  let now = systemClock.now()
  const clock = { now: () => now }
  beforeAll(async () => {
    database = await createTestDatabase(6)
    await createProvince(database)
    people = await createSmimePeople(database, now)
    slapd = await startSlapd()
  })
  beforeEach(() => slapd.start())
  afterAll(async () => {
    await slapd.stop()
    await people.close()
    await database.drop()
  })

  const keeper = (): AddressBookKeeper =>
    createAddressBookKeeper({
      open: (signal) => openLdapDirectory(slapd.server, signal), source: createAddressBookSource({ database, certificates: createCertificateEntries({ database, clock }), clock }),
      exclusively: createExclusive(database, "addressBook"), options: { showPhones: false }, compareEveryMs: day, clock, log: testLog,
    })
  const change = async (text: string): Promise<void> => {
    await database.query({ text })
    await database.query({ text: "UPDATE directory_version SET version = version + 1" })
  }

  test("the directory is found there, suspended accounts are not", async () => {
    expect(await keeper().check(never)).toBe("done")
    const all = await slapd.search("(objectClass=person)", "uid")
    expect([...all.matchAll(/^uid:+ (.*)$/gm)]).toHaveLength(6)
    expect(all).not.toContain("closed@")
    expect(await slapd.search("(cn=nguyen van an)", "mail", "ou")).toContain("mail: nguyen.an@tinh.example")
    expect(await keeper().check(never)).toBe("inStep")
  })

  test("a certificate that is registered is there at the next check, and gone when it is revoked, suspended or expired", async () => {
    const { certificateDer } = await people.register("an", { subject: { commonName: "Nguyễn Văn An" }, addresses: ["an@tinh.example"], notBefore: now - day, notAfter: now + 1.5 * day })
    const handedOut = async (): Promise<boolean> => {
      await keeper().check(never)
      return (await slapd.search("(mail=an@tinh.example)", "userCertificate;binary")).includes(Buffer.from(certificateDer).toString("base64"))
    }
    expect(await handedOut()).toBe(true)
    for (const state of ["revoked", "suspended"] as const) {
      await people.setState(certificateDer, state)
      expect(await handedOut()).toBe(false)
      await people.setState(certificateDer, "active")
      expect(await handedOut()).toBe(true)
    }
    now += 2 * day
    expect(await handedOut()).toBe(false)
  })

  test("of two processes one compares", async () => {
    await change("UPDATE account SET display_name = 'Nguyễn Văn An (VP)' WHERE address = 'an@tinh.example'")
    const outcomes = await Promise.all([keeper().check(never), keeper().check(never)])
    expect(outcomes).toContain("done")
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1)
  })

  test("the worker takes a change over when it hears of it, and makes up for what it missed while slapd was away", async () => {
    let tell = (_changes: readonly Change[]): void => undefined
    const feed = { subscribe: (listener: typeof tell) => ((tell = listener), () => undefined) }
    const worker = startLdapWorker({ keeper: keeper(), feed, everyMs: 3_600_000, log: testLog })
    const changed = async (name: string): Promise<string> => {
      await change(`UPDATE account SET display_name = '${name}' WHERE address = 'binh@tinh.example'`)
      tell([{ kind: "directory", version: 0 }])
      await worker.run()
      return slapd.search("(mail=binh@tinh.example)", "displayName").catch(() => "away")
    }
    expect(await changed("Binh Mot")).toContain("displayName: Binh Mot")
    await slapd.kill()
    expect(await changed("Binh Hai")).toBe("away")
    await slapd.start()
    expect(await slapd.search("(mail=binh@tinh.example)", "displayName")).toContain("displayName: Binh Mot")
    await worker.run()
    expect(await slapd.search("(mail=binh@tinh.example)", "displayName")).toContain("displayName: Binh Hai")
    await worker.close()
  })

  test("the worker ends at once though the server does not answer, and is not heard of again", async () => {
    await change("UPDATE account SET display_name = 'Chờ' WHERE address = 'binh@tinh.example'")
    slapd.pause()
    const worker = startLdapWorker({ keeper: keeper(), feed: { subscribe: () => () => undefined }, everyMs: 3_600_000, log: testLog })
    const closing = worker.close()
    // while the other side still says nothing
    await closing
    slapd.resume()
    expect(await keeper().check(never)).toBe("done")
  })

  test("a connection that the server closed is not opened again without signing in", async () => {
    const directory = await openLdapDirectory(slapd.server, never)
    await slapd.kill()
    await slapd.start()
    await expect(directory.state()).rejects.toThrow()
    await expect(directory.remove("uid=binh@tinh.example,ou=people,dc=tinh,dc=example")).rejects.toThrow(/closed the connection/)
    await directory.close()
  })

  test("a wrong password is an error, and its text does not hold it", async () => {
    const refused = openLdapDirectory({ ...slapd.server, bindPassword: "not-the-password" }, never)
    await expect(refused).rejects.toThrow(/credentials|0x31/i)
    await expect(refused).rejects.not.toThrow(/not-the-password/)
  })

  test("a server whose certificate is for another name, or of another authority, gets no password", async () => {
    await expect(openLdapDirectory({ ...slapd.server, serverName: "ldap.example" }, never)).rejects.toThrow(/altnames/i)
    await expect(openLdapDirectory({ ...slapd.server, ca: null }, never)).rejects.toThrow(/certificate/i)
  })
})
