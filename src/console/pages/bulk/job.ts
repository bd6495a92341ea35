import { z } from "zod"
import { bulkResultCsv, bulkResultXlsx } from "../../../provisioning/bulk-result.ts"
import { type BulkProgress, progressOf } from "../../../provisioning/bulk-progress.ts"
import type { BulkJob } from "../../../store/bulk-store.ts"
import { bulkPhaseText, bulkText } from "../../text/bulk.ts"
import { confirmed, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, done, type Page, problem, type Visit } from "../../web/page.ts"
import { shownNumber, shownSpan, shownTime } from "../../web/shown.ts"
import { noSuch } from "../directory/refusals.ts"
import { bulkPath } from "../directory/links.ts"
import type { BulkPorts } from "./bulk.ts"
import { rowsSection, rowFilters } from "./job-rows.ts"

/** One file: what it will do, how far it is, what came of it. The same page for whoever looks, at any time. */
const idInput = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

export function jobPages({ store, wake, clock, feed }: BulkPorts): readonly Page[] {
  return [
    administratorPage({
      method: "get", path: "/directory/bulk/:id", who: "directory:write",
      input: z.object({ id: idInput, show: z.enum(rowFilters).optional().catch(undefined), after: z.coerce.number().int().min(0).max(1_000_000).optional().default(0) }),
      async run({ id, show, after }, visit) {
        const { say } = visit
        const found = await store.find(visit.scope, id)
        if (!found.ok) return noSuch(found.failure)
        const job = found.value
        const progress = progressOf(job, clock.now())
        const isRunning = ["waiting", "working", "ending"].includes(progress.phase)
        return {
          kind: "page",
          title: say(bulkText.jobTitle, { name: job.fileName }),
          crumbs: [{ path: bulkPath, title: say(bulkText.title) }],
          body: html`${facts(visit, job)}
            ${progress.phase !== "planned" && html`<div data-live-source=${isRunning ? `${bulkPath}/${id}/progress` : undefined}>
              <h2>${say(bulkText.progress)}</h2>
              <progress max="1" value=${progress.share} data-live="share" aria-label=${say(bulkText.progress)}></progress>
              <p><strong data-live="phase">${say(bulkPhaseText[progress.phase])}</strong> · <span data-live="settled">${settledText(visit, progress)}</span> <span data-live="rate">${rateText(visit, progress, clock.now())}</span></p>
              ${job.cancelledBy !== "" && html`<p>${say(bulkText.cancelledBy, { by: job.cancelledBy })}</p>`}
              ${isRunning && html`<noscript><p><a href=${`${bulkPath}/${id}`}>${say(bulkText.refresh)}</a></p></noscript>`}</div>`}
            ${actions(visit, job, progress)}
            ${result(visit, job)}
            ${await rowsSection(visit, { job, store, show, after })}`,
        }
      },
    }),
    administratorPage({
      method: "get", path: "/directory/bulk/:id/progress", who: "directory:write", background: true, input: z.object({ id: idInput }),
      async run({ id }, visit) {
        const found = await store.find(visit.scope, id)
        if (!found.ok) return noSuch(found.failure)
        return {
          kind: "events",
          listen: (send) =>
            feed.watch(visit.scope, id, (job) => {
              const progress = progressOf(job, clock.now())
              const texts = { share: String(progress.share), phase: visit.say(bulkPhaseText[progress.phase]), settled: settledText(visit, progress), rate: rateText(visit, progress, clock.now()), done: shownNumber(visit, job.done), failed: shownNumber(visit, job.failed) }
              send({ name: "figures", data: JSON.stringify(texts) })
              // what can be done now is another page
              if (progress.phase === "done" || progress.phase === "cancelled") send({ name: "over", data: "" })
            }),
        }
      },
    }),
    administratorPage({
      method: "post", path: "/directory/bulk/:id/confirm", who: "directory:write", fresh: true, input: z.object({ id: idInput }),
      async run({ id }, visit) {
        const confirmedJob = await store.confirm(visit.scope, id)
        if (confirmedJob.ok) wake(id)
        return told(visit, id, confirmedJob, bulkText.confirmed)
      },
    }),
    administratorPage({
      method: "post", path: "/directory/bulk/:id/cancel", who: "directory:write", input: z.object({ id: idInput }),
      run: async ({ id }, visit) => told(visit, id, await store.cancel(visit.scope, id, visit.holder.address), bulkText.cancelled),
    }),
    ...([false, true] as const).map((again) =>
      administratorPage({
        method: "post", path: again ? "/directory/bulk/:id/result-again" : "/directory/bulk/:id/result", who: "directory:write", fresh: again ? "now" : true, input: z.object({ id: idInput, format: z.enum(["csv", "xlsx"]) }),
        async run({ id, format }, visit) {
          const { say, language, scope, holder } = visit
          const found = await store.find(scope, id)
          // a second press must not bring a file without the passwords that can still be had
          if (!again && found.ok && found.value.resultAgainUntil !== null) return { kind: "redirect", to: `${bulkPath}/${id}` }
          const taken = await store.takeResult(id, { accountId: holder.accountId, scope, again })
          if (!taken.ok) return taken.failure.kind === "inUse" ? told(visit, id, taken, bulkText.notNow) : noSuch(taken.failure)
          const name = `${say(bulkText.resultName)}-${id}.${format}`
          return format === "csv"
            ? { kind: "file", name, type: "text/csv; charset=utf-8", content: await bulkResultCsv(taken.value, language) }
            : { kind: "file", name, type: xlsxType, content: await bulkResultXlsx(taken.value, language) }
        },
      }),
    ),
  ]
}

