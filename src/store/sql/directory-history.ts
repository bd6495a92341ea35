import type { DirectoryHistory, HistoryEntry, HistoryObject } from "../directory-history.ts"
import type { Database } from "./database.ts"

/** The audit by object: each condition by an index of its own that has the entries in their order (migrations/0023), so that none is sorted or looked through. */
export function createDirectoryHistory(database: Pick<Database, "query">): DirectoryHistory {
  return { of: ({ kind, key }, limit) => database.query<HistoryEntry>(statements[kind], [key, limit]) }
}

const newest = (condition: string): string => `(SELECT id FROM audit WHERE kind <> 'message.accepted' AND ${condition} ORDER BY id DESC LIMIT $2)`

const entries = (kind: HistoryObject["kind"], conditions: readonly string[]): { readonly name: string; readonly text: string } => ({
  name: `history-of-${kind}`,
  text: `SELECT a.id, (extract(epoch FROM a.at) * 1000)::bigint AS at, a.kind, coalesce(a.actor->>'name', a.detail->>'by', '') AS by, p.name AS person, a.detail
    FROM (${conditions.map(newest).join(" UNION ")}) AS one JOIN audit a ON a.id = one.id LEFT JOIN principal p ON p.id = a.principal_id ORDER BY a.id DESC LIMIT $2`,
})

const byKey = "detail ? 'key' AND detail->>'key' = $1"

/** Sign-ins and accesses are the owner's to read (`AuditStore.accessesOf`). */
const statements: Readonly<Record<HistoryObject["kind"], { readonly name: string; readonly text: string }>> = {
  account: entries("account", ["account_id = (SELECT id FROM account WHERE address = $1) AND kind !~ '^(signIn|access|console|outbound|message)\\.'", byKey]),
  person: entries("person", ["detail ? 'key' AND principal_id = $1", byKey]),
  unit: entries("unit", [`${byKey} AND kind LIKE 'unit.%'`]),
  group: entries("group", [`${byKey} AND kind LIKE 'group.%'`]),
}
