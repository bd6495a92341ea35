import { z } from "zod"
import type { HealthReport } from "../../../telemetry/health.ts"
import type { MailOverview } from "../../../telemetry/mail-overview.ts"
import { overviewText as text } from "../../text/overview.ts"
import { checkName, checkSays, processName } from "../../web/health-view.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Area } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { historyCharts } from "./charts.ts"
import { liveAt, liveTexts, liveTiles, unitTiles } from "./figures.ts"

/** The dashboard. What belongs to no unit is for those whose roles are for everything; an administrator of units sees these. */
export interface OverviewPorts {
  readonly overview: MailOverview
}

export function overviewArea({ overview }: OverviewPorts): Area {
  return {
    group: "overview",
    menu: [{ path: "/overview", label: text.title, who: "overview:read" }],
    pages: [
      administratorPage({
        method: "get", path: "/overview", who: "overview:read", input: z.object({}),
        async run(_input, visit) {
          const { say, scope } = visit
          const units = overview.units(scope)
          if (scope.roots !== null) return { kind: "page", title: say(text.title), body: html`<p>${say(text.scope, { units: scope.roots.join(", ") })}</p>${unitTiles(visit, await units, null)}` }
          const [unitFigures, state] = await Promise.all([units, overview.live.now()])
          return {
            kind: "page",
            title: say(text.title),
            body: html`${unitTiles(visit, unitFigures, overview.licences)}
              <div data-live-source="/console/overview/live">${liveTiles(visit, state)}<p class="muted" data-live="live-at">${liveAt(visit, state)}</p></div>
              ${historyCharts(visit, await overview.history(state.figures.today))}
              ${healthTable(visit, state.roles)}`,
          }
        },
      }),
      administratorPage({
        method: "get", path: "/overview/live", who: "overview:read", background: true, input: z.object({}),
        run: async (_input, visit) =>
          visit.scope.roots === null ? { kind: "events", listen: (send) => overview.live.watch((state) => send({ name: "figures", data: JSON.stringify(liveTexts(visit, state)) })) } : { kind: "error", status: 403 },
      }),
    ],
  }
}

function healthTable(visit: AdministratorVisit, roles: readonly HealthReport[]) {
  const { say } = visit
  return table(visit, {
    caption: say(text.health),
    empty: say(text.noRoles),
    rows: roles,
    columns: [
      { key: "role", title: say(text.role), cell: ({ role }) => processName(visit, role) },
      { key: "state", title: say(text.state), cell: ({ ok }) => html`<strong class=${ok ? "good" : "bad"}>${say(ok ? text.up : text.down)}</strong>` },
      { key: "since", title: say(text.since), cell: ({ since }) => (since === 0 ? "–" : shownTime(visit, since)) },
      {
        key: "attention", title: say(text.attention),
        cell: ({ checks }) => {
          const wanting = checks.filter(({ ok, warning }) => !ok || warning)
          return wanting.length === 0 ? say(text.nothing) : html`<ul>${wanting.map((one) => html`<li>${checkName(visit, one.name)}: ${checkSays(visit, one)}</li>`)}</ul>`
        },
      },
    ],
  })
}
