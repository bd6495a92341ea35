import { helpText, publicText } from "./text/public.ts"
import { field, form } from "./web/forms.ts"
import { html } from "./web/html.ts"
import type { Visit } from "./web/page.ts"
import { publicPage } from "./web/public-shell.ts"
import { table } from "./web/table.ts"

/** How to set a mail client up. Pure. */
export interface HelpFacts {
  readonly host: string
  readonly imaps: number
  readonly imap: number
  readonly submissions: number
  readonly submission: number
}

export function helpPage(visit: Visit, { host, imaps, imap, submissions, submission }: HelpFacts): string {
  const { say } = visit
  const servers = [
    { use: say(helpText.incoming), port: imaps, security: "SSL/TLS" }, { use: say(helpText.incoming), port: imap, security: "STARTTLS" },
    { use: say(helpText.outgoing), port: submissions, security: "SSL/TLS" }, { use: say(helpText.outgoing), port: submission, security: "STARTTLS" },
  ]
  return publicPage(visit, {
    title: say(publicText.help),
    body: html`<p>${say(helpText.intro)}</p>
      ${table(visit, {
        caption: say(helpText.caption), empty: "", rows: servers,
        columns: [
          { key: "use", title: say(helpText.kind), cell: ({ use }) => use },
          { key: "server", title: say(helpText.server), cell: () => host },
          { key: "port", title: say(helpText.port), cell: ({ port }) => port },
          { key: "security", title: say(helpText.security), cell: ({ security }) => security },
        ],
      })}
      <p>${say(helpText.automatic)}</p>
      <h2>${say(helpText.appleTitle)}</h2>
      ${form(visit, { action: "/apple/mail.mobileconfig", method: "get", className: "row", body: html`${field({ name: "address", label: say(helpText.apple), type: "email", required: true, autocomplete: "email" })}<button>${say(helpText.appleButton)}</button>` })}
      <p class="actions"><a role="button" href="/console">${say(publicText.signIn)}</a> <a role="button" class="secondary" href="/">${say(publicText.status)}</a></p>`,
  })
}
