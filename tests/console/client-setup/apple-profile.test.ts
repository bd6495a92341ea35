import { expect, test } from "vitest"
import { appleProfile } from "../../../src/console/client-setup/apple-profile.ts"
import { nameUuid } from "../../../src/console/client-setup/name-uuid.ts"
import { clientSettings, pythonMissing, readPlist } from "../../support/client-setup.ts"

const noPython = pythonMissing()

test.skipIf(noPython)("a profile has one mail account, TLS on both ways, and no password", () => {
  const profile = appleProfile(clientSettings, "an&binh@tinh.example")
  expect(readPlist(profile)).toMatchObject({
    PayloadType: "Configuration", PayloadVersion: 1, PayloadDisplayName: "Thư công vụ — an&binh@tinh.example", PayloadOrganization: "Thư công vụ", PayloadRemovalDisallowed: false,
    PayloadContent: [{
      PayloadType: "com.apple.mail.managed", PayloadVersion: 1, EmailAccountType: "EmailTypeIMAP", EmailAddress: "an&binh@tinh.example",
      IncomingMailServerHostName: "mail.tinh.example", IncomingMailServerPortNumber: 993, IncomingMailServerUseSSL: true, IncomingMailServerUsername: "an&binh@tinh.example", IncomingMailServerAuthentication: "EmailAuthPassword",
      OutgoingMailServerHostName: "mail.tinh.example", OutgoingMailServerPortNumber: 465, OutgoingMailServerUseSSL: true, OutgoingMailServerUsername: "an&binh@tinh.example", OutgoingPasswordSameAsIncomingPassword: true,
    }],
  })
  expect(profile).not.toMatch(/<key>(?:Incoming|Outgoing|LDAPAccount)Password<\/key>/)
})

test.skipIf(noPython)("where there is an address book, it comes with the account", () => {
  const addressBook = { host: "ldap.tinh.example", baseDn: "dc=tinh,dc=example", user: "cn=reader,dc=tinh,dc=example" }
  expect(readPlist(appleProfile({ ...clientSettings, addressBook }, "an@tinh.example"))).toMatchObject({
    PayloadContent: [{}, {
      PayloadType: "com.apple.ldap.account", LDAPAccountHostName: "ldap.tinh.example", LDAPAccountUseSSL: true, LDAPAccountUserName: "cn=reader,dc=tinh,dc=example",
      LDAPSearchSettings: [{ LDAPSearchSettingScope: "LDAPSearchSettingScopeSubtree", LDAPSearchSettingSearchBase: "dc=tinh,dc=example" }],
    }],
  })
  expect(appleProfile({ ...clientSettings, addressBook: { ...addressBook, user: "" } }, "an@tinh.example")).not.toContain("LDAPAccountUserName")
})

const uuids = (profile: string): readonly string[] => [...profile.matchAll(/<key>PayloadUUID<\/key>\s*<string>([^<]+)</g)].map((match) => match[1] ?? "")

test("identifiers are the address's: a new profile takes the place of the old one, and no two are alike", () => {
  const [old, again, moved, other] = [
    appleProfile(clientSettings, "an@tinh.example"), appleProfile(clientSettings, "An@TINH.example"), appleProfile({ ...clientSettings, host: "mail2.tinh.example" }, "an@tinh.example"), appleProfile(clientSettings, "binh@tinh.example"),
  ].map(uuids)
  expect(old).toHaveLength(2)
  expect(again).toEqual(old)
  expect(moved).toEqual(old)
  expect(new Set([...(old ?? []), ...(other ?? [])]).size).toBe(4)
})

test.skipIf(noPython)("name-based UUIDs are those that Python makes", async () => {
  const { execFileSync } = await import("node:child_process")
  const python = execFileSync("python3", ["-c", "import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, 'mailto:an@tinh.example#mail'))"], { encoding: "utf8" })
  expect(nameUuid("mailto:an@tinh.example#mail")).toBe(python.trim().toUpperCase())
})