function told({ say }: Visit, id: number, result: { readonly ok: boolean; readonly failure?: Parameters<typeof noSuch>[0] }, text: (typeof bulkText)["confirmed" | "cancelled" | "notNow"]): Answer {
  const { failure } = result
  if (failure && (failure.kind === "notFound" || failure.kind === "noPermission")) return noSuch(failure)
  return { kind: "redirect", to: `${bulkPath}/${id}`, notice: result.ok ? done(say(text)) : problem(say(failure?.kind === "invalid" ? bulkText.nothingGood : bulkText.notNow)) }
}

const facts = (visit: Visit, { adds, changes, suspensions, bad, done: doneRows, failed, state, startedBy, plannedAt }: BulkJob) => {
  const { say } = visit
  return html`<dl class="facts">
    <dt>${say(bulkText.by)}</dt><dd>${startedBy} · ${shownTime(visit, plannedAt)}</dd>
    <dt>${say(bulkText.adds)}</dt><dd>${shownNumber(visit, adds)}</dd>
    <dt>${say(bulkText.changes)}</dt><dd>${shownNumber(visit, changes)}</dd>
    <dt>${say(bulkText.suspensions)}</dt><dd>${shownNumber(visit, suspensions)}</dd>
    <dt>${say(bulkText.bad)}</dt><dd class=${bad > 0 ? "bad" : undefined}>${shownNumber(visit, bad)}</dd>
    ${state !== "planned" && html`<dt>${say(bulkText.done)}</dt><dd data-live="done">${shownNumber(visit, doneRows)}</dd><dt>${say(bulkText.failed)}</dt><dd data-live="failed">${shownNumber(visit, failed)}</dd>`}
  </dl>`
}

const settledText = ({ say }: Visit, { settled, total }: BulkProgress): string => say(bulkText.progressOf, { settled, total })

const rateText = (visit: Visit, { phase, rowsPerSecond, estimatedEnd }: BulkProgress, now: number): string =>
  phase === "working" && rowsPerSecond !== null && estimatedEnd !== null ? `· ${visit.say(bulkText.rate, { rate: Math.round(rowsPerSecond), left: shownSpan(visit, Math.max(1_000, estimatedEnd - now)) })}` : ""

const actions = (visit: AdministratorVisit, { id, pending }: BulkJob, { phase }: BulkProgress) => {
  const { say } = visit
  const isOver = phase === "done" || phase === "cancelled" || phase === "ending"
  return html`${phase === "planned" && (pending === 0 ? html`<p class="notice problem">${say(bulkText.nothingGood)}</p>` : confirmed(visit, { label: say(bulkText.confirm), question: say(bulkText.confirmQuestion, { rows: pending }), action: `${bulkPath}/${id}/confirm`, primary: true }))}
    ${!isOver && confirmed(visit, { label: say(bulkText.cancel), question: say(bulkText.cancelQuestion), action: `${bulkPath}/${id}/cancel` })}`
}

function result(visit: AdministratorVisit, { id, state, accountId, startedBy, resultTaken, resultAgainUntil, startedAt }: BulkJob) {
  const { say, holder } = visit
  if ((state !== "done" && state !== "cancelled") || startedAt === null) return null
  return html`<h2>${say(bulkText.result)}</h2>
    ${accountId !== holder.accountId
      ? html`<p class="muted">${say(bulkText.resultOthers, { by: startedBy })}</p>`
      : html`<p>${resultAgainUntil !== null ? html`${say(bulkText.resultAgain)} ${shownTime(visit, resultAgainUntil)}.` : say(resultTaken ? bulkText.resultTaken : bulkText.resultText)}</p>
          ${form(visit, { action: `${bulkPath}/${id}/${resultAgainUntil === null ? "result" : "result-again"}`, className: "row", body: html`<button name="format" value="xlsx">${say(bulkText.downloadXlsx)}</button><button name="format" value="csv" class="secondary">${say(bulkText.downloadCsv)}</button>` })}`}`
}
