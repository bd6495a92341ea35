import { z } from "zod"
import type { Scope } from "../../../accounts/administrator.ts"
import { overviewText } from "../../text/overview.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type Area } from "../../web/page.ts"
import { shownNumber } from "../../web/shown.ts"

/** The dashboard. */
export interface OverviewPorts {
  readonly figures: { directory(scope: Scope): Promise<{ readonly accounts: number; readonly holders: number }> }
}

export const overviewArea = ({ figures }: OverviewPorts): Area => ({
  name: overviewText.area,
  menu: [{ path: "/overview", label: overviewText.title, who: "overview:read" }],
  pages: [
    administratorPage({
      method: "get", path: "/overview", who: "overview:read", input: z.object({}),
      async run(_input, visit) {
        const { accounts, holders } = await figures.directory(visit.scope)
        return {
          kind: "page",
          title: visit.say(overviewText.title),
          body: html`<dl class="facts"><dt>${visit.say(overviewText.accounts)}</dt><dd>${shownNumber(visit, accounts)}</dd><dt>${visit.say(overviewText.holders)}</dt><dd>${shownNumber(visit, holders)}</dd></dl>`,
        }
      },
    }),
  ],
})
