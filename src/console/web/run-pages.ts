import { z } from "zod"
import type { Capability } from "../../accounts/administrator.ts"
import type { Run, RunControl, Runs } from "../../base/runs.ts"
import { runText } from "../text/shell.ts"
import { type Html, html } from "./html.ts"
import { type AdministratorVisit, type Answer, type Page, problem, provincePage } from "./page.ts"
import { runView } from "./run-view.ts"
import type { Words } from "./words.ts"
import { whoOf } from "./who.ts"

/** Work behind a page: started by a form, looked at and cancelled at an address of its own. For the province's administrators. */
export interface RunPages<Result> {
  readonly pages: readonly Page[]
  /** Leads to it; to the one that is under way where another may not begin. */
  start(visit: AdministratorVisit, work: (control: RunControl) => Promise<Result>): Answer
  /** The last that was started; null: none. */
  last(visit: AdministratorVisit): Html
}

export interface RunPagesOptions<Result> {
  /** Below `/console`; runs are below that. */
  readonly path: string
  readonly who: Capability
  readonly title: Words
  readonly intro?: Words
  /** The page above. */
  readonly above: { readonly path: string; readonly title: Words }
  /** Where one begins anew when the run is there no more. */
  readonly anew: string
  readonly result: (visit: AdministratorVisit, result: Result) => Html
  readonly nameOf: (by: string) => string
  /** Shared with whoever else begins such work. */
  readonly runs: Runs<Result>
}

const idInput = z.object({ id: z.uuid() })

export function createRunPages<Result>({ path, who, title, intro, above, anew, result, nameOf, runs }: RunPagesOptions<Result>): RunPages<Result> {
  const at = (id: string): string => `/console${path}/${id}`
  const view = (visit: AdministratorVisit, run: Run<Result>) =>
    runView(visit, { run, by: nameOf(run.by), statePath: `${at(run.id)}/state`, cancelAction: `${at(run.id)}/cancel`, result: (value) => result(visit, value) })
  const found = (visit: AdministratorVisit, id: string, answer: (run: Run<Result>) => Answer): Answer => {
    const run = runs.find(id)
    return run ? answer(run) : { kind: "redirect", to: anew, notice: problem(visit.say(runText.gone)) }
  }
  return {
    start(visit, work) {
      const run = runs.start(whoOf(visit), work)
      return run ? { kind: "redirect", to: at(run.id) } : { kind: "redirect", to: at(runs.last()?.id ?? ""), notice: problem(visit.say(runText.busy)) }
    },
    last(visit) {
      const run = runs.last()
      return run ? view(visit, run) : null
    },
    pages: [
      provincePage({
        method: "get", path: `${path}/:id`, who, input: idInput,
        run: async ({ id }, visit) =>
          found(visit, id, (run) => ({ kind: "page", title: visit.say(title), crumbs: [{ path: above.path, title: visit.say(above.title) }], body: html`${intro && html`<p>${visit.say(intro)}</p>`}${view(visit, run)}` })),
      }),
      provincePage({ method: "get", path: `${path}/:id/state`, who, background: true, input: idInput, run: async ({ id }, visit) => found(visit, id, (run) => ({ kind: "fragment", body: view(visit, run) })) }),
      provincePage({
        method: "post", path: `${path}/:id/cancel`, who, input: idInput,
        async run({ id }) {
          runs.cancel(id)
          return { kind: "redirect", to: at(id) }
        },
      }),
    ],
  }
}
