import type { NewWarning, OwedWarning, SenderWarningStore, WarningKey } from "../sender-warning-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Warnings to senders in PostgreSQL, and the part of the acceptance's statement that writes them (see acceptances.ts). */
export const createSenderWarningStore = (database: Pick<Database, "query">): SenderWarningStore => ({
  untold: (limit) => database.query<OwedWarning>(untold, [limit]),
  giveUpTelling: async ({ accountId, ruleId, day }) => void (await database.query(markTold, [accountId, ruleId, day])),
  async forget() {
    let forgotten = 0
    for (let more = true; more; ) {
      const rows = await database.query(forget, [pageSize])
      forgotten += rows.length
      more = rows.length === pageSize
    }
    return forgotten
  },
})

const pageSize = 1000

/** False when the sender has been told of it already. */
export const markSenderWarned = async (tx: Transaction, { accountId, ruleId, day }: WarningKey): Promise<boolean> => (await tx.query(markTold, [accountId, ruleId, day])).length > 0

/** One value for each message: its warnings as JSON, null for none. */
export const warningsValue = (warnings: readonly NewWarning[] | undefined): string | null => (warnings && warnings.length > 0 ? JSON.stringify(warnings) : null)

/**
 * An INSERT of the warnings of the envelopes `e`. What has been said that day is not said again; in the order of their key, so that two acceptances never
 * wait for each other in a circle.
 */
export const insertWarningsSql = (envelopeIds: string, warnings: string): string => `
  INSERT INTO sender_warning (account_id, rule_id, day, envelope_id, reason_vi, reason_en, refused_from)
  SELECT n."accountId", n."ruleId", n.day, t.envelope_id, n."reasonVi", n."reasonEn", to_timestamp(n."refusedFrom" / 1000.0)
  FROM unnest(${envelopeIds}::bigint[], ${warnings}::jsonb[]) AS t (envelope_id, warnings)
  JOIN e ON e.id = t.envelope_id
  CROSS JOIN jsonb_to_recordset(t.warnings) AS n ("accountId" bigint, "ruleId" text, day date, "reasonVi" text, "reasonEn" text, "refusedFrom" float8)
  ORDER BY n."accountId", n."ruleId", n.day, t.envelope_id
  ON CONFLICT DO NOTHING`

const markTold = { name: "mark-sender-warned", text: "UPDATE sender_warning SET told = true WHERE account_id = $1 AND rule_id = $2 AND day = $3 AND NOT told RETURNING account_id" }

const shownRecipients = 10

/** What could not be told for days is not worth telling any more. */
const untold = {
  name: "sender-warnings-untold",
  text: `
    SELECT w.account_id AS "accountId", w.rule_id AS "ruleId", w.day::text AS day, w.reason_vi AS "reasonVi", w.reason_en AS "reasonEn",
      (extract(epoch FROM w.refused_from) * 1000)::bigint AS "refusedFrom", a.address, w.envelope_id AS "envelopeId", e.message_id AS "messageId",
      (extract(epoch FROM e.accepted_at) * 1000)::bigint AS "acceptedAt", e.content,
      ARRAY(SELECT recipient FROM delivery d WHERE d.envelope_id = w.envelope_id ORDER BY d.id LIMIT ${shownRecipients}) AS recipients,
      (SELECT count(*) FROM delivery d WHERE d.envelope_id = w.envelope_id) AS "recipientCount"
    FROM sender_warning w JOIN account a ON a.id = w.account_id JOIN envelope e ON e.id = w.envelope_id
    WHERE NOT w.told AND w.day > current_date - 3 ORDER BY w.envelope_id, w.rule_id LIMIT $1`,
}

const forget = {
  name: "forget-sender-warnings",
  text: "DELETE FROM sender_warning WHERE (account_id, rule_id, day) IN (SELECT account_id, rule_id, day FROM sender_warning WHERE day < current_date - 31 LIMIT $1) RETURNING account_id",
}
