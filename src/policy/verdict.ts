import type { EnhancedStatus } from "../mail/enhanced-status.ts"

/** What policy decides about a message, and on what grounds. Pure data: facts in, verdict out. */
export type Verdict =
  | { readonly kind: "accept"; readonly ruleId: string }
  | ({
      readonly kind: "reject" | "defer"
      readonly ruleId: string
      readonly status: EnhancedStatus
    } & Reasons)

/** One sentence each, shown to people in this order. */
export interface Reasons {
  readonly reasonVi: string
  readonly reasonEn: string
}

/**
 * What the rules of `config/policy.yaml` decide. Beside `accept` and the refusals there are three that take the message and do
 * something with it first; whatever is taken carries the marks of the rules that marked it.
 */
export type PolicyVerdict =
  | (Extract<Verdict, { readonly kind: "accept" }> & Marked)
  /** To be signed with a key that the server holds, then accepted. */
  | ({ readonly kind: "sign"; readonly ruleId: string; readonly key: string } & Marked)
  /** Taken, and delivered when somebody approves it. */
  | ({ readonly kind: "hold"; readonly ruleId: string; readonly approvers: readonly string[] } & Reasons & Marked)
  /** Taken and set aside; those in `notify` are told, `release` says who may let it go. */
  | ({ readonly kind: "quarantine"; readonly ruleId: string; readonly notify: readonly Notified[]; readonly release: Releaser } & Reasons & Marked)
  | (Extract<Verdict, { readonly kind: "reject" | "defer" }> & Marked)

export interface Marked {
  readonly marks: readonly Mark[]
}

/** Something that readers should know about an accepted message. */
export interface Mark extends Reasons {
  readonly ruleId: string
  /** IMAP keyword set on delivery (RFC 9051 §2.3.2), null for none. */
  readonly keyword: string | null
  /** Whether the sender hears of it by mail, too. */
  readonly tellSender: boolean
}

/** `sender`, `recipients`, `administrators`, or an address. */
export type Notified = string

/** Who may release what is set aside: administrators always, `recipients` their own copy too. */
export const releasers = ["administrators", "recipients"] as const
export type Releaser = (typeof releasers)[number]
