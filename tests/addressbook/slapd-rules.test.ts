import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openLdapDirectory } from "../../src/addressbook/ldap-directory.ts"
import { synchronize } from "../../src/addressbook/synchronize.ts"
import type { AddressBookEntry } from "../../src/store/address-book-source.ts"
import { type Slapd, slapdUnavailable, startSlapd } from "../support/slapd.ts"

/** What config/ldap lets whom do: the book is there to be asked by those who may, not to be copied, and nobody's password is in it. */
const count = 150
const entries = Array.from({ length: count }, (_, index): AddressBookEntry => ({
  accountId: index, address: `nguoi-${index}@tinh.example`, aliases: [], kind: "personal", displayName: `Người Thứ ${index}`, units: ["Sở Nội vụ", "Tỉnh"], title: "", phone: "", certificates: [],
}))

describe.skipIf(slapdUnavailable())("a real slapd with our configuration", () => {
  let slapd: Slapd
  beforeAll(async () => {
    slapd = await startSlapd()
    await fill(slapd)
  })
  afterAll(() => slapd.stop())

  async function fill({ server }: Slapd): Promise<void> {
    const directory = await openLdapDirectory(server, new AbortController().signal)
    await directory.prepare()
    await synchronize({ directory, options: { showPhones: false }, signal: new AbortController().signal, source: { entries: async function* () { yield entries } } })
    await directory.close()
  }

  const asReader = (url: string): string[] => ["-x", "-H", url, "-D", slapd.reader.dn, "-w", slapd.reader.password]
  const search = (who: readonly string[], ...more: readonly string[]): Promise<string> => slapd.run("ldapsearch", [...who, "-LLL", "-b", slapd.server.baseDn, ...more])

  test("without a password nobody is found, and nothing is said", async () => {
    await expect(search(["-x", "-H", slapd.server.url], "(cn=*)")).rejects.toThrow(/No such object \(32\)|Insufficient access/)
  })

  test("a wrong password is refused", async () => {
    await expect(search(["-x", "-H", slapd.server.url, "-D", slapd.reader.dn, "-w", "not-the-password"])).rejects.toThrow(/Invalid credentials/)
  })

  test("without TLS a password is refused; with StartTLS it is taken", async () => {
    await expect(search(asReader(slapd.plainUrl), "(cn=nguoi thu 7)")).rejects.toThrow(/confidentiality required/i)
    expect(await search(["-ZZ", ...asReader(slapd.plainUrl)], "(cn=nguoi thu 7)", "mail")).toContain("mail: nguoi-7@tinh.example")
  })

  test("one question gives a hundred answers at most, also page by page", async () => {
    await expect(search(asReader(slapd.server.url), "(objectClass=person)", "uid")).rejects.toThrow(/Size limit exceeded/)
    await expect(search([...asReader(slapd.server.url), "-E", "pr=50/noprompt"], "(objectClass=person)", "uid")).rejects.toThrow(/limit exceeded/)
  })

  test("who reads cannot write", async () => {
    const removal = slapd.run("ldapdelete", [...asReader(slapd.server.url), `uid=nguoi-1@tinh.example,ou=people,${slapd.server.baseDn}`])
    await expect(removal).rejects.toThrow(/Insufficient access/)
  })

  test("neither the password of the reader nor the state of the comparison is shown", async () => {
    expect(await search(asReader(slapd.server.url), "(|(cn=reader)(ou=people))", "userPassword", "description")).not.toMatch(/userPassword|description/)
  })

  test("where the network is trusted, it answers without a password", async () => {
    const open = await startSlapd({ anonymous: true })
    try {
      await fill(open)
      expect(await open.run("ldapsearch", ["-x", "-LLL", "-H", open.server.url, "-b", open.server.baseDn, "(cn=nguoi thu 7)", "mail"])).toContain("mail: nguoi-7@tinh.example")
      await expect(open.run("ldapsearch", ["-x", "-LLL", "-H", open.server.url, "-b", open.server.baseDn, "(objectClass=person)", "mail"])).rejects.toThrow(/Size limit exceeded/)
    } finally {
      await open.stop()
    }
  })

  test("a password that was changed counts from the next start on, and the book is still there", async () => {
    await slapd.kill()
    slapd.setReaderPassword("another-password-2")
    await slapd.start()
    await expect(search(asReader(slapd.server.url), "(cn=nguoi thu 7)")).rejects.toThrow(/Invalid credentials/)
    expect(await search(["-x", "-H", slapd.server.url, "-D", slapd.reader.dn, "-w", "another-password-2"], "(cn=nguoi thu 7)", "mail")).toContain("mail: nguoi-7@tinh.example")
  })
})
