import { flagBits } from "../../mail/flag.ts"
import type { RecipientRecord } from "../notification-store.ts"
import type { Database } from "./database.ts"

/** When messages in mailboxes here were first marked as read, by the recipient's number: the first change of the mailbox's log that set \Seen on a range with the message in it. */
export async function seenOf(database: Pick<Database, "query">, recipients: readonly Pick<RecipientRecord, "n" | "address" | "envelopeId" | "state">[]): Promise<ReadonlyMap<number, number>> {
  const asked = recipients.filter(({ state, envelopeId }) => state === "delivered" && envelopeId !== null)
  if (asked.length === 0) return new Map()
  const rows = await database.query<{ n: number; at: number }>(seen, [asked.map(({ n }) => n), asked.map(({ envelopeId }) => envelopeId), asked.map(({ address }) => address)])
  return new Map(rows.map(({ n, at }) => [n, at]))
}

const seen = {
  name: "notification-seen",
  text: `
    SELECT t.n, (extract(epoch FROM seen.at) * 1000)::bigint AS at
    FROM unnest($1::int[], $2::bigint[], $3::text[]) AS t (n, envelope_id, address)
    JOIN delivery d ON d.envelope_id = t.envelope_id AND d.recipient = t.address
    JOIN message m ON m.delivery_id = d.id
    CROSS JOIN LATERAL (
      SELECT c.at FROM mailbox_change c WHERE c.mailbox_id = m.mailbox_id AND c.modseq > m.modseq AND c.operation = 'flags' AND c.set_mask & ${flagBits.seen} <> 0
        AND EXISTS (SELECT FROM generate_series(1, array_length(c.uid_ranges, 1), 2) AS i WHERE m.uid BETWEEN c.uid_ranges[i] AND c.uid_ranges[i + 1])
      ORDER BY c.modseq LIMIT 1
    ) seen`,
}
