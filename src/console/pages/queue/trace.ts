import { z } from "zod"
import { findTraces } from "../../../store/find-traces.ts"
import type { DeliveryTrace, Trace, TraceSummary } from "../../../store/trace-store.ts"
import { queueStateText, queueText, traceText } from "../../text/queue.ts"
import { facts } from "../../web/facts.ts"
import { choice, field, form } from "../../web/forms.ts"
import { type Html, html } from "../../web/html.ts"
import { filled } from "../../web/inputs.ts"
import { type Answer, type Page, provincePage, type Visit } from "../../web/page.ts"
import { shownBytes, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { spanText } from "../../web/words.ts"
import { attemptOutcome, attemptTls, stepName } from "./delivery.ts"
import { shownSender } from "./list.ts"
import type { QueuePorts } from "./queue.ts"

/** A message's story as a time line, from the connection to the mailbox. */
const dayMs = 86_400_000
const days = ["1", "7", "30", "90"] as const
const maxListed = 100

export const tracePages = ({ traces, accountAddress, nameOf, clock }: QueuePorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/trace", who: "trace:read", input: z.object({ what: filled(z.string().trim().max(1_000)), days: filled(z.enum(days)) }),
    async run({ what, days: within = "30" }, visit): Promise<Answer> {
      const { say } = visit
      const found = what === undefined ? undefined : await findTraces(traces, accountAddress, { what, since: clock.now() - Number(within) * dayMs, limit: maxListed })
      return {
        kind: "page",
        title: say(traceText.title),
        status: found?.kind === "invalid" ? 422 : 200,
        body: html`<p>${say(traceText.intro)}</p>
          ${form(visit, {
            action: "/console/trace", method: "get", className: "row",
            body: html`${field({ name: "what", label: say(traceText.what), type: "search", value: what, required: true, maxlength: 1_000, ...(found?.kind === "invalid" && { error: say(traceText.invalid) }) })}
              ${choice({ name: "days", label: say(traceText.days), value: within, options: days.map((value) => ({ value, text: spanText(Number(value) * dayMs, visit.language) })) })}
              <button>${say(traceText.find)}</button>`,
          })}
          ${found?.kind === "messages" && messageTable(visit, found.messages, what ?? "")}
          ${found?.kind === "traces" && (found.traces.length === 0 ? html`<p class="empty">${say(traceText.none)}</p>` : found.traces.map((trace) => traceView(visit, trace, nameOf)))}`,
      }
    },
  }),
]

function messageTable(visit: Visit, messages: readonly TraceSummary[], address: string) {
  const { say } = visit
  return table(visit, {
    caption: say(traceText.messages, { address }), empty: say(traceText.none), rows: messages,
    columns: [
      { key: "number", title: say(queueText.number), cell: ({ envelopeId }) => html`<a href=${`/console/trace?what=${envelopeId}`}>${envelopeId}</a>` },
      { key: "at", title: say(queueText.accepted), cell: ({ acceptedAt }) => shownTime(visit, acceptedAt) },
      { key: "state", title: say(queueText.state), cell: ({ state }) => stateName(visit, state) },
      { key: "sender", title: say(queueText.sender), cell: ({ reversePath }) => shownSender(reversePath) },
      { key: "recipient", title: say(queueText.recipient), cell: ({ recipient, recipientCount }) => html`${recipient} ${recipientCount > 1 && say(traceText.more, { count: recipientCount - 1 })}` },
      { key: "message", title: say(queueText.message), cell: ({ messageId }) => html`<code>${`<${messageId}>`}</code>` },
      { key: "size", title: say(queueText.size), numeric: true, cell: ({ size }) => shownBytes(visit, size) },
    ],
  })
}

const stateName = ({ say }: Visit, state: string): string => (state in queueStateText ? say(queueStateText[state as keyof typeof queueStateText]) : state)

interface Event {
  readonly at: number
  readonly what: string
  readonly more?: Html
}

function timeLine(visit: Visit, acceptedAt: number, events: readonly Event[]) {
  return html`<ol class="timeline">${events
    .toSorted((one, other) => one.at - other.at)
    .map(({ at, what, more }) => html`<li>${shownTime(visit, at)} <strong>${what}</strong> ${at > acceptedAt && html`<small>${visit.say(traceText.after, { ms: at - acceptedAt })}</small>`} ${more}</li>`)}</ol>`
}

