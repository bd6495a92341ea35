import { z } from "zod"
import { maxSheetBytes } from "../../../accounts/provision/bulk/sheet.ts"
import { adviceText, filled, problemText } from "../../../accounts/provision/problems.ts"
import type { Clock } from "../../../base/clock.ts"
import type { Result } from "../../../base/result.ts"
import type { Failure } from "../../../mail/failure.ts"
import { progressOf } from "../../../provisioning/bulk-progress.ts"
import { bulkResultCsv, bulkResultXlsx } from "../../../provisioning/bulk-result.ts"
import type { BulkTemplates } from "../../../provisioning/bulk-template.ts"
import type { FileProblem, Upload } from "../../../provisioning/bulk-upload.ts"
import type { JobFeed } from "../../../provisioning/job-feed.ts"
import type { BulkJob, BulkRow, BulkStore } from "../../../store/bulk-store.ts"
import { bulkAnswer, bulkListAnswer, bulkRowsAnswer, bulkRowStates } from "../../answers/bulk.ts"
import { id, limit, shownTime } from "../../fields.ts"
import type { Problem } from "../../problem.ts"
import { type Answer, answered, refused, type Route, route } from "../../route.ts"
import { bulkText } from "../../text/problem.ts"
import { scopeOfToken, tokenName } from "../../token-scope.ts"
import { watched } from "../../watched.ts"

/** Many changes to the directory from one file: uploaded, planned, confirmed, watched, its result taken. */
export interface BulkRoutesParts {
  readonly store: Pick<BulkStore, "list" | "find" | "rows" | "confirm" | "cancel" | "takeResult">
  readonly plan: (upload: Upload) => Promise<Result<number, FileProblem>>
  /** A worker looks at once; without it a little later. */
  readonly wake: (id: number) => void
  readonly feed: JobFeed
  readonly templates: BulkTemplates
  readonly clock: Clock
}

const xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
const scope = "directory:write"
const csvType = "text/csv; charset=utf-8"
const fileForm = { form: z.enum(["csv", "xlsx"]).default("csv"), language: z.enum(["vi", "en"]).default("vi") }
const jobInput = z.strictObject({ id })

