import { type ChangeNoticeStore, type ChangesTold, type OwedChange, toldChanges } from "../change-notice-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Changes that holders are to hear of, from the audit in PostgreSQL. */
export const createChangeNoticeStore = (database: Pick<Database, "query">): ChangeNoticeStore => ({
  untold: (withinMs, limit) => database.query<OwedChange>(untold, [toldChanges, withinMs, limit]),
  giveUpTelling: async ({ accountId, entries }, why) => void (await database.query(notTold, [accountId, entries, why])),
})

/** False when one of them was told already. The account's row is locked first: of two processes the second sees what the first has written. */
export async function markChangesTold(tx: Transaction, { accountId, entries }: ChangesTold, envelopeId: number): Promise<boolean> {
  await tx.query({ text: "SELECT FROM account WHERE id = $1 FOR NO KEY UPDATE" }, [accountId])
  return (await tx.query(markTold, [accountId, entries, envelopeId])).length > 0
}

/** Entries (numbers in `detail`) of the account `account` that name the entry `entry`. */
const told = (account: string, entry: string): string =>
  `EXISTS (SELECT FROM audit t WHERE t.account_id = ${account} AND t.id > ${entry} AND t.kind <> 'message.accepted' AND t.kind IN ('account.changesTold', 'account.changesNotTold') AND t.detail->'entries' @> to_jsonb(${entry}))`

/** By time first, of which there is an index: a search by kind, or in the order of the numbers, would read the whole audit each time. Without a name, so that it is planned for its period. */
const untold = {
  text: `
    WITH recent AS MATERIALIZED (SELECT * FROM audit WHERE kind <> 'message.accepted' AND at > now() - $2 * interval '1 millisecond' AND kind = ANY ($1))
    SELECT a.id AS entry, a.kind, a.account_id AS "accountId", c.address, (extract(epoch FROM a.at) * 1000)::bigint AS at, a.actor,
      coalesce(a.detail->>'label', a.detail->>'name', a.detail->'after'->>'target', a.detail->'before'->>'target') AS named
    FROM recent a JOIN account c ON c.id = a.account_id
    WHERE c.suspended_at IS NULL AND (a.detail->>'first')::boolean IS NOT TRUE AND NOT ${told("a.account_id", "a.id")}
    ORDER BY a.id LIMIT $3`,
}

const markTold = {
  name: "mark-changes-told",
  text: `
    INSERT INTO audit (kind, account_id, envelope_id, detail) SELECT 'account.changesTold', $1, $3, jsonb_build_object('entries', to_jsonb($2::bigint[]))
    WHERE NOT EXISTS (SELECT FROM unnest($2::bigint[]) AS e (id) WHERE ${told("$1", "e.id")}) RETURNING id`,
}

const notTold = { name: "changes-not-told", text: "INSERT INTO audit (kind, account_id, detail) VALUES ('account.changesNotTold', $1, jsonb_build_object('entries', to_jsonb($2::bigint[]), 'why', $3::text))" }
