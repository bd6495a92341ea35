import { runText } from "../text/shell.ts"
import { form } from "./forms.ts"
import { type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"
import type { Run } from "../../base/runs.ts"
import { shownTime } from "./shown.ts"

/** Work under way: how far it is, what stops it, and its result in the same place when it is there. Renews itself where scripts run. */
export interface RunViewOptions<Result> {
  readonly run: Run<Result>
  /** The name behind who started it. */
  readonly by: string
  /** Answers with this view again. */
  readonly statePath: string
  /** Null: this visitor may not. */
  readonly cancelAction: string | null
  readonly result: (result: Result) => Html
}

export function runView<Result>(visit: Visit, { run, by, statePath, cancelAction, result }: RunViewOptions<Result>) {
  const { say } = visit
  const { state, done, total, startedAt } = run
  const who = html`<p class="muted">${say(runText.started, { by })} ${shownTime(visit, startedAt)}</p>`
  if (state.kind === "done") return html`<div id="run">${who}${result(state.result)}</div>`
  if (state.kind !== "running") return html`<div id="run">${who}<p class="notice problem" role="status">${say(state.kind === "cancelled" ? runText.cancelled : runText.failed)}</p></div>`
  return html`<div id="run" hx-get=${statePath} hx-trigger="every 1s" hx-target="#run" hx-swap="outerHTML">
    ${who}
    <p><progress max=${Math.max(total, 1)} value=${total === 0 ? undefined : done} aria-label=${say(runText.progress)}></progress></p>
    <p role="status">${say(runText.under, { done, total })} <a href=${visit.url}>${say(runText.renew)}</a></p>
    ${cancelAction !== null && form(visit, { action: cancelAction, body: html`<button class="secondary">${say(runText.cancel)}</button>` })}
  </div>`
}
