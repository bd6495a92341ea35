import { z } from "zod"
import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import { csvFile, csvRow } from "../../base/csv.ts"
import { type MonthlyReport, type MonthlyReportStore, pagesOf, savedOf, sentOf, type UnitFigures } from "../../store/monthly-report-store.ts"
import { monthlyAnswer } from "../answers/reports.ts"
import { type Answer, answered, refused, type Route, route } from "../route.ts"
import { scopeOfToken } from "../token-scope.ts"

/** What units did in a month, over HTTP. A token for a unit gets its subtree. */
export interface ReportRoutesParts {
  readonly monthly: Pick<MonthlyReportStore, "report">
}

const asked = z.strictObject({
  month: z.string().regex(/^20\d{2}-(?:0[1-9]|1[0-2])$/, "is no month such as 2026-10"),
  unit: z.string().min(1).max(64).optional().describe("Code. Absent: all that the token may see."),
})

export function reportRoutes({ monthly }: ReportRoutesParts): readonly Route[] {
  const reported = async ({ month, unit }: z.output<typeof asked>, caller: ApiTokenHolder, answer: (report: MonthlyReport) => Answer): Promise<Answer> => {
    const report = await monthly.report({ scope: scopeOfToken(caller, "reports:read"), month, unit })
    return report === undefined || report === "noUnit" ? refused({ kind: "notFound" }) : answer(report)
  }
  return [
    route({
      method: "get", path: "/reports/monthly", scope: "reports:read", input: asked, output: monthlyAnswer,
      summary: "What units did in a month: the unit itself (`own`), each unit below it with all that is below that, and the total. A month that is over stays as it was.",
      run: (question, caller) => reported(question, caller, (report) => answered(shown(report))),
    }),
    route({
      method: "get", path: "/reports/monthly.csv", scope: "reports:read", input: asked, output: z.string(), givesFile: ["text/csv"], summary: "The same rows as CSV (UTF-8 with a BOM), headed by the names of the members.",
      run: (question, caller) => reported(question, caller, (report) => ({ kind: "file", name: `monthly-${report.month}.csv`, type: "text/csv; charset=utf-8", content: csvOf(report) })),
    }),
  ]
}

function shown(report: MonthlyReport): z.output<typeof monthlyAnswer> {
  const { month, finished, countedUntil, pagePrice, pagesPerDocument, unit, rows, total } = report
  return {
    month, finished, countedUntil: new Date(countedUntil).toISOString(), pagePriceVnd: pagePrice, pagesPerDocument, unit,
    rows: rows.map(({ code, name, own, figures }) => ({ code, name, own, ...figuresOf(figures, report) })), total: figuresOf(total, report),
  }
}

const figuresOf = (figures: UnitFigures, report: MonthlyReport) => {
  const { accounts, holders, storageBytes, sentInternal, sentAgencies, sentOutside, sentSigned, received, documents, copies } = figures
  return { accounts, holders, storageBytes, sent: sentOf(figures), sentInternal, sentAgencies, sentOutside, sentSigned, received, documents, copies, pages: pagesOf(figures, report), savedVnd: savedOf(figures, report) }
}

function csvOf(report: MonthlyReport): Buffer {
  const { rows, total } = shown(report)
  const lines = rows.map(({ code, name, own, ...figures }) => [report.month, code, name, String(own), ...Object.values(figures)])
  return csvFile([["month", "code", "name", "own", ...Object.keys(total)], ...lines].map(csvRow))
}