function traceView(visit: Visit, trace: Trace, nameOf: QueuePorts["nameOf"]) {
  const { say, language } = visit
  const { connection, decision, held, acceptedAt, committedAt, dsnOf, requireTls } = trace
  return html`<section>
    <h2><code>${`<${trace.messageId}>`}</code></h2>
    ${facts([
      [say(queueText.number), trace.envelopeId],
      [say(queueText.sender), shownSender(trace.reversePath)],
      [say(queueText.size), shownBytes(visit, trace.size)],
      ["SHA-256", html`<code>${Buffer.from(trace.sha256).toString("hex")}</code>`],
      connection ? [say(traceText.connected), say(traceText.connectedText, { address: connection.clientAddress, helo: connection.helo, tls: connection.tls ?? say(queueText.noTls) })] : undefined,
      connection?.account ? [say(traceText.signedIn), [connection.account, connection.principal?.name].filter(Boolean).join(", ")] : undefined,
      decision ? [say(traceText.decision), say(traceText.decisionText, { verdict: decision.verdict, rule: decision.ruleId, version: String(decision.policyVersion) })] : undefined,
      requireTls ? ["REQUIRETLS", say(traceText.requireTls)] : undefined,
      ...dsnOf.map(({ envelopeId }) => ["DSN", html`<a href=${`/console/trace?what=${envelopeId}`}>${say(traceText.tellsOf, { envelope: String(envelopeId) })}</a>`] as const),
    ])}
    ${timeLine(visit, acceptedAt, [
      { at: acceptedAt, what: say(traceText.received) },
      { at: committedAt, what: say(traceText.committed) },
      ...(held ? [{ at: held.heldAt, what: say(traceText.heldFor, { rule: held.ruleId, reason: language === "vi" ? held.reasonVi : held.reasonEn }) }] : []),
      ...(held?.decision && held.decidedAt !== null ? [{ at: held.decidedAt, what: say(traceText.decided, { decision: held.decision, by: nameOf(held.decidedBy), note: held.note }) }] : []),
    ])}
    ${trace.deliveries.map((delivery) => deliveryView(visit, { delivery, acceptedAt, nameOf }))}
    ${trace.deliveryCount > trace.deliveries.length && html`<p>${say(traceText.more, { count: trace.deliveryCount - trace.deliveries.length })}</p>`}
  </section>`
}

function deliveryView(visit: Visit, { delivery, acceptedAt, nameOf }: { readonly delivery: DeliveryTrace; readonly acceptedAt: number; readonly nameOf: QueuePorts["nameOf"] }) {
  const { say } = visit
  const { deliveryId, recipient, originalRecipient, state, queuedAt, settledAt, seenAt, nextAttemptAt, tries, steps, dsns, places, local, status, diagnostic } = delivery
  const title = say(originalRecipient === recipient ? traceText.to : traceText.toExpanded, { recipient, original: originalRecipient, state: stateName(visit, state) })
  return html`<h3><a href=${`/console/queue/${deliveryId}`}>${title}</a></h3>
    ${timeLine(visit, acceptedAt, [
      ...(queuedAt === null ? [] : [{ at: queuedAt, what: say(traceText.queued) }]),
      ...tries.map((attempt) => ({
        at: attempt.endedAt, what: say(traceText.tried, { number: attempt.number }),
        more: html`${[attemptOutcome(visit, attempt), attempt.remoteMta || say(queueText.noHost), attemptTls(visit, attempt)].join(" · ")} ${attempt.diagnostic !== "" && html`<q>${attempt.diagnostic}</q>`}`,
      })),
      ...steps.map(({ at, kind, by, why }) => ({ at, what: stepName(visit, kind), more: say(queueText.byWhy, { by: nameOf(by), why }) })),
      ...(settledAt === null || tries.at(-1)?.outcome === state ? [] : [{ at: settledAt, what: stateName(visit, state), more: state === "delivered" ? status : [status, diagnostic].filter(Boolean).join(" ") }]),
      ...dsns.map(({ madeAt, envelopeId }) => ({ at: madeAt, what: say(traceText.told), more: html`<a href=${`/console/trace?what=${envelopeId}`}>${envelopeId}</a>` })),
      ...(seenAt === null ? [] : [{ at: seenAt, what: say(traceText.seen) }]),
      ...(nextAttemptAt === null ? [] : [{ at: nextAttemptAt, what: say(traceText.nextTry) }]),
    ])}
    ${local && state === "delivered" && html`<p>${places.length === 0 ? say(traceText.removed) : say(traceText.lies, { places: places.map(({ mailbox }) => mailbox).join(", ") })}</p>`}`
}
