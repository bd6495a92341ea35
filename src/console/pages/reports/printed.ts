import type { MonthlyReport } from "../../../store/monthly-report-store.ts"
import { monthlyText as text } from "../../text/monthly.ts"
import { type Html, html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"

/** What makes a printed report an official one, as decree 30/2020/NĐ-CP has it: who issues it, nation and motto, place and day, kind and subject; who signs. Only on paper. */
export function letterhead({ say }: Visit, { month, unit }: Pick<MonthlyReport, "month" | "unit">): Html {
  const superior = unit?.parentName ?? undefined
  const [year = "", number = ""] = month.split("-")
  return html`<div class="letterhead">
    <div class="heads">
      <div>${superior !== undefined && html`<p>${superior}</p>`}${unit && html`<p class="issuer">${unit.name}</p>`}</div>
      <div><p class="issuer">${say(text.nation)}</p><p class="motto">${say(text.motto)}</p><p class="place">${say(text.placeAndDay)}</p></div>
    </div>
    <p class="kind">${say(text.report)}</p>
    <p class="subject">${say(text.subject, { month: number, year })}</p>
  </div>`
}

export const signatures = ({ say }: Visit): Html => html`<div class="signatures">
  <div><p class="issuer">${say(text.preparedBy)}</p><p>${say(text.signHere)}</p></div>
  <div><p class="issuer">${say(text.headOfUnit)}</p><p>${say(text.sealHere)}</p></div>
</div>`
