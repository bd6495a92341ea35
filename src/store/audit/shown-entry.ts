import { csvRow } from "../../base/csv.ts"
import type { ListedEntry } from "../audit-store.ts"

/** Entries of the audit for people and for spreadsheets. Pure. */

/** The actor, else the name that the details give, else the person. */
export function whoOf({ actor, principal, principalId, detail }: ListedEntry): string {
  const name = member(actor, "name")
  if (name !== undefined) return `${member(actor, "via") ?? ""} ${name}`.trim()
  return member(detail, "by") ?? principal ?? principalId ?? "-"
}

export const fromOf = ({ clientAddress, actor }: ListedEntry): string => clientAddress ?? member(actor, "address") ?? "-"

function member(value: unknown, name: string): string | undefined {
  const found = typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
  return typeof found === "string" ? found : undefined
}

export const csvHeader = "id,position,at,kind,who,principalId,account,accountId,clientAddress,envelopeId,actor,detail"

export function csvLine(entry: ListedEntry): string {
  const { id, position, at, kind, principalId, account, accountId, envelopeId, actor, detail } = entry
  return csvRow([id, position, at, kind, whoOf(entry), principalId, account, accountId, fromOf(entry), envelopeId, actor === null ? null : JSON.stringify(actor), JSON.stringify(detail)])
}
