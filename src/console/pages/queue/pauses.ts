import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { parseDurationMs } from "../../../base/units.ts"
import { destinationPattern } from "../../../mail/destination-pattern.ts"
import { pauseText, queueStateText, queueText } from "../../text/queue.ts"
import { choice, field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idField, whyField } from "../../web/inputs.ts"
import { type AdministratorVisit, type Answer, done, type Page, problem, provincePage, type Visit } from "../../web/page.ts"
import { shownNumber, shownSpan, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { steererOf } from "../../web/who.ts"
import { spanText } from "../../web/words.ts"
import type { QueuePorts } from "./queue.ts"

/** Where mail waits for, and where nothing is sent for a while. */
const path = "/console/queue/destinations"
const shownDestinations = 50
const spans = ["30m", "1h", "2h", "8h", "1d", "3d"] as const

export function pausePages({ queue, pauses, clock, nameOf }: QueuePorts): readonly Page[] {
  async function list(visit: AdministratorVisit, errors: { readonly pattern?: string; readonly why?: string } = {}): Promise<Answer> {
    const { say, holder } = visit
    const now = clock.now()
    const writes = may(holder, "queue:write")
    const [destinations, inForce] = await Promise.all([queue.destinations(shownDestinations), pauses.list()])
    return {
      kind: "page",
      title: say(pauseText.title),
      status: errors.pattern ?? errors.why ? 422 : 200,
      crumbs: [{ path: "/console/queue", title: say(queueText.title) }],
      body: html`${table(visit, {
          caption: say(pauseText.pauses), empty: say(pauseText.noPauses), rows: inForce,
          columns: [
            { key: "pattern", title: say(queueText.destination), cell: ({ pattern, kind }) => html`<strong>${pattern}</strong> ${say(pauseText[kind])}` },
            { key: "since", title: say(pauseText.since), cell: ({ pausedAt }) => shownTime(visit, pausedAt) },
            { key: "until", title: say(pauseText.until), cell: ({ until }) => (until === null ? say(pauseText.open) : shownTime(visit, until)) },
            { key: "by", title: say(queueText.by), cell: ({ pausedBy }) => nameOf(pausedBy) },
            { key: "why", title: say(queueText.why), cell: ({ why }) => why },
            ...(writes ? [{ key: "resume", title: say(pauseText.resume), cell: ({ id }: { readonly id: number }) => form(visit, { action: `${path}/resume`, hidden: { pause: id }, body: html`<button class="secondary">${say(pauseText.resume)}</button>` }) }] : []),
          ],
        })}
        ${table(visit, {
          caption: say(pauseText.destinations), empty: say(pauseText.noDestinations), rows: destinations,
          columns: [
            { key: "destination", title: say(queueText.destination), cell: ({ destination, paused }) => html`<a href=${`/console/queue?destination=${encodeURIComponent(destination)}`}>${destination}</a>${paused && html` <strong>${say(queueText.paused)}</strong>`}` },
            { key: "waiting", title: say(pauseText.waiting), numeric: true, cell: ({ deliveries }) => shownNumber(visit, deliveries) },
            { key: "states", title: say(pauseText.ofThem), cell: ({ byState }) => Object.entries(byState).map(([state, count]) => `${say(queueStateText[state as keyof typeof byState])} ${count}`).join(", ") },
            { key: "oldest", title: say(pauseText.oldest), cell: ({ oldestAcceptedAt }) => shownSpan(visit, Math.max(now - oldestAcceptedAt, 0)) },
            { key: "words", title: say(queueText.lastWords), cell: ({ diagnostic }) => diagnostic },
          ],
        })}
        ${writes && pauseForm(visit, errors)}`,
    }
  }

  return [
    provincePage({ method: "get", path: "/queue/destinations", who: "queue:read", input: z.object({}), run: (_input, visit) => list(visit) }),
    provincePage({
      method: "post", path: "/queue/destinations/pause", who: "queue:write", input: z.object({ pattern: z.string().max(300), kind: z.enum(["domain", "host"]), for: z.enum(["", ...spans]), why: whyField }),
      async run({ pattern: typed, kind, for: span, why }, visit) {
        const { say } = visit
        const pattern = destinationPattern(typed)
        if (pattern === undefined) return list(visit, { pattern: say(queueText.notDomain) })
        if (why === "") return list(visit, { why: say(queueText.whyNeeded) })
        const ms = parseDurationMs(span)
        await pauses.pause({ kind, pattern, until: ms === undefined ? null : clock.now() + ms }, steererOf(visit, why))
        return { kind: "redirect", to: path, notice: done(say(pauseText.paused, { pattern })) }
      },
    }),
    provincePage({
      method: "post", path: "/queue/destinations/resume", who: "queue:write", input: z.object({ pause: idField }),
      async run({ pause }, visit) {
        const resumed = await pauses.resume(pause, steererOf(visit, ""))
        return { kind: "redirect", to: path, notice: resumed.ok ? done(visit.say(pauseText.resumed, { count: resumed.value })) : problem(visit.say(pauseText.notPaused)) }
      },
    }),
  ]
}

const pauseForm = (visit: Visit, { pattern, why }: { readonly pattern?: string; readonly why?: string }) => html`<h2>${visit.say(pauseText.new)}</h2>
  <p>${visit.say(pauseText.newHelp)}</p>
  ${form(visit, {
    action: `${path}/pause`,
    className: "narrow",
    body: html`${field({ name: "pattern", label: visit.say(queueText.destination), required: true, maxlength: 300, help: visit.say(queueText.destinationHelp), error: pattern, autocomplete: "off" })}
      ${choice({ name: "kind", label: visit.say(pauseText.kind), options: (["domain", "host"] as const).map((value) => ({ value, text: visit.say(pauseText[value]) })) })}
      ${choice({ name: "for", label: visit.say(pauseText.for), value: "2h", options: [...spans.map((value) => ({ value, text: spanText(parseDurationMs(value) ?? 0, visit.language) })), { value: "", text: visit.say(pauseText.open) }] })}
      ${field({ name: "why", label: visit.say(queueText.whyForAudit), required: true, maxlength: 500, error: why, autocomplete: "off" })}
      <button>${visit.say(pauseText.pause)}</button>`,
  })}`
