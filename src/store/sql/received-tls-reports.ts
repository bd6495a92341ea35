import type { ReceivedTlsReport, ReceivedTlsStore, TlsReport, TlsReportMail } from "../received-tls-store.ts"
import type { Database, Transaction } from "./database.ts"
import { settleReportMail } from "./report-mail.ts"

/** TLS reports of others in PostgreSQL. */
export const createReceivedTlsStore = (database: Pick<Database, "query" | "transaction">): ReceivedTlsStore => ({
  add: (report, mail) =>
    database.transaction(async (tx) => {
      const number = await insertReport(tx, report, mail)
      const state = number === undefined ? "duplicate" : "stored"
      // another process has read the same mail meanwhile: then it is its report that the number above would double
      if (!(await settleReportMail(tx, mail.envelopeId, { state, kind: "tls" }))) throw new Error(`the mail of envelope ${mail.envelopeId} is settled already`)
      if (number !== undefined) await insertPolicies(tx, number, report)
      return state
    }),
  list: ({ since, domain, limit }) => database.query<ReceivedTlsReport>(list, [since, domain ?? null, limit]),
  async find(number) {
    const [row] = await database.query<ReceivedTlsReport>(find, [number])
    return row
  },
  forget: async (before) => (await database.query(forget, [before])).length,
})

async function insertReport(tx: Transaction, { organization, contact, reportId, beginsAt, endsAt }: TlsReport, { envelopeId, receivedAt, submitter }: TlsReportMail): Promise<number | undefined> {
  const [row] = await tx.query<{ number: number }>(add, [envelopeId, submitter, organization, contact, reportId, beginsAt, endsAt, receivedAt])
  return row?.number
}

async function insertPolicies(tx: Transaction, number: number, { policies }: TlsReport): Promise<void> {
  await tx.query(addPolicies, [number, JSON.stringify(policies.map(({ failures: _rows, ...policy }, position) => ({ ...policy, position })))])
  await tx.query(addFailures, [number, JSON.stringify(policies.flatMap(({ failures }, policy) => failures.map((failure, position) => ({ ...failure, policy, position }))))])
}

const moment = (parameter: string): string => `to_timestamp(${parameter}::float8 / 1000)`
const ms = (expression: string): string => `(extract(epoch FROM ${expression}) * 1000)::bigint`

const add = {
  name: "received-tls-add",
  text: `
    INSERT INTO received_tls_report (envelope_id, submitter, organization, contact, report_id, begins_at, ends_at, received_at)
    VALUES ($1, $2, $3, $4, $5, ${moment("$6")}, ${moment("$7")}, ${moment("$8")}) ON CONFLICT (submitter, report_id) DO NOTHING RETURNING number`,
}

const addPolicies = {
  name: "received-tls-add-policies",
  text: `
    INSERT INTO received_tls_policy (report, position, domain, policy_type, policy_string, mx_hosts, successful, failed, left_out)
    SELECT $1, position, domain, "policyType", ARRAY(SELECT jsonb_array_elements_text("policyString")), ARRAY(SELECT jsonb_array_elements_text("mxHosts")), successful, failed, "leftOut"
    FROM jsonb_to_recordset($2::jsonb) AS t (position int, domain text, "policyType" text, "policyString" jsonb, "mxHosts" jsonb, successful bigint, failed bigint, "leftOut" int)`,
}

const addFailures = {
  name: "received-tls-add-failures",
  text: `
    INSERT INTO received_tls_failure (report, policy, position, result_type, sending_ip, mx_host, helo, receiving_ip, sessions, reason_code, information)
    SELECT $1, policy, position, "resultType", "sendingIp", "mxHost", helo, "receivingIp", sessions, "reasonCode", information
    FROM jsonb_to_recordset($2::jsonb) AS t (policy int, position int, "resultType" text, "sendingIp" text, "mxHost" text, helo text, "receivingIp" text, sessions bigint, "reasonCode" text, information text)`,
}

const failures = `
  SELECT coalesce(json_agg(json_build_object('resultType', f.result_type, 'sendingIp', f.sending_ip, 'mxHost', f.mx_host, 'helo', f.helo, 'receivingIp', f.receiving_ip, 'sessions', f.sessions,
    'reasonCode', f.reason_code, 'information', f.information) ORDER BY f.position), '[]')
  FROM received_tls_failure f WHERE f.report = p.report AND f.policy = p.position`

const policies = `
  SELECT coalesce(json_agg(json_build_object('domain', p.domain, 'policyType', p.policy_type, 'policyString', p.policy_string, 'mxHosts', p.mx_hosts, 'successful', p.successful, 'failed', p.failed,
    'leftOut', p.left_out, 'failures', (${failures})) ORDER BY p.position), '[]')
  FROM received_tls_policy p WHERE p.report = r.number`

const columns = `
  r.number, r.envelope_id AS "envelopeId", r.submitter, r.organization, r.contact, r.report_id AS "reportId",
  ${ms("r.begins_at")} AS "beginsAt", ${ms("r.ends_at")} AS "endsAt", ${ms("r.received_at")} AS "receivedAt"`

const list = {
  name: "received-tls-list",
  text: `
    SELECT ${columns}, (${policies} AND ($2::text IS NULL OR p.domain = $2)) AS policies FROM received_tls_report r
    WHERE r.ends_at > ${moment("$1")} AND ($2::text IS NULL OR EXISTS (SELECT FROM received_tls_policy p WHERE p.report = r.number AND p.domain = $2))
    ORDER BY r.begins_at DESC, r.number DESC LIMIT $3`,
}

const find = { name: "received-tls-find", text: `SELECT ${columns}, (${policies}) AS policies FROM received_tls_report r WHERE r.number = $1` }

const forget = { name: "received-tls-forget", text: `DELETE FROM received_tls_report WHERE begins_at < ${moment("$1")} RETURNING number` }
