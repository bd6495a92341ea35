import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import type { ListedEntry } from "../store/audit-store.ts"
import { fromOf, whoOf } from "../store/audit/shown-entry.ts"
import type { ChainProblem } from "../store/audit/verify-chain.ts"
import { fitTable } from "./fit-table.ts"

/** Entries of the audit on a terminal. Pure. */
export const entryTable = (entries: readonly ListedEntry[]): string =>
  fitTable(
    ["NUMBER", "TIME", "KIND", "WHO", "FROM", "ACCOUNT", "DETAIL"],
    entries.map((entry) => [String(entry.id), provinceTime(Date.parse(entry.at)).slice(0, 19), entry.kind, whoOf(entry), fromOf(entry), entry.account ?? "-", JSON.stringify(entry.detail)].map(printable)),
  )

const problemTexts = {
  changed: "is not what was sealed: it was changed, or its place in the chain",
  removed: "is gone, and its seal is not",
  inserted: "was put there later: it has no seal, and those after it have",
  reordered: "is sealed at another place than its own",
  sealRemoved: "the seal of this position is gone",
  truncated: "the chain ends before this position, and a signed head says that it was longer",
  rewritten: "is not what a signed head says was there: the chain was written anew",
  headForged: "the signed head of this position has no valid signature by a key that is trusted here",
  forgotten: "all up to here was deleted, and it is not older than entries are kept (audit.keep); --from says where the chain begins, where that is known",
} as const satisfies Record<ChainProblem["kind"], string>

export const problemLine = ({ position, auditId, kind }: ChainProblem): string =>
  `position ${position}${auditId === null || kind === "headForged" ? "" : `, entry ${auditId}`}: ${problemTexts[kind]}`
