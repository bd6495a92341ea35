import { readFile } from "node:fs/promises"
import { type AddressBookKeeper, createAddressBookKeeper } from "../addressbook/keep-in-step.ts"
import { type LdapServer, openLdapDirectory } from "../addressbook/ldap-directory.ts"
import type { LdapWorkerParts } from "../../queue-workers/ldap.worker.ts"
import type { App } from "../app.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { AddressBookSource } from "../store/address-book-source.ts"
import { createAddressBookSource } from "../store/sql/address-book.ts"
import { createCertificateEntries } from "../store/sql/certificate-entries.ts"
import { said } from "../telemetry/health-words.ts"

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
    exclusively: app.exclusive("addressBook"),
    options: { showPhones: config.ldap.showPhones },
    compareEveryMs: config.ldap.compare,
    clock,
    log,
  })
  return { keeper: watched(app, keeper), feed: app.feed, everyMs: config.ldap.check }
}

/** Says on the status page how it went; mail does not depend on it, so an LDAP server that is away makes nobody unhealthy. */
function watched({ context: { health, metrics, clock } }: App, keeper: AddressBookKeeper): AddressBookKeeper {
  let state = said("addressBookNew")
  let isAway = 0
  health.add("addressBook", async () => [state])
  metrics.gauge("address_book_away", "1 while the LDAP server cannot be kept in step.", () => isAway)
  return {
    async check(signal) {
      try {
        const outcome = await keeper.check(signal)
        ;[state, isAway] = [said(outcome === "elsewhere" ? "addressBookElsewhere" : "addressBookInStep", { at: clock.now() }), 0]
        return outcome
      } catch (error) {
        if (!signal.aborted) [state, isAway] = [said("addressBookAway", { at: clock.now() }), 1]
        throw error
      }
    },
  }
}

async function ldapServer(config: Config): Promise<LdapServer> {
  const { url, serverName, caFile, baseDn, bindDn, bindPasswordFile } = config.ldap
  const [ca, password] = await Promise.all([caFile ? readFile(pathOr(config, caFile, ""), "utf8") : null, readFile(pathOr(config, bindPasswordFile, ""), "utf8")])
  return { url, serverName: serverName || new URL(url).hostname, ca, baseDn, bindDn, bindPassword: password.trim() }
}
