import { z } from "zod"
import { maxSheetBytes } from "../../../accounts/provision/bulk/sheet.ts"
import { progressOf } from "../../../provisioning/bulk-progress.ts"
import { bulkPhaseText, bulkText } from "../../text/bulk.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page } from "../../web/page.ts"
import { uploadField } from "../../web/read-form.ts"
import { shownNumber, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { bulkPath } from "../directory/links.ts"
import type { BulkPorts } from "./bulk.ts"

/** Where a file is brought, and what became of earlier ones. */
const maxListed = 50
/** Beyond it the form itself: the file's limit is told by whoever reads it. */
const maxUploadBytes = maxSheetBytes + 1
const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

export function uploadPages({ store, plan, templates, clock }: BulkPorts): readonly Page[] {
  async function show(visit: AdministratorVisit, problems: readonly string[] = []): Promise<Answer> {
    const { say } = visit
    const jobs = await store.list(visit.scope, maxListed)
    return {
      kind: "page",
      status: problems.length > 0 ? 422 : 200,
      title: say(bulkText.title),
      body: html`<p>${say(bulkText.intro)}</p>
        <p>${say(bulkText.template)}: <a href=${`${bulkPath}/template?format=xlsx`}>XLSX</a> · <a href=${`${bulkPath}/template?format=csv`}>CSV</a></p>
        ${form(visit, {
          action: bulkPath, className: "narrow", upload: true,
          body: html`<div class="field"><label for="file">${say(bulkText.file)}</label>
              <input id="file" name="file" type="file" required accept=${`.csv,.xlsx,text/csv,${xlsxType}`} aria-invalid=${problems.length > 0 ? "true" : undefined} aria-describedby=${problems.length > 0 ? "file-error" : undefined} />
              ${problems.length > 0 && html`<small class="error" id="file-error">${problems.map((text) => html`${text}<br />`)}</small>`}</div>
            <button>${say(bulkText.upload)}</button>`,
        })}
        <h2>${say(bulkText.earlier)}</h2>
        ${table(visit, {
          caption: say(bulkText.earlier),
          empty: say(bulkText.none),
          rows: jobs,
          columns: [
            { key: "id", title: say(bulkText.number), numeric: true, cell: ({ id }) => id },
            { key: "file", title: say(bulkText.file), cell: ({ id, fileName }) => html`<a href=${`${bulkPath}/${id}`}>${fileName === "" ? id : fileName}</a>` },
            { key: "by", title: say(bulkText.by), cell: ({ startedBy }) => startedBy },
            { key: "at", title: say(bulkText.at), cell: ({ plannedAt }) => shownTime(visit, plannedAt) },
            { key: "state", title: say(bulkText.state), cell: (job) => say(bulkPhaseText[progressOf(job, clock.now()).phase]) },
            { key: "done", title: say(bulkText.done), numeric: true, cell: ({ done }) => shownNumber(visit, done) },
            { key: "failed", title: say(bulkText.failed), numeric: true, cell: ({ failed, bad }) => shownNumber(visit, failed + bad) },
          ],
        })}`,
    }
  }

  return [
    administratorPage({ method: "get", path: "/directory/bulk", who: "directory:write", input: z.object({}), run: (_input, visit) => show(visit) }),
    administratorPage({
      method: "get", path: "/directory/bulk/template", who: "directory:write", input: z.object({ format: z.enum(["csv", "xlsx"]) }),
      async run({ format }, { say, language }) {
        const name = `${say(bulkText.templateName)}.${format}`
        return format === "xlsx"
          ? { kind: "file", name, type: xlsxType, content: await templates.xlsx(language) }
          : { kind: "file", name, type: "text/csv; charset=utf-8", content: templates.csv(language) }
      },
    }),
    administratorPage({
      method: "post", path: "/directory/bulk", who: "directory:write", upload: { maxBytes: maxUploadBytes }, input: z.object({ file: uploadField }),
      async run({ file }, visit) {
        const { say, scope, holder } = visit
        if (!file) return show(visit, [say(bulkText.noFile)])
        const planned = await plan({ bytes: file.bytes, fileName: file.name, scope, provinceWide: scope.roots === null, accountId: holder.accountId, startedBy: holder.address })
        if (!planned.ok) return show(visit, planned.failure.map(({ words, values }) => say({ vi: words.vi, en: capital(words.en) }, values)).map((text) => `${text}.`))
        return { kind: "redirect", to: `${bulkPath}/${planned.value}` }
      },
    }),
  ]
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
