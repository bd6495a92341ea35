import type { ListerStatus, RevocationEvidence } from "../signature-facts.ts"
import type { Statement } from "./evidence.ts"
import type { Kept } from "./kept-answers.ts"

/** `good`, or `revoked`, which alone may be old. */
export interface Answer {
  readonly statement: Statement
  readonly source: Extract<RevocationEvidence["source"], "crl" | "ocsp">
  readonly evidence: string
  readonly isCurrent: boolean
  /** Of a list whose signer is not on the certificate's path. */
  readonly lister?: ListerStatus
}

/** What counts of something had long ago: all while it is current, and then still that the certificate was revoked; nobody takes that back by being away. */
export type Heard = <T>(kept: Kept<T> | undefined, source: Answer["source"], read: (value: T) => { readonly statement: Statement; readonly evidence: string }) => Answer | undefined

export const latestFirst = <T extends Answer>(answers: readonly (T | undefined)[]): readonly T[] =>
  answers.filter((answer) => answer !== undefined).toSorted((a, b) => b.statement.thisUpdate - a.statement.thisUpdate)
