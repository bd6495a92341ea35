import { canonicalAddress } from "../../mail/address.ts"
import { setupText } from "../text/vi.ts"
import type { AddressBookSettings, ClientSettings } from "./client-settings.ts"
import { nameUuid } from "./name-uuid.ts"
import { plist, type PlistValue } from "./write-plist.ts"

/**
 * A configuration profile for iPhone, iPad and Mac (Apple "Configuration Profile Reference"): IMAP and SMTP of one address, the address book where
 * there is one. There is no password in it, the device asks for that. Its identifiers come from the address, so that the profile of tomorrow takes
 * the place of the one of today instead of a second account. Pure.
 */
export function appleProfile(settings: ClientSettings, address: string): string {
  const account = payload("com.apple.mail.managed", address, "mail", settings.serviceName, {
    EmailAccountDescription: settings.serviceName,
    EmailAccountType: "EmailTypeIMAP",
    EmailAddress: address,
    IncomingMailServerAuthentication: "EmailAuthPassword",
    IncomingMailServerHostName: settings.host,
    IncomingMailServerPortNumber: settings.imaps,
    IncomingMailServerUseSSL: true,
    IncomingMailServerUsername: address,
    OutgoingMailServerAuthentication: "EmailAuthPassword",
    OutgoingMailServerHostName: settings.host,
    OutgoingMailServerPortNumber: settings.submissions,
    OutgoingMailServerUseSSL: true,
    OutgoingMailServerUsername: address,
    OutgoingPasswordSameAsIncomingPassword: true,
    SMIMEEnabled: true,
  })
  const contents = settings.addressBook ? [account, addressBook(settings.addressBook, address)] : [account]
  return plist({
    ...payload("Configuration", address, "profile", `${settings.serviceName} — ${address}`, { PayloadDescription: setupText.profile, PayloadOrganization: settings.serviceName, PayloadRemovalDisallowed: false }),
    PayloadContent: contents,
  })
}

const addressBook = ({ host, baseDn, user }: AddressBookSettings, address: string): PlistValue =>
  payload("com.apple.ldap.account", address, "ldap", setupText.addressBook, {
    LDAPAccountDescription: setupText.addressBook,
    LDAPAccountHostName: host,
    LDAPAccountUseSSL: true,
    ...(user !== "" && { LDAPAccountUserName: user }),
    LDAPSearchSettings: [{ LDAPSearchSettingDescription: setupText.addressBook, LDAPSearchSettingScope: "LDAPSearchSettingScopeSubtree", LDAPSearchSettingSearchBase: baseDn }],
  })

function payload(type: string, address: string, part: string, displayName: string, rest: Readonly<Record<string, PlistValue>>): Readonly<Record<string, PlistValue>> {
  const uuid = nameUuid(`mailto:${canonicalAddress(address)}#${part}`)
  return { PayloadType: type, PayloadVersion: 1, PayloadIdentifier: `congthu.${part}.${uuid}`, PayloadUUID: uuid, PayloadDisplayName: displayName, ...rest }
}
