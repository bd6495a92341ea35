import type { Scope } from "../accounts/administrator.ts"
import { provinceDate } from "../accounts/province-date.ts"
import type { Clock } from "../base/clock.ts"
import type { MailFigures, MailHistory, OverviewStore, UnitFigures } from "../store/overview-store.ts"
import type { HealthReport } from "./health.ts"
import { createLiveFeed, type LiveFeed } from "./live-feed.ts"

/** The dashboard's figures, read once for all who look at them, on a page or over HTTP. Must not know: who looks. */
export interface MailOverview {
  /** Of those in the scope. */
  units(scope: Scope): Promise<UnitFigures>
  /** Of the whole province. */
  readonly live: LiveFeed
  /** Days and weeks of the whole province, with `today` in the place of what was counted of it. */
  history(today: MailFigures): Promise<MailHistory>
  readonly licences: Licences
}

/** How many there may be; 0: as many as one likes. */
export interface Licences {
  readonly accounts: number
  readonly holders: number
}

export interface MailOverviewParts {
  readonly figures: Pick<OverviewStore, "units" | "live" | "history">
  readonly health: () => Promise<readonly HealthReport[]>
  readonly licences: Licences
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

/** Days and weeks change slowly. */
const historyForMs = 60_000

export function createMailOverview({ figures, health, licences, clock, onError }: MailOverviewParts): MailOverview {
  let kept: { readonly history: MailHistory; readonly at: number } | undefined
  return {
    licences,
    units: (scope) => figures.units(scope, clock.now()),
    live: createLiveFeed({ read: (now) => figures.live(now), health, clock, onError }),
    async history(today) {
      const at = clock.now()
      // its last day is today
      if (!kept || at - kept.at > historyForMs || provinceDate(at) !== provinceDate(kept.at)) kept = { history: await figures.history(at), at }
      return withToday(kept.history, today)
    },
  }
}

/** What is counted of today is replaced by what is known of it now. */
export function withToday({ days, weeks }: MailHistory, today: MailFigures): MailHistory {
  const [day, week] = [days.at(-1), weeks.at(-1)]
  if (!day || !week) return { days, weeks }
  const now = (name: keyof MailFigures): number => week[name] - day[name] + today[name]
  const thisWeek: MailFigures = {
    received: now("received"), receivedSigned: now("receivedSigned"), receivedTls: now("receivedTls"), submitted: now("submitted"), submittedSigned: now("submittedSigned"), relayed: now("relayed"), relayedTls: now("relayedTls"),
  }
  return { days: [...days.slice(0, -1), { ...day, ...today }], weeks: [...weeks.slice(0, -1), { ...week, ...thisWeek }] }
}
