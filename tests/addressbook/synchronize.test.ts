import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type LdapDirectory, openLdapDirectory } from "../../src/addressbook/ldap-directory.ts"
import { synchronize, type SynchronizeReport } from "../../src/addressbook/synchronize.ts"
import { systemClock } from "../../src/base/clock.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import type { AddressBookEntry } from "../../src/store/address-book-source.ts"
import { type Slapd, slapdUnavailable, startSlapd } from "../support/slapd.ts"

const entry = (name: string, address: string, more: Partial<AddressBookEntry> = {}): AddressBookEntry => ({
  accountId: 1, address, aliases: [], kind: "personal", displayName: name, units: ["Phòng Tổng hợp", "Văn phòng", "Tỉnh Giang Khê"], title: "Chuyên viên", phone: "", certificates: [], ...more,
})

describe.skipIf(slapdUnavailable())("on a real slapd", () => {
  let slapd: Slapd
  let directory: LdapDirectory
  let certificate: Uint8Array
  beforeAll(async () => {
    slapd = await startSlapd()
    directory = await openLdapDirectory(slapd.server, new AbortController().signal)
    await directory.prepare()
    const dir = await mkdtemp(join(tmpdir(), "congthu-smime-"))
    const ca = await openDevelopmentSmimeCa({ dir, clock: systemClock })
    certificate = ca.issue({ subject: { commonName: "Nguyễn Văn An" }, addresses: ["an@tinh.example"] }).certificateDer
    await rm(dir, { recursive: true })
  })
  beforeEach(() => sync())
  afterAll(async () => {
    await directory.close()
    await slapd.stop()
  })

  const sync = (...entries: readonly AddressBookEntry[]): Promise<SynchronizeReport> => syncTo(directory, ...entries)
  const syncTo = (to: LdapDirectory, ...entries: readonly AddressBookEntry[]): Promise<SynchronizeReport> =>
    synchronize({ directory: to, options: { showPhones: false }, signal: new AbortController().signal, source: { entries: async function* () { for (let at = 0; at < entries.length; at += 2) yield entries.slice(at, at + 2) } } })

  test("entries are added, changed and removed until both agree; then nothing is written", async () => {
    const [an, binh, cuong] = [entry("Nguyễn Văn An", "an@tinh.example"), entry("Trần Thị Bình", "binh@tinh.example"), entry("Đỗ Cường", "cuong@tinh.example")]
    expect(await sync(an, binh, cuong)).toMatchObject({ added: 3, unchanged: 0, refused: [] })
    expect(await sync(an, binh, cuong)).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 3, refused: [] })
    expect(await sync(an, { ...binh, title: "Trưởng phòng" })).toMatchObject({ changed: 1, removed: 1, unchanged: 1 })
    expect(await slapd.search("(mail=binh@tinh.example)", "title")).toContain(`title:: ${Buffer.from("Trưởng phòng").toString("base64")}`)
    expect(await slapd.search("(mail=cuong@tinh.example)")).toBe("")
  })

  test("a certificate is handed out bit by bit as it was registered, and taken back", async () => {
    const an = entry("Nguyễn Văn An", "an@tinh.example", { certificates: [certificate] })
    await sync(an)
    const found = await slapd.search("(mail=an@tinh.example)", "userCertificate;binary", "userSMIMECertificate")
    expect(found).toContain(`userCertificate;binary:: ${Buffer.from(certificate).toString("base64")}`)
    expect(found).toMatch(/^userSMIMECertificate:: /m)
    expect(await sync(an)).toMatchObject({ unchanged: 1 })
    await sync({ ...an, certificates: [] })
    expect(await slapd.search("(mail=an@tinh.example)", "userCertificate;binary", "userSMIMECertificate")).not.toMatch(/certificate/i)
  })

  test.each(["Nguyễn Văn Đạt", "nguyễn văn đạt", "Nguyen Van Dat", "nguyen van dat", "NGUYEN VAN DAT", "Nguyễn Văn Đạt".normalize("NFD")])("a name is found as %s", async (typed) => {
    await sync(entry("Nguyễn Văn Đạt", "dat@tinh.example"), entry("Trần Thị Bình", "binh@tinh.example"))
    for (const filter of [`(cn=${typed})`, `(cn=*${typed.slice(3)}*)`, `(&(objectClass=person)(cn=${typed.slice(0, 5)}*))`]) {
      expect(await slapd.search(filter, "mail")).toContain("mail: dat@tinh.example")
    }
  })

  test("what a name or an address may hold does not break a distinguished name", async () => {
    const odd = [
      entry('Vũ "Tư, Năm" <6>', "a+b@tinh.example"), entry("# = \\ ; Bảy", '"a,b c"@tinh.example'), entry("   ", "trong@tinh.example"), entry("Hộp thư", "hộp.thư@tinh.example"),
      entry("A\r\nB\u0000C", "dong@tinh.example", { title: "\u0007", phone: "gọi tôi", units: [] }), entry("x".repeat(5_000), "dai@tinh.example"), entry("An an AN", "an@tinh.example", { aliases: ["AN@tinh.example", "an@tinh.example"], units: ["an", "An", "AN"] }),
    ]
    expect(await sync(...odd)).toMatchObject({ added: odd.length, refused: [] })
    expect(await sync(...odd)).toMatchObject({ unchanged: odd.length })
    expect(await sync()).toMatchObject({ removed: odd.length })
  })

  test("an entry that the server will not take is told, and the others go on", async () => {
    // no schema has an entry without its required attributes
    const incomplete: LdapDirectory = { ...directory, add: (one) => directory.add(one.uid === "an@tinh.example" ? { ...one, attributes: { objectClass: ["person"] } } : one) }
    const report = await syncTo(incomplete, entry("Nguyễn Văn An", "an@tinh.example"), entry("Trần Thị Bình", "binh@tinh.example"))
    expect(report).toMatchObject({ added: 1, refused: [{ uid: "an@tinh.example", reason: expect.stringMatching(/attribute|class/i) }] })
  })

  test("a comparison that was broken off leaves everybody who was there, and the next one finishes it", async () => {
    const people = Array.from({ length: 50 }, (_, index) => entry(`Người ${index}`, `nguoi-${index}@tinh.example`))
    await sync(...people.slice(0, 20))
    const breaking = new AbortController()
    let added = 0
    const directoryThatBreaks: LdapDirectory = { ...directory, add: (one) => (++added > 10 && breaking.abort(new Error("the process ends")), directory.add(one)) }
    const broken = synchronize({ directory: directoryThatBreaks, options: { showPhones: false }, signal: breaking.signal, source: { entries: async function* () { for (const one of people.slice(10)) yield [one] } } })
    await expect(broken).rejects.toThrow("the process ends")
    const report = await sync(...people)
    expect(report.removed).toBe(0)
    expect(report.unchanged).toBeGreaterThan(20)
    expect(report.unchanged + report.added).toBe(50)
  })
})
