import { z } from "zod"
import type { FactorList, FactorSummary } from "../../../accounts/factors/factor-store.ts"
import { factorKindText, securityText } from "../../text/security.ts"
import { selfText } from "../../text/self.ts"
import { confirmed } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { done, type HolderVisit, holderPage, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { sessionTable } from "../self/sessions.ts"
import type { SecurityPorts } from "./security.ts"

/** How one's own sign-in is protected, and where one is signed in. */
export const securityPath = "/console/me/security"

export const factorPages = ({ factors: { store }, sessions, needsSecondFactor, mailPassword }: SecurityPorts): readonly Page[] => [
  holderPage({
    method: "get", path: "/me/security", before: ["enrolment"], input: z.object({}),
    async run(_input, visit) {
      const { say, holder } = visit
      const [list, open] = await Promise.all([store.list(holder), sessions.list(holder)])
      const needed = needsSecondFactor(holder.grants)
      return {
        kind: "page",
        title: say(securityText.title),
        body: html`<p>${say(securityText.intro)}</p>
          ${mailPassword === "withoutSecondFactor" && html`<p>${say(securityText.mailClients)} <a href="/console/me/app-passwords">${say(selfText.apps)}</a></p>`}
          ${holder.pending === "enrolment" && html`<p class="notice problem" role="alert">${say(securityText.enrolNow)}</p>`}
          ${list.factors.length > 0 || holder.pending === null ? factorTable(visit, list, needed) : null}
          <p class="actions">
            <a role="button" href=${`${securityPath}/authenticator`}>${say(securityText.addTotp)}</a>
            <a role="button" href=${`${securityPath}/passkey`}>${say(securityText.addPasskey)}</a>
          </p>
          ${list.factors.length > 0 && html`<h2>${say(securityText.recovery)}</h2>
            <p class=${list.recoveryCodesLeft < fewCodes ? "bad" : undefined}>${say(securityText.recoveryLeft, { left: list.recoveryCodesLeft })}</p>
            ${confirmed(visit, { label: say(securityText.newCodes), question: say(securityText.newCodesQuestion), action: `${securityPath}/recovery-codes` })}`}
          ${holder.pending === null && html`<h2>${say(securityText.sessions)}</h2>${sessionTable(visit, open)}`}`,
      }
    },
  }),
  holderPage({
    method: "post", path: "/me/security/remove", fresh: true, input: z.object({ id: z.coerce.number().int().positive() }),
    async run({ id }, { say, holder }) {
      const removed = await store.remove(holder, id, { needed: needsSecondFactor(holder.grants) })
      return { kind: "redirect", to: securityPath, notice: removed === "removed" ? done(say(securityText.removed)) : problem(say(removed === "last" ? securityText.lastOne : securityText.notThere)) }
    },
  }),
]

/** Time to make new ones. */
const fewCodes = 3

function factorTable(visit: HolderVisit, { factors }: FactorList, needed: boolean) {
  const { say } = visit
  const removal = ({ id, name }: FactorSummary) => (needed && factors.length === 1 ? say(securityText.needed) : confirmed(visit, { label: say(securityText.remove), question: say(securityText.removeQuestion, { name }), action: `${securityPath}/remove`, hidden: { id } }))
  return table(visit, {
    caption: say(securityText.caption),
    empty: say(securityText.none),
    rows: factors,
    columns: [
      { key: "name", title: say(securityText.name), cell: ({ name }) => name },
      { key: "kind", title: say(securityText.kind), cell: ({ kind }) => say(factorKindText[kind]) },
      { key: "added", title: say(securityText.added), cell: ({ createdAt }) => shownTime(visit, createdAt) },
      { key: "used", title: say(securityText.lastUse), cell: ({ lastUsedAt, lastUsedFrom }) => (lastUsedAt === null ? say(securityText.never) : html`${shownTime(visit, lastUsedAt)} ${say(securityText.fromAddress, { address: lastUsedFrom })}`) },
      { key: "remove", title: say(securityText.remove), cell: removal },
    ],
  })
}
