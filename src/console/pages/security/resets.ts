import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import type { FactorHolder } from "../../../accounts/factors/factor-store.ts"
import { securityText } from "../../text/security.ts"
import { confirmed, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { type AdministratorVisit, administratorPage, done, type Page, problem } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import type { SecurityPorts } from "./security.ts"

/** People who lost their second factors, within an administrator's units. */
const path = "/console/second-factors"
const maxRows = 50

export const resetPages = ({ resets }: SecurityPorts): readonly Page[] => [
  administratorPage({
    method: "get", path: "/second-factors", who: "directory:write", input: z.object({ q: z.string().max(200).optional() }),
    async run({ q = "" }, visit) {
      const { say } = visit
      const found = await resets.search(visit.scope, q.trim(), maxRows)
      return {
        kind: "page",
        title: say(securityText.resets),
        body: html`<p>${say(securityText.resetsIntro)}</p>
          ${form(visit, { action: path, method: "get", className: "row", body: html`${field({ name: "q", label: say(securityText.search), type: "search", value: q, maxlength: 200 })}<button>${say(securityText.searchButton)}</button>` })}
          ${table(visit, {
            caption: say(securityText.resetsCaption),
            empty: say(securityText.resetsNone),
            rows: found,
            columns: [
              { key: "name", title: say(securityText.person), cell: ({ name }) => name },
              { key: "address", title: say(securityText.address), cell: ({ address }) => address },
              { key: "unit", title: say(securityText.unit), cell: ({ unitName }) => unitName },
              { key: "factors", title: say(securityText.factors), numeric: true, cell: ({ factors }) => factors },
              { key: "used", title: say(securityText.lastUse), cell: ({ lastUsedAt }) => (lastUsedAt === null ? say(securityText.never) : shownTime(visit, lastUsedAt)) },
              { key: "reset", title: say(securityText.reset), cell: (holder) => resetButton(visit, holder) },
            ],
          })}
          ${found.length === maxRows && html`<p class="muted">${say(securityText.more, { count: maxRows })}</p>`}`,
      }
    },
  }),
  administratorPage({
    method: "post", path: "/second-factors/reset", who: "directory:write", fresh: true,
    input: z.object({ account: z.coerce.number().int().positive(), principal: z.string().max(200).optional() }),
    async run({ account: accountId, principal }, visit) {
      const { say, holder, scope } = visit
      const result = await resets.reset({ scope, owner: { accountId, principalId: principal ?? null }, ofAdministrators: may(holder, "administrators:write"), by: holder.address })
      const notice = result === "done" ? done(say(securityText.resetDone)) : problem(say(result === "none" ? securityText.resetNone : securityText.resetAdministrator))
      return { kind: "redirect", to: path, notice }
    },
  }),
]

const resetButton = (visit: AdministratorVisit, { accountId, principalId, name, administrator }: FactorHolder) =>
  administrator && !may(visit.holder, "administrators:write")
    ? visit.say(securityText.resetAdministrator)
    : confirmed(visit, { label: visit.say(securityText.reset), question: visit.say(securityText.resetQuestion, { name }), action: `${path}/reset`, hidden: { account: accountId, ...(principalId !== null && { principal: principalId }) } })
