import { provinceTime } from "../delivery/story.ts"
import { printable } from "../mail/printable.ts"
import type { ListedEntry } from "../store/audit-store.ts"
import type { ChainProblem } from "../store/audit/verify-chain.ts"
import { fitTable } from "./fit-table.ts"

/** How entries of the audit are shown: for people, as CSV, as lines of JSON. Pure. */
export const entryTable = (entries: readonly ListedEntry[]): string =>
  fitTable(
    ["NUMBER", "TIME", "KIND", "WHO", "FROM", "ACCOUNT", "DETAIL"],
    entries.map((entry) => [String(entry.id), provinceTime(Date.parse(entry.at)).slice(0, 19), entry.kind, whoOf(entry), from(entry), entry.account ?? "-", JSON.stringify(entry.detail)].map(printable)),
  )

/** The actor, else the name that the details give, else the person. */
export function whoOf({ actor, principal, principalId, detail }: ListedEntry): string {
  const name = member(actor, "name")
  if (name !== undefined) return `${member(actor, "via") ?? ""} ${name}`.trim()
  return member(detail, "by") ?? principal ?? principalId ?? "-"
}

const from = ({ clientAddress, actor }: ListedEntry): string => clientAddress ?? member(actor, "address") ?? "-"

function member(value: unknown, name: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof found === "string" ? found : undefined
}

export const csvHeader = "id,position,at,kind,who,principalId,account,accountId,clientAddress,envelopeId,actor,detail"

export function csvLine(entry: ListedEntry): string {
  const { id, position, at, kind, principalId, account, accountId, envelopeId, actor, detail } = entry
  return [id, position, at, kind, whoOf(entry), principalId, account, accountId, from(entry), envelopeId, actor === null ? null : JSON.stringify(actor), JSON.stringify(detail)].map(cell).join(",")
}

/** RFC 4180. What a spreadsheet would take for a formula is text: names come from whoever tried to sign in. */
function cell(value: string | number | null): string {
  if (value === null) return ""
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const problemTexts = {
  changed: "is not what was sealed: it was changed, or its place in the chain",
  removed: "is gone, and its seal is not",
  inserted: "was put there later: it has no seal, and those after it have",
  reordered: "is sealed at another place than its own",
  sealRemoved: "the seal of this position is gone",
  truncated: "the chain ends before this position, and a signed head says that it was longer",
  rewritten: "is not what a signed head says was there: the chain was written anew",
  headForged: "the signed head of this position has no valid signature by a key that is trusted here",
} as const satisfies Record<ChainProblem["kind"], string>

export const problemLine = ({ position, auditId, kind }: ChainProblem): string =>
  `position ${position}${auditId === null || kind === "headForged" ? "" : `, entry ${auditId}`}: ${problemTexts[kind]}`
