import type { MonthlyReport, MonthlyReportStore, MonthSums } from "../monthly-report-store.ts"
import { reportTree, type UnitMonth } from "../unit-months.ts"
import type { Database } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"

/** Monthly reports out of what the worker has added up (monthly-count.ts). */
export const createMonthlyReportStore = (database: Pick<Database, "query">): MonthlyReportStore => ({
  months: async () => (await database.query<{ month: string }>(months)).map(({ month }) => month),
  async report({ scope, month, unit }) {
    const [[head], units, [seen]] = await Promise.all([
      database.query<Head>(monthHead, [`${month}-01`]), database.query<UnitMonth>(unitsOfMonth, [`${month}-01`]),
      unit === undefined ? [{ may: true }] : database.query<{ may: boolean }>(mayBeSeen, [unit, scopeValue(scope)]),
    ])
    if (!head) return undefined
    const tree = seen?.may ? reportTree(units, scopeValue(scope), unit) : undefined
    return tree ? { ...head, ...tree } : "noUnit"
  },
  history({ scope, month, unit }) {
    const roots = scopeValue(scope)
    return roots === null && unit === undefined ? database.query<MonthSums>(historyOfAll, [`${month}-01`]) : database.query<MonthSums>(history, [`${month}-01`, roots, unit ?? null])
  },
})

type Head = Pick<MonthlyReport, "month" | "finished" | "countedUntil" | "pagePrice" | "pagesPerDocument">

const maxMonths = 120

const months = { name: "report-months", text: `SELECT to_char(month, 'YYYY-MM') AS month FROM report_month ORDER BY report_month.month DESC LIMIT ${maxMonths}` }

const monthHead = {
  name: "report-month",
  text: `SELECT to_char(month, 'YYYY-MM') AS month, finished_at IS NOT NULL AS finished, (extract(epoch FROM counted_until) * 1000)::bigint AS "countedUntil", page_price AS "pagePrice", pages_per_document AS "pagesPerDocument"
    FROM report_month WHERE month = $1::date`,
}

const unitsOfMonth = {
  name: "report-units",
  text: `SELECT unit_code AS code, name, parent_code AS "parentCode", accounts, holders, storage_bytes AS "storageBytes", sent_internal AS "sentInternal", sent_agencies AS "sentAgencies", sent_outside AS "sentOutside",
      sent_signed AS "sentSigned", received, documents, copies
    FROM unit_month WHERE month = $1::date`,
}

/** Whose units are theirs is decided by the tree as it is today. */
const mayBeSeen = { name: "report-unit-in-scope", text: `SELECT ${inScope("$1::text", "$2")} AS may` }

const twelveMonths = "month > $1::date - interval '12 months' AND month <= $1::date"
const sums = `to_char(u.month, 'YYYY-MM') AS month, sum(sent_internal + sent_agencies + sent_outside)::bigint AS sent, sum(sent_signed)::bigint AS "sentSigned", sum(received)::bigint AS received, sum(documents)::bigint AS documents`

const historyOfAll = { name: "report-history-of-all", text: `SELECT ${sums} FROM unit_month u WHERE ${twelveMonths} GROUP BY u.month ORDER BY u.month` }

const history = {
  name: "report-history",
  text: `
    WITH RECURSIVE below (month, code) AS (
      SELECT month, unit_code FROM unit_month
        WHERE ${twelveMonths} AND CASE WHEN $3::text IS NULL THEN unit_code = ANY ($2) ELSE unit_code = $3 AND ${inScope("$3::text", "$2")} END
      UNION SELECT u.month, u.unit_code FROM unit_month u JOIN below b ON u.month = b.month AND u.parent_code = b.code
    )
    SELECT ${sums}
    FROM below b JOIN unit_month u ON u.month = b.month AND u.unit_code = b.code GROUP BY u.month ORDER BY u.month`,
}
