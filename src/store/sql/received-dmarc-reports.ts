import type { AggregateReport, PublishedPolicy, ReportRow } from "../aggregate-report.ts"
import type { DmarcReportMail, DmarcSource, ReceivedDmarcReport, ReceivedDmarcStore } from "../received-dmarc-store.ts"
import type { Database, Transaction } from "./database.ts"
import { settleReportMail } from "./report-mail.ts"

/** DMARC reports of others in PostgreSQL. */
export const createReceivedDmarcStore = (database: Pick<Database, "query" | "transaction">): ReceivedDmarcStore => ({
  add: (report, mail) =>
    database.transaction(async (tx) => {
      const number = await insertReport(tx, report, mail)
      const state = number === undefined ? "duplicate" : "stored"
      // another process has read the same mail meanwhile: then it is its report that the number above would double
      if (!(await settleReportMail(tx, mail.envelopeId, { state, kind: "dmarc" }))) throw new Error(`the mail of envelope ${mail.envelopeId} is settled already`)
      if (number !== undefined) await insertRows(tx, number, report.rows)
      return state
    }),
  async records(submitter, since) {
    const [row] = await database.query<{ own: number; all: number }>(records, [submitter, since])
    return row ?? { own: 0, all: 0 }
  },
  list: async ({ since, domain, limit }) => (await database.query<ReportRecord>(list, [since, domain ?? null, limit])).map(reportOf),
  sources: ({ since, domain, limit }) => database.query<DmarcSource>(sources, [since, domain ?? null, limit]),
  async find(number) {
    const [record] = await database.query<ReportRecord>(find, [number])
    return record && { ...reportOf(record), rows: await database.query<ReportRow>(rowsOf, [number]) }
  },
  forget: async (before) => (await database.query(forget, [before])).length,
})

interface ReportRecord extends Omit<ReceivedDmarcReport, "policy"> {
  readonly domain: string
  readonly policy: Omit<PublishedPolicy, "domain">
}

const reportOf = ({ domain, policy, ...record }: ReportRecord): ReceivedDmarcReport => ({ ...record, policy: { domain, ...policy } })

async function insertReport(tx: Transaction, { orgName, email, reportId, begin, end, errors, policy, rows }: AggregateReport, { envelopeId, receivedAt, submitter }: DmarcReportMail): Promise<number | undefined> {
  const { domain, ...said } = policy
  const [row] = await tx.query<{ number: number }>(add, [envelopeId, submitter, reportId, domain, orgName, email, begin, end, errors, JSON.stringify(said), receivedAt, rows.length])
  return row?.number
}

async function insertRows(tx: Transaction, number: number, rows: readonly ReportRow[]): Promise<void> {
  const column = <T>(read: (row: ReportRow) => T): T[] => rows.map(read)
  await tx.query(addRows, [
    number, column(({ source }) => source), column(({ messages }) => messages), column(({ disposition }) => disposition), column(({ dkimAligned }) => dkimAligned), column(({ spfAligned }) => spfAligned),
    column(({ reasons }) => JSON.stringify(reasons)), column(({ headerFrom }) => headerFrom), column(({ envelopeFrom }) => envelopeFrom), column(({ dkim }) => JSON.stringify(dkim)), column(({ spf }) => JSON.stringify(spf)),
  ])
}

const add = {
  name: "received-dmarc-add",
  text: `
    INSERT INTO received_dmarc_report (envelope_id, submitter, report_id, domain, organization, email, begins_at, ends_at, errors, policy, received_at, records)
    VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7::float8), to_timestamp($8::float8), $9::text[], $10::jsonb, to_timestamp($11::float8 / 1000), $12) ON CONFLICT (submitter, report_id) DO NOTHING RETURNING number`,
}

const addRows = {
  name: "received-dmarc-add-rows",
  text: `
    INSERT INTO received_dmarc_row (report, position, source, messages, disposition, dkim_aligned, spf_aligned, reasons, header_from, envelope_from, dkim, spf)
    SELECT $1, t.position, t.source, t.messages, t.disposition, t.dkim_aligned, t.spf_aligned, t.reasons, t.header_from, t.envelope_from, t.dkim, t.spf
    FROM unnest($2::inet[], $3::bigint[], $4::text[], $5::boolean[], $6::boolean[], $7::jsonb[], $8::text[], $9::text[], $10::jsonb[], $11::jsonb[])
      WITH ORDINALITY AS t (source, messages, disposition, dkim_aligned, spf_aligned, reasons, header_from, envelope_from, dkim, spf, position)`,
}

const records = {
  name: "received-dmarc-records",
  text: `SELECT coalesce(sum(records) FILTER (WHERE submitter = $1), 0)::bigint AS own, coalesce(sum(records), 0)::bigint AS "all" FROM received_dmarc_report WHERE received_at > to_timestamp($2::float8 / 1000)`,
}

const seconds = (expression: string): string => `extract(epoch FROM ${expression})::bigint`
const failedRow = "NOT w.dkim_aligned AND NOT w.spf_aligned"
const sum = (condition: string): string => `coalesce(sum(w.messages) FILTER (WHERE ${condition}), 0)::bigint`

const reports = `
  SELECT r.number, r.envelope_id AS "envelopeId", r.submitter, r.report_id AS "reportId", r.domain, r.organization AS "orgName", r.email, ${seconds("r.begins_at")} AS begin, ${seconds("r.ends_at")} AS "end",
    r.errors, r.policy, (extract(epoch FROM r.received_at) * 1000)::bigint AS "receivedAt", s.messages, s.failed
  FROM received_dmarc_report r
  CROSS JOIN LATERAL (SELECT ${sum("true")} AS messages, ${sum(failedRow)} AS failed FROM received_dmarc_row w WHERE w.report = r.number) s`

const asked = "r.ends_at > to_timestamp($1::float8 / 1000) AND ($2::text IS NULL OR r.domain = $2)"

const list = { name: "received-dmarc-list", text: `${reports} WHERE ${asked} ORDER BY r.ends_at DESC, r.number DESC LIMIT $3` }

const find = { name: "received-dmarc-find", text: `${reports} WHERE r.number = $1` }

const rowsOf = {
  name: "received-dmarc-rows",
  text: `
    SELECT host(source) AS source, messages, disposition, dkim_aligned AS "dkimAligned", spf_aligned AS "spfAligned", reasons, header_from AS "headerFrom", envelope_from AS "envelopeFrom", dkim, spf
    FROM received_dmarc_row WHERE report = $1 ORDER BY position`,
}

const sources = {
  name: "received-dmarc-sources",
  text: `
    SELECT host(w.source) AS source, w.header_from AS "headerFrom", ${sum("true")} AS messages, ${sum(failedRow)} AS failed, ${sum("w.dkim_aligned")} AS "dkimAligned", ${sum("w.spf_aligned")} AS "spfAligned",
      ${sum("w.disposition = 'quarantine'")} AS quarantined, ${sum("w.disposition = 'reject'")} AS rejected, count(DISTINCT r.submitter) AS reporters
    FROM received_dmarc_report r JOIN received_dmarc_row w ON w.report = r.number
    WHERE ${asked} GROUP BY w.source, w.header_from ORDER BY failed DESC, messages DESC, w.source, w.header_from LIMIT $3`,
}

const forget = { name: "received-dmarc-forget", text: "DELETE FROM received_dmarc_report WHERE ends_at < to_timestamp($1::float8 / 1000) RETURNING number" }
