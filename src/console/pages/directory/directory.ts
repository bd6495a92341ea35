import type { Clock } from "../../../base/clock.ts"
import type { DirectoryActions } from "../../../store/directory-actions.ts"
import type { DirectoryEditor } from "../../../store/directory-editor.ts"
import type { DirectoryHistory } from "../../../store/directory-history.ts"
import type { DirectoryView } from "../../../store/directory-view.ts"
import type { ForwardingStore } from "../../../store/forwarding-store.ts"
import { bulkText } from "../../text/bulk.ts"
import { directoryText } from "../../text/directory.ts"
import type { Area } from "../../web/page.ts"
import { type BulkPorts, bulkPages } from "../bulk/bulk.ts"
import { accountPages } from "./account.ts"
import { accountForms } from "./account-forms.ts"
import { findPages } from "./find.ts"
import { groupPages } from "./group.ts"
import { groupForms } from "./group-forms.ts"
import { guidedPages } from "./guided.ts"
import { personPages } from "./person.ts"
import { personForms } from "./person-forms.ts"
import { treePages } from "./tree.ts"
import { unitPages } from "./unit.ts"
import { unitForms } from "./unit-forms.ts"

/** Units, people, accounts and groups: looked at by whoever may read the directory, changed by whoever may write, each within the own units. */
export interface DirectoryPorts {
  readonly view: DirectoryView
  readonly editor: DirectoryEditor
  readonly history: DirectoryHistory
  readonly actions: Pick<DirectoryActions, "plan" | "apply" | "undo" | "resetPassword" | "history">
  readonly forwarding: Pick<ForwardingStore, "get" | "end">
  /** Of a new account, where nothing else is asked for. */
  readonly defaultQuotaBytes: number
  /** How mailboxes are named in units that say nothing themselves. */
  readonly addressRule: string
  /** Whoever changed something finds it changed. */
  readonly changed: () => Promise<void>
  readonly bulk: BulkPorts
  readonly clock: Clock
}

export const directoryArea = (ports: DirectoryPorts): Area => ({
  group: "directory",
  menu: [
    { path: "/directory", label: directoryText.units, who: "directory:read" },
    { path: "/directory/find", label: directoryText.find, who: "directory:read" },
    { path: "/directory/bulk", label: bulkText.title, who: "directory:write" },
  ],
  pages: [
    ...treePages(ports), ...findPages(ports),
    ...unitForms(ports), ...personForms(ports), ...accountForms(ports), ...groupForms(ports), ...bulkPages(ports.bulk), ...guidedPages(ports),
    ...unitPages(ports), ...personPages(ports), ...accountPages(ports), ...groupPages(ports),
  ],
})
