import type { Result } from "../base/result.ts"
import type { Failure } from "../mail/failure.ts"

/**
 * Every policy that was ever in force here, and which one is now. Versions count up from 1 and never change; what is put in force,
 * also an old text again, is a new version with an audit entry in the same transaction. Must not know: what a policy says.
 */
export interface PolicyStore {
  /** Null before the first was put in force. */
  versionInForce(): Promise<number | null>
  inForce(): Promise<PolicyVersion | null>
  version(version: number): Promise<PolicyVersion | undefined>
  /** Newest first. */
  history(limit: number): Promise<readonly PolicySummary[]>
  /** Puts a text in force and returns its version. Fails with `alreadyExists` when the same text is in force already. */
  apply(policy: NewPolicy): Promise<Result<number, Failure>>
  /**
   * For the configured file, at each start of each process: puts it in force when it is not the text that was last read from a file, so
   * that a policy applied by a command stays until the file is changed. Returns the new version, null when nothing changed.
   */
  applyFile(policy: Omit<NewPolicy, "why">): Promise<number | null>
}

export interface NewPolicy {
  readonly yaml: string
  /** Who did it, as far as the machine knows. */
  readonly by: string
  readonly why: string
}

export interface PolicySummary {
  readonly version: number
  /** Of the text's UTF-8, lower case hex. */
  readonly sha256: string
  readonly source: "file" | "command"
  readonly appliedAt: number
  readonly by: string
  readonly why: string
  readonly inForce: boolean
}

export interface PolicyVersion extends PolicySummary {
  readonly yaml: string
}