export function bulkRoutes({ store, plan, wake, feed, templates, clock }: BulkRoutesParts): readonly Route[] {
  const shown = (job: BulkJob) => {
    const { phase, total, settled, share, rowsPerSecond, estimatedEnd } = progressOf(job, clock.now())
    const { id: number, fileName, header, startedBy, cancelledBy, resultTaken, resultAgainUntil, adds, changes, suspensions, bad, pending, done, failed, cancelled } = job
    return {
      id: number, phase, fileName, header, startedBy, plannedAt: shownTime(job.plannedAt), startedAt: shownTime(job.startedAt), finishedAt: shownTime(job.finishedAt), cancelledBy, resultTaken, resultAgainUntil: shownTime(resultAgainUntil), adds, changes, suspensions, bad, pending, done,
      failed, cancelled, total, settled, share, rowsPerSecond, estimatedEnd: shownTime(estimatedEnd),
    }
  }
  const told = (result: Result<BulkJob, Failure>): Answer => (result.ok ? answered(shown(result.value)) : refused(problemOf(result.failure)))
  return [
    route({
      method: "get", path: "/directory/bulk", scope, summary: "The last jobs, the newest first.", input: z.strictObject({ limit: limit(200, 50) }), output: bulkListAnswer,
      run: async ({ limit: most }, caller) => answered({ jobs: (await store.list(scopeOfToken(caller, scope), most)).map(shown) }),
    }),
    route({
      method: "post", path: "/directory/bulk", scope, summary: "Plans what a file asks for (CSV or XLSX, at most 20,000 rows and 10 MiB); nothing is changed yet.", input: z.strictObject({ fileName: z.string().max(200).default("") }), output: bulkAnswer, success: 202,
      takesFile: ["text/csv", xlsx, "application/octet-stream"], maxBodyBytes: maxSheetBytes,
      async run({ fileName }, caller, { file }) {
        const within = scopeOfToken(caller, scope)
        const planned = await plan({ bytes: file, fileName, scope: within, provinceWide: within.roots === null, accountId: null, tokenId: caller.id, startedBy: tokenName(caller) })
        if (!planned.ok) return refused({ kind: "invalid", errors: planned.failure.map(({ words, values = {} }) => ({ pointer: "", detail: { vi: filled(words.vi, values), en: filled(words.en, values) } })) })
        const job = await store.find(within, planned.value)
        return job.ok ? { kind: "accepted", location: `/api/v1/directory/bulk/${planned.value}`, body: shown(job.value) } : refused(problemOf(job.failure))
      },
    }),
    route({
      method: "get", path: "/directory/bulk/template", scope, summary: "An empty file with all columns and one row as an example.", input: z.strictObject(fileForm), output: z.string(), givesFile: ["text/csv", xlsx],
      run: async ({ form, language }) => (form === "csv" ? { kind: "file", name: "template.csv", type: csvType, content: templates.csv(language) } : { kind: "file", name: "template.xlsx", type: xlsx, content: await templates.xlsx(language) }),
    }),
    route({
      method: "get", path: "/directory/bulk/:id", scope, summary: "What it will do, how far it is, what came of it.", input: jobInput, output: bulkAnswer,
      run: async ({ id: number }, caller) => told(await store.find(scopeOfToken(caller, scope), number)),
    }),
    route({
      method: "get", path: "/directory/bulk/:id/rows", scope, summary: "Its rows as they came, with what is wrong with which cell.", input: z.strictObject({ id, state: z.enum(bulkRowStates).optional(), after: id.optional(), limit: limit(1_000, 200) }), output: bulkRowsAnswer,
      async run({ id: number, state, after, limit: most }, caller) {
        const job = await store.find(scopeOfToken(caller, scope), number)
        if (!job.ok) return refused(problemOf(job.failure))
        const rows = await store.rows(number, { ...(state !== undefined && { states: [state] }), ...(after !== undefined && { afterLine: after }), limit: most })
        return answered({ rows: rows.map(shownRow), next: rows.length === most ? (rows.at(-1)?.line ?? null) : null })
      },
    }),
    route({
      method: "get", path: "/directory/bulk/:id/events", scope, summary: "The job as server-sent events: `progress` while it goes on, `end` when it is over.", input: jobInput, output: bulkAnswer, success: "events",
      async run({ id: number }, caller) {
        const within = scopeOfToken(caller, scope)
        const job = await store.find(within, number)
        if (!job.ok) return refused(problemOf(job.failure))
        const states = watched<BulkJob>((tell) => feed.watch(within, number, tell))
        if (!states) return refused({ kind: "tooMany", waitSeconds: 5 })
        return {
          kind: "events",
          async *events(signal) {
            for await (const state of states(signal)) {
              const isOver = state.state === "done" || state.state === "cancelled"
              yield { event: isOver ? "end" : "progress", data: shown(state) }
              if (isOver) return
            }
          },
        }
      },
    }),
    route({
      method: "post", path: "/directory/bulk/:id/confirm", scope, summary: "From now on a worker does it; rows with bad cells are left out.", input: jobInput, output: bulkAnswer,
      async run({ id: number }, caller) {
        const confirmed = await store.confirm(scopeOfToken(caller, scope), number)
        if (confirmed.ok) wake(number)
        return told(confirmed)
      },
    }),
    route({
      method: "post", path: "/directory/bulk/:id/cancel", scope, summary: "What is done stays; the rest will not be.", input: jobInput, output: bulkAnswer,
      run: async ({ id: number }, caller) => told(await store.cancel(scopeOfToken(caller, scope), number, tokenName(caller))),
    }),
    route({
      method: "post", path: "/directory/bulk/:id/result", scope, summary: "All rows with what became of them; the first time with one-time passwords, within 24 hours, for the token that started it.",
      input: z.strictObject({ id, ...fileForm, again: z.boolean().default(false).describe("Until `resultAgainUntil`: with the passwords once more, because a download broke off.") }), output: z.string(), givesFile: ["text/csv", xlsx],
      async run({ id: number, form, language, again }, caller) {
        const taken = await store.takeResult(number, { accountId: null, tokenId: caller.id, scope: scopeOfToken(caller, scope), again })
        if (!taken.ok) return refused(problemOf(taken.failure))
        return form === "csv"
          ? { kind: "file", name: `result-${number}.csv`, type: csvType, content: await bulkResultCsv(taken.value, language) }
          : { kind: "file", name: `result-${number}.xlsx`, type: xlsx, content: await bulkResultXlsx(taken.value, language) }
      },
    }),
  ]
}

const problemOf = ({ kind }: Failure): Problem => {
  if (kind === "notFound") return { kind: "notFound" }
  return kind === "noPermission" ? { kind: "forbidden", detail: bulkText.others } : { kind: "conflict", detail: kind === "invalid" ? bulkText.nothingGood : bulkText.notNow }
}

const shownRow = ({ line, cells, state, action, principalId, address, problems }: BulkRow) => ({
  line, cells, state, action, principalId, address,
  problems: problems.map((one) => ({ field: one.field, problem: one.problem, vi: problemText(one, "vi"), en: problemText(one, "en"), adviceVi: adviceText(one.problem, "vi"), adviceEn: adviceText(one.problem, "en") })),
})
