import type { HealthReport } from "../telemetry/health.ts"
import { checkText, publicText, roleText, statusText } from "./text/public.ts"
import { html } from "./web/html.ts"
import type { Visit } from "./web/page.ts"
import { publicPage } from "./web/public-shell.ts"
import { shownTime } from "./web/shown.ts"
import { table } from "./web/table.ts"

/** How the system is, for whoever runs it. Pure. It does not renew itself: who reads slowly, or has it read aloud, is not to be interrupted (WCAG 2.2 §2.2.1). */

/** `imap-2` is the second process of `imap`. */
function processText({ say }: Visit, process: string): string {
  const [, role = process, number] = /^([a-z]+)-(\d+)$/.exec(process) ?? []
  const words = roleText[role]
  return `${words ? say(words) : role}${number === undefined ? "" : ` ${number}`}`
}

export function statusPage(visit: Visit, reports: readonly HealthReport[], now: number): string {
  const { say } = visit
  const isHealthy = reports.length > 0 && reports.every(({ ok }) => ok)
  const nameOf = (check: string): string => {
    const words = checkText[check]
    return words ? say(words) : check
  }
  return publicPage(visit, {
    title: say(publicText.status),
    body: html`<p class=${`notice ${isHealthy ? "done" : "problem"}`}>${say(isHealthy ? statusText.healthy : statusText.unhealthy)}</p>
      ${table(visit, {
        caption: say(statusText.caption), empty: "", rows: reports,
        columns: [
          { key: "role", title: say(statusText.role), cell: ({ role }) => processText(visit, role) },
          { key: "state", title: say(statusText.state), cell: ({ ok }) => html`<span class=${ok ? "good" : "bad"}>${say(ok ? statusText.up : statusText.down)}</span>` },
          { key: "since", title: say(statusText.since), cell: ({ since }) => shownTime(visit, since) },
          { key: "detail", title: say(statusText.detail), cell: ({ checks }) => html`<span>${checks.map(({ name, detail, warning }, at) => html`${at > 0 && html`<br />`}${nameOf(name)}: ${warning ? html`<strong class="bad">${detail}</strong>` : detail}`)}</span>` },
        ],
      })}
      <p class="actions"><a role="button" href="/console">${say(publicText.signIn)}</a> <a role="button" class="secondary" href="/help">${say(publicText.help)}</a></p>
      <p class="muted">${say(statusText.checkedAt)} ${shownTime(visit, now)}. <a href="/">${say(statusText.renew)}</a></p>`,
  })
}
