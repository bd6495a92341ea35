import { defaultMailboxes } from "../../src/accounts/default-mailboxes.ts"
import { defaultAddressRule } from "../../src/accounts/provision/address-rule.ts"
import type { SqlDirectorySource } from "../../src/store/sql/directory.ts"
import type { DirectoryPorts } from "../../src/console/pages/directory/directory.ts"
import type { SelfPorts } from "../../src/console/pages/self/self.ts"
import { createBulkRunner } from "../../src/provisioning/bulk-runner.ts"
import { createJobFeed } from "../../src/provisioning/job-feed.ts"
import { createBulkTemplates } from "../../src/provisioning/bulk-template.ts"
import { planUpload } from "../../src/provisioning/bulk-upload.ts"
import { oneTimePasswords } from "../../src/roles/provisioning.ts"
import type { Sealer } from "../../src/store/sealing.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { createBulkStore } from "../../src/store/sql/bulk.ts"
import { createCertificateRegistry } from "../../src/store/sql/certificates.ts"
import { createDirectoryActions } from "../../src/store/sql/directory-actions.ts"
import { createDirectoryEditor } from "../../src/store/sql/directory-editor.ts"
import { createDirectoryHistory } from "../../src/store/sql/directory-history.ts"
import { createDirectoryView } from "../../src/store/sql/directory-view.ts"
import { createForwardingStore } from "../../src/store/sql/forwarding.ts"
import type { TestDatabase } from "./database.ts"
import { testLog } from "./store.ts"

/** What the console's pages of the directory, and those of holders that rest on it, need; bulk jobs are worked off in the test itself. */
export interface DirectoryParts {
  readonly database: TestDatabase
  readonly directory: SqlDirectorySource
  readonly sealer: Sealer
  readonly appPasswordKey: Buffer
  readonly clock: { now(): number }
  readonly onError: (error: unknown) => void
}

export function directoryPorts({ database, directory, sealer, appPasswordKey, clock, onError }: DirectoryParts) {
  const oneTime = oneTimePasswords(appPasswordKey)
  const editor = { database, mailboxes: defaultMailboxes(true), addressRule: defaultAddressRule, clock, feed: { publish: () => undefined } }
  const store = createBulkStore({ ...editor, sealer, oneTimePasswords: oneTime })
  let bulkWork: Promise<void> = Promise.resolve()
  const forwarding = createForwardingStore(database)
  const changed = async (): Promise<void> => void (await directory.refresh())
  const pages: DirectoryPorts = {
    view: createDirectoryView(database), history: createDirectoryHistory(database), forwarding, defaultQuotaBytes: 2 ** 31, addressRule: "{hoten}.{donvi}@{domain}", clock, changed,
    editor: createDirectoryEditor(editor),
    actions: createDirectoryActions({ ...editor, oneTimePasswords: oneTime, keeping: { leaverMonths: 6, headMonths: 12, headTitles: ["Trưởng"], aliasUntil: () => "2099-01-01" } }),
    bulk: {
      store, clock, templates: createBulkTemplates(), feed: createJobFeed({ read: (scope, id) => store.find(scope, id), onError }),
      plan: (upload) => planUpload(upload, { store, quotaBytes: { personal: 2 ** 31, organizational: 2 ** 32 }, addressRule: defaultAddressRule }),
      wake: (id) => void (bulkWork = bulkWork.then(() => createBulkRunner({ store, log: testLog }).run([id]))),
    },
  }
  const holder: Pick<SelfPorts, "registry" | "accesses" | "client" | "forwarding" | "delegation"> = {
    registry: createCertificateRegistry(database), accesses: createAuditStore(database).accessesOf, delegation: pages,
    client: { serviceName: "Thư", host: "mail.tinh.example", imaps: 993, submissions: 465, imap: 143, submission: 587, https: 443, helpUrl: "", addressBook: null },
    forwarding: { store: forwarding, rules: { inside: true, domains: ["xa.example"] }, changed },
  }
  return { pages, holder, bulkDone: () => bulkWork }
}
