import { readFile } from "node:fs/promises"
import { createAddressBookKeeper } from "../addressbook/keep-in-step.ts"
import { type LdapServer, openLdapDirectory } from "../addressbook/ldap-directory.ts"
import type { LdapWorkerParts } from "../../queue-workers/ldap.worker.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { AddressBookSource } from "../store/address-book-source.ts"
import { createAddressBookSource } from "../store/sql/address-book.ts"
import { createCertificateEntries } from "../store/sql/certificate-entries.ts"
import { createExclusive } from "../store/sql/exclusive.ts"

/** The address book of the directory, and what the role `worker` needs to keep an LDAP server in step with it. */
export const openAddressBook = ({ database, context: { clock } }: Pick<App, "database" | "context">): AddressBookSource =>
  createAddressBookSource({ database, certificates: createCertificateEntries({ database, clock }), clock })

/** Undefined where no LDAP server is configured. Files are read again for each connection, so that a renewed password needs no restart. */
export function addressBookUpkeep(app: App): Omit<LdapWorkerParts, "log"> | undefined {
  const { config, clock, log } = app.context
  if (config.ldap.url === "") return undefined
  const keeper = createAddressBookKeeper({
    open: async (signal) => openLdapDirectory(await ldapServer(config), signal),
    source: openAddressBook(app),
    exclusively: createExclusive(app.database, "addressBook"),
    options: { showPhones: config.ldap.showPhones },
    compareEveryMs: config.ldap.compare,
    clock,
    log,
  })
  return { keeper, feed: app.feed, everyMs: config.ldap.check }
}

async function ldapServer(config: Config): Promise<LdapServer> {
  const { url, serverName, caFile, baseDn, bindDn, bindPasswordFile } = config.ldap
  const [ca, password] = await Promise.all([caFile ? readFile(pathOr(config, caFile, ""), "utf8") : null, readFile(pathOr(config, bindPasswordFile, ""), "utf8")])
  return { url, serverName: serverName || new URL(url).hostname, ca, baseDn, bindDn, bindPassword: password.trim() }
}
