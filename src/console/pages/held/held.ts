import type { AuditRecorder } from "../../../accounts/audit-record.ts"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { Clock } from "../../../base/clock.ts"
import type { ContentRef } from "../../../store/content-store.ts"
import type { HeldDesk } from "../../../store/held-desk.ts"
import type { HeldStore, Released } from "../../../store/held-store.ts"
import type { MessagePreview } from "../../../store/message-preview.ts"
import type { ShownHeader } from "../../../store/shown-header.ts"
import { heldText } from "../../text/held.ts"
import type { Area } from "../../web/page.ts"
import { approvalPages } from "./approvals.ts"
import { copyPages } from "./copies.ts"
import { decidePages } from "./decide.ts"
import { heldListPages } from "./list.ts"
import { heldMessagePages } from "./message.ts"

/** Quarantine and approvals. Facts are for all who may look; subject and content for those who may decide. */
export interface HeldPorts {
  readonly held: HeldDesk
  /** What waits for a holder rather than an administrator. */
  readonly approvals: Pick<HeldStore, "awaiting" | "mayDecide" | "find" | "release" | "refuse">
  readonly directory: DirectorySource
  readonly clock: Clock
  readonly header: (content: ContentRef) => Promise<ShownHeader>
  readonly preview: (content: ContentRef) => Promise<MessagePreview>
  /** That somebody read what is not his. */
  readonly audit: AuditRecorder
  /** The name behind what the audit keeps of who decided. */
  readonly nameOf: (by: string) => string
  /** Tells the workers what is due now; must not throw. */
  readonly wake: (deliveries: Released) => void
}

export const heldArea = (ports: HeldPorts): Area => ({
  group: "mail",
  menu: [
    { path: "/held", label: heldText.title, who: "held:read" },
    { path: "/held/decided", label: heldText.decidedTitle, who: "held:read" },
  ],
  pages: [...heldListPages(ports), ...decidePages(ports), ...copyPages(ports), ...heldMessagePages(ports), ...approvalPages(ports)],
})
