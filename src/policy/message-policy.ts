/** What every message must satisfy, whoever sends it. Facts in, verdict out. */
import { enhancedStatus } from "../mail/enhanced-status.ts"
import type { Verdict } from "./verdict.ts"

export interface MessageFacts {
  /** Received: fields in the top-level header. */
  readonly hops: number
}

/** RFC 5321 §6.3: loops are found by counting Received: fields. The RFC advises a large threshold; no honest route into a province has 50 hops. */
const maxHops = 50

export function messagePolicy(facts: MessageFacts): Verdict {
  return facts.hops > maxHops
    ? {
        kind: "reject", ruleId: "message.loop", status: enhancedStatus.loopDetected,
        reasonVi: "Thư đi vòng quá nhiều máy chủ", reasonEn: `Mail loop: more than ${maxHops} Received fields`,
      }
    : { kind: "accept", ruleId: "message" }
}
