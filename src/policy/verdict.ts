import type { EnhancedStatus } from "../mail/enhanced-status.ts"

/** What policy decides about a message, and on what grounds. Pure data: facts in, verdict out. */
export type Verdict =
  | { readonly kind: "accept"; readonly ruleId: string }
  | {
      readonly kind: "reject" | "defer"
      readonly ruleId: string
      readonly status: EnhancedStatus
      /** One sentence each, shown to the sender in this order. */
      readonly reasonVi: string
      readonly reasonEn: string
    }
