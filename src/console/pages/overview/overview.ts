import { z } from "zod"
import { provinceDate } from "../../../accounts/province-date.ts"
import type { Clock } from "../../../base/clock.ts"
import type { MailHistory, OverviewStore } from "../../../store/overview-store.ts"
import type { HealthReport } from "../../../telemetry/health.ts"
import { overviewText as text, roleNameText } from "../../text/overview.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Area } from "../../web/page.ts"
import { shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { historyCharts, withToday } from "./charts.ts"
import { type Licences, liveAt, liveTexts, liveTiles, unitTiles } from "./figures.ts"
import { createLiveFeed } from "./live.ts"

/** The dashboard. What belongs to no unit is for those whose roles are for everything; an administrator of units sees these. */
export interface OverviewPorts {
  readonly figures: Pick<OverviewStore, "units" | "live" | "history">
  readonly health: () => Promise<readonly HealthReport[]>
  readonly licences: Licences
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/** Days and weeks change slowly. */
const historyForMs = 60_000

export function overviewArea({ figures, health, licences, clock, onError }: OverviewPorts): Area {
  const feed = createLiveFeed({ read: (now) => figures.live(now), health, clock, onError })
  let kept: { readonly history: MailHistory; readonly at: number } | undefined
  const history = async (): Promise<MailHistory> => {
    const at = clock.now()
    // its last day is today
    if (!kept || at - kept.at > historyForMs || provinceDate(at) !== provinceDate(kept.at)) kept = { history: await figures.history(at), at }
    return kept.history
  }
  return {
    name: text.area,
    menu: [{ path: "/overview", label: text.title, who: "overview:read" }],
    pages: [
      administratorPage({
        method: "get", path: "/overview", who: "overview:read", input: z.object({}),
        async run(_input, visit) {
          const { say, scope } = visit
          const units = figures.units(scope, clock.now())
          if (scope.roots !== null) return { kind: "page", title: say(text.title), body: html`<p>${say(text.scope, { units: scope.roots.join(", ") })}</p>${unitTiles(visit, await units, null)}` }
          const [unitFigures, state, mail] = await Promise.all([units, feed.now(), history()])
          return {
            kind: "page",
            title: say(text.title),
            body: html`${unitTiles(visit, unitFigures, licences)}
              <div data-live-source="/console/overview/live">${liveTiles(visit, state)}<p class="muted" data-live="live-at">${liveAt(visit, state)}</p></div>
              ${historyCharts(visit, withToday(mail, state.figures.today))}
              ${healthTable(visit, state.roles)}`,
          }
        },
      }),
      administratorPage({
        method: "get", path: "/overview/live", who: "overview:read", background: true, input: z.object({}),
        run: async (_input, visit) =>
          visit.scope.roots === null ? { kind: "events", listen: (send) => feed.watch((state) => send({ name: "figures", data: JSON.stringify(liveTexts(visit, state)) })) } : { kind: "error", status: 403 },
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
      { key: "role", title: say(text.role), cell: ({ role }) => roleName(visit, role) },
      { key: "state", title: say(text.state), cell: ({ ok }) => html`<strong class=${ok ? "good" : "bad"}>${say(ok ? text.up : text.down)}</strong>` },
      { key: "since", title: say(text.since), cell: ({ since }) => (since === 0 ? "–" : shownTime(visit, since)) },
      {
        key: "attention", title: say(text.attention),
        // the words of checks are English, as they are in logs and metrics
        cell: ({ checks }) => {
          const wanting = checks.filter(({ ok, warning }) => !ok || warning)
          return wanting.length === 0 ? say(text.nothing) : html`<ul lang="en">${wanting.map(({ name, detail }) => html`<li>${name}: ${detail}</li>`)}</ul>`
        },
      },
    ],
  })
}

/** `imap-2` is the second process of `imap`. */
function roleName({ say }: AdministratorVisit, process: string): string {
  const [, role = process, number] = /^([a-z]+)-(\d+)$/.exec(process) ?? []
  const known = Object.entries(roleNameText).find(([name]) => name === role)?.[1]
  return `${known ? say(known) : role}${number === undefined ? "" : ` ${number}`}`
}
