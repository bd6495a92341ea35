import type { Clock } from "../../base/clock.ts"
import type { DecisionStore, NewDecision, Period, StoredDecision } from "../decision-store.ts"
import type { Database } from "./database.ts"

/** Decisions of the policy in PostgreSQL, and the part of the acceptance's statement that writes them (see acceptances.ts). */
export function createDecisionStore({ database, clock }: { readonly database: Database; readonly clock: Clock }): DecisionStore {
  return {
    async record(decision) {
      await database.query(insertRefused, decisionArrays([{ envelopeId: null, decision }]))
    },
    async count({ since, until }) {
      const [row] = await database.query<{ count: number }>(countDecisions, [since, until])
      return row?.count ?? 0
    },
    read: (period) => readPages(database, period),
    async forget(ageMs) {
      let forgotten = 0
      for (let more = true; more; ) {
        const rows = await database.query(forget, [clock.now() - ageMs, pageSize])
        forgotten += rows.length
        more = rows.length === pageSize
      }
      return forgotten
    },
  }
}

const pageSize = 1000

/** Rows are passed one by one in the order of (at, id); `at` is exact in microseconds, as PostgreSQL keeps it. */
async function* readPages(database: Database, { since, until }: Period): AsyncIterable<readonly StoredDecision[]> {
  for (let after = { micros: since * 1000, id: 0 }; ; ) {
    const rows = await database.query<PageRow>(page, [after.micros, after.id, until * 1000])
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last
  }
}

interface PageRow extends StoredDecision {
  readonly micros: number
}

export interface DecisionRow {
  readonly envelopeId: number | null
  readonly decision: NewDecision
}

/** The columns of `decisionRowsSql`, one array each. */
export function decisionArrays(rows: readonly DecisionRow[]): unknown[] {
  const column = <T>(value: (decision: NewDecision) => T): T[] => rows.map(({ decision }) => value(decision))
  return [
    rows.map(({ envelopeId }) => envelopeId),
    column(({ at }) => at),
    column(({ messageId }) => storable(messageId)),
    column(({ reversePath }) => storable(reversePath)),
    column(({ policyVersion }) => policyVersion),
    column(({ ruleId }) => ruleId),
    column(({ verdict }) => verdict),
    column(({ facts }) => facts),
  ]
}

/** PostgreSQL's text holds no NUL, and the evidence of a refusal must not fail on what was refused. */
const storable = (text: string): string => text.replaceAll("\0", "")

/** An INSERT of the rows that are parameters `p(first)` and on; `join` may leave some out. */
export const insertDecisionsSql = (p: (index: number) => string, first: number, join = ""): string => `
  INSERT INTO policy_decision (envelope_id, at, message_id, reverse_path, policy_version, rule_id, verdict, facts)
  SELECT t.envelope_id, to_timestamp(t.at / 1000.0), t.message_id, t.reverse_path, t.policy_version, t.rule_id, t.verdict, t.facts
  FROM unnest(${p(first)}::bigint[], ${p(first + 1)}::float8[], ${p(first + 2)}::text[], ${p(first + 3)}::text[], ${p(first + 4)}::bigint[], ${p(first + 5)}::text[], ${p(first + 6)}::text[], ${p(first + 7)}::bytea[])
       AS t (envelope_id, at, message_id, reverse_path, policy_version, rule_id, verdict, facts) ${join}`

const insertRefused = { name: "refused-decision", text: insertDecisionsSql((index) => `$${index}`, 1) }

const countDecisions = { name: "count-decisions", text: "SELECT count(*) FROM policy_decision WHERE at BETWEEN to_timestamp($1 / 1000.0) AND to_timestamp($2 / 1000.0)" }

const moment = (parameter: string): string => `('epoch'::timestamptz + ${parameter}::bigint * interval '1 microsecond')`

// the size is no parameter, and the order is that of the columns, not of the output that is also called "at": else the plan is a sort
const page = {
  name: "decision-page",
  text: `
    SELECT id, envelope_id AS "envelopeId", (extract(epoch FROM at) * 1000000)::bigint AS micros, floor(extract(epoch FROM at) * 1000)::bigint AS "at", message_id AS "messageId",
      reverse_path AS "reversePath", policy_version AS "policyVersion", rule_id AS "ruleId", verdict, facts
    FROM policy_decision
    WHERE (at, id) > (${moment("$1")}, $2::bigint) AND at <= ${moment("$3")}
    ORDER BY policy_decision.at, policy_decision.id LIMIT ${pageSize}`,
}

const forget = {
  name: "forget-decisions",
  text: `DELETE FROM policy_decision d USING (SELECT at, id FROM policy_decision WHERE at < to_timestamp($1::float8 / 1000.0) ORDER BY at, id LIMIT $2) AS old WHERE d.at = old.at AND d.id = old.id RETURNING d.id`,
}
