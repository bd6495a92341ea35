import type { App } from "../app.ts"
import { newOneTimePassword, oneTimeHash } from "../accounts/credential.ts"
import { parseAddressRule, type RuleProblem } from "../accounts/provision/address-rule.ts"
import type { Config } from "../config/schema.ts"
import { defaultMailboxes } from "../accounts/default-mailboxes.ts"
import type { Outbox } from "../delivery/outbox.ts"
import type { Scope } from "../accounts/administrator.ts"
import { type Upload, planUpload } from "../provisioning/bulk-upload.ts"
import type { DirectoryEditor } from "../store/directory-editor.ts"
import type { DirectoryView } from "../store/directory-view.ts"
import { createDirectoryView } from "../store/sql/directory-view.ts"
import { createBulkRunner } from "../provisioning/bulk-runner.ts"
import type { BulkStore } from "../store/bulk-store.ts"
import type { DirectoryActions } from "../store/directory-actions.ts"
import type { KeepingRules } from "../store/sql/action-facts.ts"
import { type ActionParts, createDirectoryActions } from "../store/sql/directory-actions.ts"
import type { OneTimePasswords } from "../store/sql/bulk-parts.ts"
import { createBulkStore } from "../store/sql/bulk.ts"
import { createDirectoryEditor, type EditorParts } from "../store/sql/directory-editor.ts"

/** Changes to the directory, as the roles that make them need them. */
export const editorParts = ({ database, feed, context: { config, clock } }: Pick<App, "database" | "feed" | "context">): EditorParts => ({
  database, feed, clock, mailboxes: defaultMailboxes(config.imap.vietnameseFolderNames), addressRule: addressRuleOf(config),
})

/** Throws when the configuration's rule is none: mailboxes would get names that nobody wants. */
export function addressRuleOf({ directory: { addressRule } }: Pick<Config, "directory">): string {
  const rule = parseAddressRule(addressRule)
  if (!rule.ok) throw new Error(`directory.addressRule: "${addressRule}" is no rule: ${ruleFaults[rule.failure]}`)
  return addressRule
}

const ruleFaults: Readonly<Record<RuleProblem, string>> = {
  long: "it is longer than 100 characters", noDomain: "it must end in @{domain}", unknownPlaceholder: "it names a placeholder that is not known", badLetters: "beside placeholders it may have small letters, digits and . - _", nobody: "it must have {ten} or {hoten}",
}

/** New ones are kept under the key of app passwords. */
export const oneTimePasswords = (key: Buffer): OneTimePasswords => () => {
  const text = newOneTimePassword()
  const hash = oneTimeHash(text, key)
  if (hash === undefined) throw new Error("a one-time password has no hash")
  return { text, hash }
}

export const openBulkStore = (app: App): BulkStore => createBulkStore({ ...editorParts(app), sealer: app.sealer, oneTimePasswords: oneTimePasswords(app.files.appPasswordKey) })

/** How long what people leave behind is kept. */
export const keepingRules = ({ directory: { keepOldAddress, leaverMonths, headMonths, headTitles } }: Pick<Config, "directory">): KeepingRules => ({
  leaverMonths, headMonths, headTitles,
  aliasUntil: (today) => new Date(Date.parse(`${today}T00:00:00Z`) + keepOldAddress).toISOString().slice(0, 10),
})

export const actionParts = (app: App): ActionParts => ({ ...editorParts(app), keeping: keepingRules(app.context.config), oneTimePasswords: oneTimePasswords(app.files.appPasswordKey) })

export const openDirectoryActions = (app: App): DirectoryActions => createDirectoryActions(actionParts(app))

/** What the worker needs for bulk jobs. */
export function bulkUpkeep(app: App, outbox: Pick<Outbox, "enqueueBulk" | "isAvailable">) {
  const store = openBulkStore(app)
  return { store, outbox, runner: createBulkRunner({ store, log: app.context.log }), everyMs: app.context.config.delivery.sweep }
}

/** All that pages and the API need of the directory. */
export interface Provisioning {
  readonly view: DirectoryView
  readonly editor: DirectoryEditor
  readonly actions: DirectoryActions
  readonly bulk: BulkStore
  planUpload(upload: Upload): ReturnType<typeof planUpload>
  /** Confirms a plan and wakes a worker; one that hears nothing finds it with its next sweep. */
  start(scope: Scope, jobId: number): ReturnType<BulkStore["confirm"]>
}

export function openProvisioning(app: App, outbox: Pick<Outbox, "enqueueBulk">): Provisioning {
  const bulk = openBulkStore(app)
  const { personalQuota, organizationalQuota, addressRule } = app.context.config.directory
  return {
    view: createDirectoryView(app.database),
    editor: createDirectoryEditor(editorParts(app)),
    actions: openDirectoryActions(app),
    bulk,
    planUpload: (upload) => planUpload(upload, { store: bulk, addressRule, quotaBytes: { personal: personalQuota, organizational: organizationalQuota } }),
    async start(scope, jobId) {
      const confirmed = await bulk.confirm(scope, jobId)
      if (confirmed.ok) await outbox.enqueueBulk({ bulk: [jobId] })
      return confirmed
    },
  }
}
