import type { DirectorySource } from "../../../accounts/directory.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Result } from "../../../base/result.ts"
import type { CompiledPolicy } from "../../../policy/compile-policy.ts"
import type { Explanation, MessageQuestion, NotExplained } from "../../../policy/message-question.ts"
import type { ReplayReport } from "../../../policy/replay.ts"
import type { Period } from "../../../store/decision-store.ts"
import type { PolicyStore } from "../../../store/policy-store.ts"
import { policyText } from "../../text/policies.ts"
import type { Area } from "../../web/page.ts"
import type { RunControl, Runs } from "../../../base/runs.ts"
import { applyPages } from "./apply.ts"
import { editPages } from "./edit.ts"
import { explainPages } from "./explain.ts"
import { replayPages } from "./replay.ts"
import { versionPages } from "./versions.ts"

/** The rules that messages must satisfy: read, tried, put in force. They are the province's as a whole. */
export interface PolicyPorts {
  readonly policies: Pick<PolicyStore, "inForce" | "version" | "history" | "apply">
  readonly directory: DirectorySource
  /** Tells other processes that another version is in force. */
  readonly announce: (version: number) => void
  readonly replay: (policy: CompiledPolicy, period: Period, control: RunControl) => Promise<ReplayReport>
  readonly explain: (policy: CompiledPolicy, question: MessageQuestion) => Promise<Result<Explanation, NotExplained>>
  readonly nameOf: (by: string) => string
  readonly replays: Runs<ReplayReport>
  readonly clock: Clock
}

export const policyArea = (ports: PolicyPorts): Area => ({
  group: "trust",
  menu: [
    { path: "/policies", label: policyText.title, who: "policy:read" },
    { path: "/policies/edit", label: policyText.edit, who: "policy:read" },
    { path: "/policies/explain", label: policyText.explain, who: "policy:read" },
  ],
  pages: [...editPages(ports), ...explainPages(ports), ...replayPages(ports), ...applyPages(ports), ...versionPages(ports)],
})
