import type { ActionStep } from "../accounts/provision/guided/steps.ts"
import type { Result } from "../base/result.ts"
import type { EditContext, Refusal } from "./directory-editor.ts"

/**
 * Guided actions: somebody moves to another unit, leaves, hands an account over. Planned, they say what will happen; done, they are one transaction and one
 * record; some can be taken back while nobody has changed what they left. Must not know: pages.
 */
export interface DirectoryActions {
  /** Fails as a change does (directory-editor.ts). */
  plan(action: GuidedAction, by: EditContext): Promise<Result<ActionPlan, Refusal>>
  /** `seen` is the plan's: `inUse` when it would be another one by now. */
  apply(action: GuidedAction, seen: string, by: EditContext): Promise<Result<ActionDone, Refusal>>
  /** Takes it back, last step first. `inUse` when what it left is not so any more, `invalid` when it cannot be taken back. */
  undo(id: number, by: EditContext): Promise<Result<{ readonly version: number }, Refusal>>
  /**
   * A one-time password in the place of the password, which its holder has forgotten or somebody else has learned; shown this once. The owner's app passwords end
   * unless they are to be kept, and so do sessions by whatever ends; app passwords of others who use the account are theirs.
   */
  resetPassword(address: string, how: { readonly keepAppPasswords: boolean }, by: EditContext): Promise<Result<{ readonly oneTimePassword: string }, Refusal>>
  /** Of a person or an account, newest first; those that the scope covers. */
  history(subject: string, by: EditContext): Promise<readonly ActionOnRecord[]>
  /** Closes for good what has waited for its day, takes away former addresses whose time is over. Resolves with how many of each. */
  upkeep(): Promise<{ readonly archived: number; readonly addresses: number }>
}

export type GuidedAction =
  /** `title` null: as it is. `keepAddress`: no new one. */
  | { readonly kind: "move"; readonly principalId: string; readonly unitCode: string; readonly title: string | null; readonly keepAddress: boolean }
  | { readonly kind: "leave"; readonly principalId: string }
  | { readonly kind: "handOver"; readonly address: string; readonly to: string }

export interface ActionPlan {
  readonly steps: readonly ActionStep[]
  readonly seen: string
  readonly undoable: boolean
}

export interface ActionDone {
  readonly id: number
  readonly version: number
  /** For the new holder, shown this once. */
  readonly oneTimePassword: string | null
}

export interface ActionOnRecord {
  readonly id: number
  readonly kind: GuidedAction["kind"]
  readonly subject: string
  readonly steps: readonly ActionStep[]
  /** Milliseconds since the epoch. */
  readonly doneAt: number
  readonly undoneAt: number | null
  readonly undoable: boolean
}
