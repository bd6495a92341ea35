import type { HealthReport } from "../telemetry/health.ts"
import { publicText, statusText } from "./text/public.ts"
import { checkName, checkSays, processName } from "./web/health-view.ts"
import { html } from "./web/html.ts"
import type { Visit } from "./web/page.ts"
import { publicPage } from "./web/public-shell.ts"
import { shownTime } from "./web/shown.ts"
import { table } from "./web/table.ts"

/** How the system is, for whoever runs it. Pure. It does not renew itself: who reads slowly, or has it read aloud, is not to be interrupted (WCAG 2.2 §2.2.1). */

export function statusPage(visit: Visit, reports: readonly HealthReport[], now: number): string {
  const { say } = visit
  const isHealthy = reports.length > 0 && reports.every(({ ok }) => ok)
  return publicPage(visit, {
    title: say(publicText.status),
    body: html`<p class=${`notice ${isHealthy ? "done" : "problem"}`}>${say(isHealthy ? statusText.healthy : statusText.unhealthy)}</p>
      ${table(visit, {
        caption: say(statusText.caption), empty: "", rows: reports,
        columns: [
          { key: "role", title: say(statusText.role), cell: ({ role }) => processName(visit, role) },
          { key: "state", title: say(statusText.state), cell: ({ ok }) => html`<span class=${ok ? "good" : "bad"}>${say(ok ? statusText.up : statusText.down)}</span>` },
          { key: "since", title: say(statusText.since), cell: ({ since }) => shownTime(visit, since) },
          { key: "detail", title: say(statusText.detail), cell: ({ checks }) => html`<span>${checks.map((one, at) => html`${at > 0 && html`<br />`}${checkName(visit, one.name)}: ${one.warning ? html`<strong class="bad">${checkSays(visit, one)}</strong>` : checkSays(visit, one)}`)}</span>` },
        ],
      })}
      <p class="actions"><a role="button" href="/console">${say(publicText.signIn)}</a> <a role="button" class="secondary" href="/help">${say(publicText.help)}</a></p>
      <p class="muted">${say(statusText.checkedAt)} ${shownTime(visit, now)}. <a href="/">${say(statusText.renew)}</a></p>`,
  })
}
