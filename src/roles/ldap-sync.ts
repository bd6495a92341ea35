import { readFile } from "node:fs/promises"
import { defaultMailboxes } from "../accounts/default-mailboxes.ts"
import { createLdapSync, type LdapSync } from "../addressbook/ldap-sync.ts"
import { readLdap } from "../addressbook/ldap-reader.ts"
import type { Clock } from "../base/clock.ts"
import { pathOr } from "../config/load.ts"
import type { Config } from "../config/schema.ts"
import type { LdapSyncWorkerParts } from "../../queue-workers/ldap-sync.worker.ts"
import { addressRuleOf } from "./provisioning.ts"
import type { App } from "../app.ts"
import type { LdapSyncStore } from "../store/ldap-sync-store.ts"
import { createLdapSyncStore } from "../store/sql/ldap-sync.ts"

/** The synchronization as the configuration has it; files are read again for each run, so that a renewed password needs no restart. */
export function openLdapSync({ config, store, clock }: { readonly config: Config; readonly store: LdapSyncStore; readonly clock: Clock }): LdapSync {
  const { url, serverName, caFile, baseDn, bindDn, bindPasswordFile, personFilter, groupFilter, idAttribute, numberAttribute, nameAttribute, unitAttribute, titleAttribute, phoneAttribute, addressAttribute, memberAttribute, defaultUnit, quota, maxSuspended } = config.ldapSync
  const attributes = { id: idAttribute, number: numberAttribute, name: nameAttribute, unit: unitAttribute, title: titleAttribute, phone: phoneAttribute, address: addressAttribute, member: memberAttribute }
  return createLdapSync({
    async read(signal) {
      const [ca, password] = await Promise.all([caFile ? readFile(pathOr(config, caFile, ""), "utf8") : null, readFile(pathOr(config, bindPasswordFile, ""), "utf8")])
      return readLdap({ url, serverName: serverName || new URL(url).hostname, ca, baseDn, bindDn, bindPassword: password.trim() }, { personFilter, groupFilter, attributes }, signal)
    },
    store, maxSuspended, clock, options: { defaultUnit, quotaBytes: quota, addressRule: addressRuleOf(config) }, mailboxes: defaultMailboxes(config.imap.vietnameseFolderNames),
  })
}

/** Undefined where it is not done by itself. */
export function ldapSyncUpkeep({ database, feed, exclusive, context: { config, clock } }: App): Omit<LdapSyncWorkerParts, "log"> | undefined {
  if (config.ldapSync.url === "" || config.ldapSync.every === 0) return undefined
  const store = createLdapSyncStore({ database, feed })
  return { sync: openLdapSync({ config, store, clock }), store, exclusively: exclusive("ldapSync"), everyMs: config.ldapSync.every, clock }
}
