import type { App } from "../app.ts"
import type { DirectoryPorts } from "../console/pages/directory/directory.ts"
import type { Outbox } from "../delivery/outbox.ts"
import { createBulkTemplates } from "../provisioning/bulk-template.ts"
import { planUpload } from "../provisioning/bulk-upload.ts"
import { createJobFeed } from "../provisioning/job-feed.ts"
import type { ForwardingStore } from "../store/forwarding-store.ts"
import { createDirectoryEditor } from "../store/sql/directory-editor.ts"
import { createDirectoryHistory } from "../store/sql/directory-history.ts"
import { createDirectoryView } from "../store/sql/directory-view.ts"
import { addressRuleOf, editorParts, openBulkStore, openDirectoryActions } from "./provisioning.ts"

export interface DirectoryServices {
  readonly outbox: Pick<Outbox, "enqueueBulk">
  readonly forwarding: ForwardingStore
}

/** What the console's pages of the directory need. */
export function consoleDirectory(app: App, { outbox, forwarding }: DirectoryServices): DirectoryPorts {
  const { database, directory, context: { config, clock, log } } = app
  const { personalQuota, organizationalQuota } = config.directory
  const bulk = openBulkStore(app)
  const addressRule = addressRuleOf(config)
  return {
    view: createDirectoryView(database),
    history: createDirectoryHistory(database),
    editor: createDirectoryEditor(editorParts(app)),
    actions: openDirectoryActions(app),
    forwarding, clock,
    defaultQuotaBytes: personalQuota,
    addressRule,
    changed: async () => void (await directory.refresh()),
    bulk: {
      store: bulk, clock, templates: createBulkTemplates(),
      plan: (upload) => planUpload(upload, { store: bulk, quotaBytes: { personal: personalQuota, organizational: organizationalQuota }, addressRule }),
      // what is not queued now the worker's sweep finds
      wake: (id) => void outbox.enqueueBulk({ bulk: [id] }).catch((error: unknown) => log.debug({ err: error, jobId: id }, "bulk: a job waits for the sweep")),
      feed: createJobFeed({ read: (scope, id) => bulk.find(scope, id), onError: (error) => log.warn({ err: error }, "web: a bulk job could not be read") }),
    },
  }
}
