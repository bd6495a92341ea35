import type { DirectoryHistory, HistoryEntry, HistoryObject } from "../directory-history.ts"
import type { Database } from "./database.ts"

/** The audit by object, each by an index of its own (migrations/0023). */
export function createDirectoryHistory(database: Pick<Database, "query">): DirectoryHistory {
  return { of: ({ kind, key }, limit) => database.query<HistoryEntry>(statements[kind], [key, limit]) }
}

const entries = (kind: HistoryObject["kind"], condition: string): { readonly name: string; readonly text: string } => ({
  name: `history-of-${kind}`,
  text: `SELECT a.id, (extract(epoch FROM a.at) * 1000)::bigint AS at, a.kind, coalesce(a.actor->>'name', a.detail->>'by', '') AS by, a.detail
    FROM audit a WHERE a.kind <> 'message.accepted' AND ${condition} ORDER BY a.id DESC LIMIT $2`,
})

/** Sign-ins and accesses are the owner's to read (`AuditStore.accessesOf`). */
const statements: Readonly<Record<HistoryObject["kind"], { readonly name: string; readonly text: string }>> = {
  account: entries("account", "(a.account_id = (SELECT id FROM account WHERE address = $1) OR (a.detail ? 'key' AND a.detail->>'key' = $1)) AND a.kind !~ '^(signIn|access|console|outbound|message)\\.'"),
  person: entries("person", "a.detail ? 'key' AND (a.principal_id = $1 OR a.detail->>'key' = $1)"),
  unit: entries("unit", "a.detail ? 'key' AND a.detail->>'key' = $1 AND a.kind LIKE 'unit.%'"),
  group: entries("group", "a.detail ? 'key' AND a.detail->>'key' = $1 AND a.kind LIKE 'group.%'"),
}
