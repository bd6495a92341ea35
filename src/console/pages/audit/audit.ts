import type { Clock } from "../../../base/clock.ts"
import type { AuditChain, AuditStore } from "../../../store/audit-store.ts"
import type { Verified } from "../../../store/audit/verify-chain.ts"
import { auditText } from "../../text/audit.ts"
import type { Area } from "../../web/page.ts"
import type { RunControl, Runs } from "../../../base/runs.ts"
import { chainPages } from "./chain.ts"
import { auditListPages } from "./list.ts"

/** The audit: searched, taken away, proven. */
export interface AuditPorts {
  readonly audit: Pick<AuditStore, "list" | "reach" | "accessesOf" | "export" | "record">
  readonly chain: Pick<AuditChain, "state" | "lastHead">
  readonly verify: (control: RunControl) => Promise<Verified>
  /** The account of an address or alias; undefined when there is none. */
  readonly accountOf: (address: string) => number | undefined
  readonly nameOf: (by: string) => string
  readonly verifications: Runs<Verified>
  readonly clock: Clock
}

export const auditArea = (ports: AuditPorts): Area => ({
  group: "watch",
  menu: [
    { path: "/audit", label: auditText.title, who: "audit:read" },
    { path: "/audit/chain", label: auditText.chainTitle, who: "audit:read" },
  ],
  pages: [...chainPages(ports), ...auditListPages(ports)],
})
