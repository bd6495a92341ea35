import { z } from "zod"
import { may } from "../../../accounts/administrator.ts"
import { type QueueAction, queueActions } from "../../../store/queue-action.ts"
import type { AttemptRecord, DeliveryRecord } from "../../../store/queue-store.ts"
import { bounceClassText, queueActionText, queueStateText, queueText } from "../../text/queue.ts"
import { facts } from "../../web/facts.ts"
import { form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { idField } from "../../web/inputs.ts"
import { type Page, provincePage, type Visit } from "../../web/page.ts"
import { shownBytes, shownTime } from "../../web/shown.ts"
import { table } from "../../web/table.ts"
import { actionButtons, shownSender } from "./list.ts"
import type { QueuePorts } from "./queue.ts"

/** One delivery: every attempt with the peer's words and TLS, what people did to it, and what may be done now. */
export const deliveryPages = ({ queue, nameOf }: QueuePorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/queue/:id", who: "queue:read", input: z.object({ id: idField }),
    async run({ id }, visit) {
      const { say, holder } = visit
      const delivery = await queue.find(id)
      if (!delivery) return { kind: "error", status: 404 }
      const actions = may(holder, "queue:write") ? possible(delivery) : []
      return {
        kind: "page",
        title: say(queueText.delivery, { number: String(id) }),
        crumbs: [{ path: "/console/queue", title: say(queueText.title) }],
        body: html`${deliveryFacts(visit, delivery, nameOf)}
          ${actions.length > 0 && form(visit, { action: "/console/queue/plan", className: "row", hidden: { ids: id }, body: actionButtons(visit, actions) })}
          <p><a href=${`/console/trace?what=${delivery.envelopeId}`}>${say(queueText.story)}</a></p>
          <h2>${say(queueText.attempts)}</h2>
          ${attemptTable(visit, delivery.tries)}
          <h2>${say(queueText.steps)}</h2>
          ${table(visit, {
            caption: say(queueText.steps), empty: say(queueText.noSteps), rows: delivery.steps,
            columns: [
              { key: "at", title: say(queueText.time), cell: ({ at }) => shownTime(visit, at) },
              { key: "kind", title: say(queueText.step), cell: ({ kind }) => stepName(visit, kind) },
              { key: "by", title: say(queueText.by), cell: ({ by }) => nameOf(by) },
              { key: "why", title: say(queueText.why), cell: ({ why }) => why },
            ],
          })}`,
      }
    },
  }),
]

/** What the store will not refuse by its state alone; a worker may be faster all the same. */
function possible({ state }: DeliveryRecord): readonly QueueAction[] {
  if (state === "delivered" || state === "relayed" || state === "failed" || state === "policyHeld") return []
  return queueActions.filter((action) => (state === "held" ? action !== "hold" && action !== "retry" : action !== "release"))
}

const stepKinds: Readonly<Record<string, QueueAction>> = { held: "hold", released: "release", retried: "retry", bounced: "bounce", deleted: "delete" }

export function stepName({ say }: Visit, kind: string): string {
  const name = kind.replace(/^delivery\./, "")
  const action = stepKinds[name]
  return action ? say(queueActionText[action]) : name
}

function deliveryFacts(visit: Visit, delivery: DeliveryRecord, nameOf: QueuePorts["nameOf"]) {
  const { say } = visit
  const { state, messageId, reversePath, recipient, originalRecipient, acceptedAt, nextAttemptAt, settledAt, expiresAt, status, diagnostic, hold, pause, size } = delivery
  return facts([
    [say(queueText.state), html`<strong>${say(queueStateText[state])}</strong>`],
    [say(queueText.message), html`<code>${`<${messageId}>`}</code>`],
    [say(queueText.sender), shownSender(reversePath)],
    [say(queueText.recipient), originalRecipient === recipient ? recipient : `${originalRecipient} → ${recipient}`],
    [say(queueText.size), shownBytes(visit, size)],
    [say(queueText.accepted), shownTime(visit, acceptedAt)],
    nextAttemptAt === null ? undefined : [say(queueText.next), shownTime(visit, nextAttemptAt)],
    settledAt === null ? [say(queueText.expires), shownTime(visit, expiresAt)] : [say(queueText.settled), html`${shownTime(visit, settledAt)} ${[status, diagnostic].filter(Boolean).join(" ")}`],
    hold ? [say(queueText.held), html`${shownTime(visit, hold.at)} ${say(queueText.byWhy, { by: nameOf(hold.by), why: hold.why })}`] : undefined,
    pause ? [say(queueText.paused), say(queueText.pausedText, { pattern: pause.pattern, by: nameOf(pause.by), why: pause.why })] : undefined,
  ])
}

function attemptTable(visit: Visit, tries: readonly AttemptRecord[]) {
  const { say } = visit
  return table(visit, {
    caption: say(queueText.attempts), empty: say(queueText.noAttempts), rows: tries,
    columns: [
      { key: "number", title: say(queueText.number), numeric: true, cell: ({ number }) => number },
      { key: "at", title: say(queueText.time), cell: ({ endedAt }) => shownTime(visit, endedAt) },
      { key: "outcome", title: say(queueText.outcome), cell: (attempt) => attemptOutcome(visit, attempt) },
      { key: "host", title: say(queueText.host), cell: ({ remoteMta }) => (remoteMta === "" ? say(queueText.noHost) : remoteMta) },
      { key: "tls", title: say(queueText.protection), cell: (attempt) => attemptTls(visit, attempt) },
      { key: "words", title: say(queueText.lastWords), cell: ({ diagnostic }) => html`<q>${diagnostic}</q>` },
    ],
  })
}

export const attemptOutcome = ({ say }: Visit, { outcome, status, bounceClass }: AttemptRecord): string =>
  [outcome in queueStateText ? say(queueStateText[outcome as keyof typeof queueStateText]) : outcome, status, bounceClass ? `(${say(bounceClassText[bounceClass])})` : ""].filter(Boolean).join(" ")

/** The protocol's own words: version, how it was verified, what was demanded, what was wrong. */
export function attemptTls({ say }: Visit, { tls, tlsDetails, remoteMta }: AttemptRecord): string {
  if (remoteMta === "") return "–"
  const { verified = "no", policy = "opportunistic", subject = "", fault = null } = tlsDetails ?? {}
  return [tls ?? say(queueText.noTls), tls === null ? "" : verified, subject, policy === "opportunistic" ? "" : policy, fault ? `${fault.type}: ${fault.detail}` : ""].filter(Boolean).join(", ")
}
