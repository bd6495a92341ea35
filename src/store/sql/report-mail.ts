import { openFacts } from "../sealed-facts.ts"
import type { Sealer } from "../sealing.ts"
import type { ReportKind } from "../own-report-store.ts"
import type { BadReports, ReportMail, ReportMailOutcome, ReportMailStore } from "../report-mail-store.ts"
import type { Database, Transaction } from "./database.ts"

/** Mail with reports of others in PostgreSQL, the part of an acceptance that writes it down, and the part of a report's transaction that settles it. */
export const createReportMailStore = ({ database, sealer }: { readonly database: Pick<Database, "query">; readonly sealer: Sealer }): ReportMailStore => ({
  async begin(limit) {
    const rows = await database.query<BegunRow>(begin, [limit])
    return rows.map(({ facts, ...row }) => ({ ...row, facts: facts && opened(facts, sealer) })).toSorted((a, b) => a.envelopeId - b.envelopeId)
  },
  settle: async (envelopeId, outcome) => void (await settleReportMail(database, envelopeId, outcome)),
  bad: (since) => database.query<BadReports>(bad, [since]),
  forget: async (before) => (await database.query(forget, [before])).length,
})

type BegunRow = Omit<ReportMail, "facts"> & { readonly facts: Buffer | null }

/** A damaged row, or one sealed with a key that is gone: nobody knows any more who wrote it. */
function opened(facts: Buffer, sealer: Sealer): unknown {
  try {
    return openFacts(sealer, facts)
  } catch {
    return null
  }
}

/** Settles it on the connection of a transaction; false when it was settled already: then what was read of it must not be stored a second time. */
export async function settleReportMail(on: Pick<Transaction, "query">, envelopeId: number, outcome: ReportMailOutcome | { readonly state: "stored" | "duplicate"; readonly kind: ReportKind }): Promise<boolean> {
  const { kind, reason } = { kind: null, reason: "", ...outcome }
  return (await on.query(settle, [envelopeId, outcome.state, kind, reason.replaceAll("\0", "")])).length > 0
}

/** An INSERT of those of the envelopes `e` that are marked. */
export const insertReportMailSql = (envelopeIds: string, marked: string): string => `
  INSERT INTO report_mail (envelope_id) SELECT t.id FROM unnest(${envelopeIds}::bigint[], ${marked}::boolean[]) AS t (id, marked) JOIN e ON e.id = t.id WHERE t.marked`

const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

/** What is held waits for a person, and what no mailbox here took is nobody's report. */
const begin = {
  name: "report-mail-begin",
  text: `
    WITH waiting AS (
      SELECT m.envelope_id FROM report_mail m
      WHERE m.state = 'waiting' AND EXISTS (SELECT FROM delivery d WHERE d.envelope_id = m.envelope_id AND d.state = 'delivered')
      ORDER BY m.envelope_id LIMIT $1
    ), begun AS (
      UPDATE report_mail m SET tries = tries + 1 FROM waiting w WHERE m.envelope_id = w.envelope_id RETURNING m.envelope_id, m.received_at, m.tries
    )
    SELECT b.envelope_id AS "envelopeId", b.tries, ${ms("b.received_at")} AS "receivedAt", e.content, e.size AS bytes, p.facts
    FROM begun b JOIN envelope e ON e.id = b.envelope_id
    LEFT JOIN LATERAL (SELECT p.facts FROM policy_decision p WHERE p.envelope_id = b.envelope_id ORDER BY p.id LIMIT 1) p ON true`,
}

const settle = { name: "report-mail-settle", text: "UPDATE report_mail SET state = $2, kind = $3, reason = $4 WHERE envelope_id = $1 AND state = 'waiting' RETURNING envelope_id" }

const bad = {
  name: "report-mail-bad",
  text: `SELECT kind, reason, count(*) AS count FROM report_mail WHERE state = 'bad' AND received_at > to_timestamp($1::float8 / 1000) GROUP BY kind, reason ORDER BY count(*) DESC, reason LIMIT 50`,
}

const forget = { name: "report-mail-forget", text: "DELETE FROM report_mail WHERE received_at < to_timestamp($1::float8 / 1000) RETURNING envelope_id" }
