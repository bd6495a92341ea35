import type { UnitFigures } from "../../../store/overview-store.ts"
import type { LiveState } from "../../../telemetry/live-feed.ts"
import type { Licences } from "../../../telemetry/mail-overview.ts"
import { overviewText as text } from "../../text/overview.ts"
import { type Html, html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { shownBytes, shownNumber, shownShare, shownSpan } from "../../web/shown.ts"
import { timeText } from "../../web/words.ts"

/** The tiles at the top: a figure, what it is, and a word beside it. Those with an id are renewed in place (browser/console.js). */
interface Tile {
  readonly id?: string
  readonly label: string
  readonly value: string
  readonly note?: string
  readonly meter?: { readonly value: number; readonly max: number }
  readonly bad?: boolean
}

export function unitTiles(visit: Visit, figures: UnitFigures, licences: Licences | null): Html {
  const { say } = visit
  const licensed = (count: number, of: number | undefined) => (of === undefined ? {} : { note: say(text.ofLicences, { count: of }), meter: { value: count, max: of }, bad: count > of })
  return tiles([
    { label: say(text.accounts), value: shownNumber(visit, figures.accounts), ...licensed(figures.accounts, licences?.accounts) },
    { label: say(text.holders), value: shownNumber(visit, figures.holders), ...licensed(figures.holders, licences?.holders) },
    { label: say(text.certificates), value: shownNumber(visit, figures.certificatesEnding), note: say(text.certificatesNote) },
    // the province's is among the live ones, beside what it takes on disk
    ...(licences === null ? [{ label: say(text.storage), value: shownBytes(visit, figures.mailboxBytes) }] : []),
  ])
}

export const liveTiles = (visit: Visit, state: LiveState): Html => tiles(liveFigures(visit, state))

/** What changes in the page: text by id. */
export const liveTexts = (visit: Visit, state: LiveState): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(liveFigures(visit, state).flatMap(({ id, value, note }) => [[id, value], [`${id}-note`, note ?? ""]])),
  "live-at": liveAt(visit, state),
})

export const liveAt = (visit: Visit, { at }: LiveState): string => visit.say(text.live, { time: timeText(at, visit.language) })

function liveFigures(visit: Visit, { figures: { today, queue, failedSignIns, storage } }: LiveState): readonly (Tile & { readonly id: string })[] {
  const { say } = visit
  const number = (value: number): string => shownNumber(visit, value)
  const inAndOut = (incoming: string, outgoing: string) => say(text.inAndOut, { in: incoming, out: outgoing })
  return [
    { id: "received", label: say(text.received), value: number(today.received) },
    { id: "submitted", label: say(text.submitted), value: number(today.submitted) },
    { id: "relayed", label: say(text.relayed), value: number(today.relayed) },
    {
      id: "signed", label: say(text.signed), value: shownShare(visit, today.receivedSigned + today.submittedSigned, today.received + today.submitted),
      note: inAndOut(shownShare(visit, today.receivedSigned, today.received), shownShare(visit, today.submittedSigned, today.submitted)),
    },
    {
      id: "tls", label: say(text.tls), value: shownShare(visit, today.receivedTls + today.relayedTls, today.received + today.relayed),
      note: inAndOut(shownShare(visit, today.receivedTls, today.received), shownShare(visit, today.relayedTls, today.relayed)),
    },
    { id: "queue", label: say(text.queue), value: number(queue.waiting), note: say(text.heldNote, { count: queue.held }) },
    { id: "oldest", label: say(text.oldest), value: queue.waiting === 0 ? "–" : shownSpan(visit, queue.oldestMs) },
    { id: "failed", label: say(text.failedSignIns), value: number(failedSignIns) },
    ...(storage
      ? [
          { id: "storage", label: say(text.storage), value: shownBytes(visit, storage.mailboxBytes), note: say(text.storedOnce, { bytes: shownBytes(visit, storage.contentBytes) }) },
          {
            id: "dedup", label: say(text.dedup), value: storage.contentBytes === 0 ? "–" : say(text.times, { ratio: storage.mailboxBytes / storage.contentBytes }),
            note: say(text.contents, { count: storage.contents }),
          },
        ]
      : []),
  ]
}

const tiles = (all: readonly Tile[]): Html => html`<dl class="tiles">${all.map((tile) => html`<div class=${tile.bad ? "tile bad" : "tile"}>
  <dt>${tile.label}</dt>
  <dd data-live=${tile.id}>${tile.value}</dd>
  ${tile.meter && html`<dd><meter min="0" max=${tile.meter.max} high=${tile.meter.max * 0.95} value=${Math.min(tile.meter.value, tile.meter.max)} aria-label=${`${tile.label}: ${tile.value} ${tile.note ?? ""}`}></meter></dd>`}
  ${tile.note !== undefined && html`<dd class="note" data-live=${tile.id && `${tile.id}-note`}>${tile.note}</dd>`}
</div>`)}</dl>`
