import type { HealthReport } from "../telemetry/health.ts"
import { escape, localTime, page } from "./page.ts"
import { checkText, helpText, roleText, statusText } from "./text/vi.ts"

/** The console's pages as HTML. Pure; everything that is not ours is escaped. */
export interface HelpFacts {
  readonly host: string
  readonly imaps: number
  readonly imap: number
  readonly submissions: number
  readonly submission: number
}

/** `imap-2` is the second process of `imap`. */
function processText(process: string): string {
  const [, role = process, number] = /^([a-z]+)-(\d+)$/.exec(process) ?? []
  return `${roleText[role] ?? role}${number === undefined ? "" : ` ${number}`}`
}

export function statusPage(reports: readonly HealthReport[], now: number): string {
  const healthy = reports.length > 0 && reports.every((report) => report.ok)
  const rows = reports.map((report) => {
    const details = report.checks.map((check) => `${escape(checkText[check.name] ?? check.name)}: ${check.warning ? `<strong class="down">${escape(check.detail)}</strong>` : escape(check.detail)}`).join("<br>")
    return `<tr><td>${escape(processText(report.role))}</td><td class="${report.ok ? "up" : "down"}">${report.ok ? statusText.up : statusText.down}</td><td>${localTime(report.since)}</td><td>${details}</td></tr>`
  })
  return page(
    statusText.title,
    15,
    `<h1>${statusText.title}</h1><p>${statusText.subtitle}</p>
<p class="state ${healthy ? "up" : "down"}">${healthy ? statusText.healthy : statusText.unhealthy}</p>
<table><thead><tr><th>${statusText.role}</th><th>${statusText.state}</th><th>${statusText.since}</th><th>${statusText.detail}</th></tr></thead><tbody>
${rows.join("\n")}
</tbody></table>
<p><a href="/console">${statusText.console}</a> · <a href="/help">${statusText.help}</a></p>
<p><small>${statusText.checkedAt} ${localTime(now)} · <span lang="en">${statusText.english}</span></small></p>`,
  )
}

export function helpPage(facts: HelpFacts): string {
  const row = (kind: string, port: number, security: string): string => `<tr><td>${kind}</td><td>${escape(facts.host)}</td><td>${port}</td><td>${security}</td></tr>`
  return page(
    helpText.title,
    null,
    `<h1>${helpText.title}</h1><p>${helpText.intro}</p>
<table><thead><tr><th></th><th>${helpText.server}</th><th>${helpText.port}</th><th>${helpText.security}</th></tr></thead><tbody>
${row(helpText.incoming, facts.imaps, "SSL/TLS")}
${row(helpText.incoming, facts.imap, "STARTTLS")}
${row(helpText.outgoing, facts.submissions, "SSL/TLS")}
${row(helpText.outgoing, facts.submission, "STARTTLS")}
</tbody></table>
<p>${helpText.automatic}</p>
<form action="/apple/mail.mobileconfig"><p><label>${helpText.apple} <input type="email" name="address" required autocomplete="email"></label> <button>${helpText.appleButton}</button></p></form>
<p><small lang="en">${helpText.english}</small></p><p><a href="/">${helpText.back}</a></p>`,
  )
}
