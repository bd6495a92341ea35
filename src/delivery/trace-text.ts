/** A message's trace as lines for a terminal, from the connection to the mailbox; times are those of the province. Pure. */
import { printable } from "../mail/printable.ts"
import { storedFacts } from "../policy/stored-facts.ts"
import type { TlsDetails } from "../store/delivery-store.ts"
import type { AttemptRecord } from "../store/queue-store.ts"
import type { Connection, Decision, DeliveryTrace, DsnLink, PolicyHold, Trace } from "../store/trace-store.ts"
import { provinceTime, type Step, stepAfter } from "./story.ts"

export function traceLines(trace: Trace): string[] {
  const step = stepAfter(trace.acceptedAt)
  return [
    `Message-ID <${trace.messageId}>, envelope ${trace.envelopeId}, ${trace.size} bytes, from ${trace.reversePath === "" ? "<>" : trace.reversePath} (${trace.source})`,
    `SHA-256    ${Buffer.from(trace.sha256).toString("hex")}`,
    ...trace.dsnOf.map(({ kind, envelopeId }) => `tells of   the ${kind} of envelope ${envelopeId}`),
    ...(trace.connection ? [`connected  ${connectionText(trace.connection)}`] : []),
    ...(trace.requireTls ? ["demands    verified TLS all the way (REQUIRETLS, RFC 8689)"] : []),
    ...decisionLines(trace.decision),
    step("accepted", trace.acceptedAt),
    step("committed", trace.committedAt),
    ...holdLines(trace.held, step),
    ...trace.deliveries.flatMap((delivery) => deliveryLines(delivery, step)),
    ...(trace.deliveryCount > trace.deliveries.length ? [`… and ${trace.deliveryCount - trace.deliveries.length} more recipients`] : []),
  ].map(printable)
}

function connectionText({ clientAddress, helo, tls, account, principal, sessionId }: Connection): string {
  const who = account === null ? "" : `, signed in as ${account}${principal ? ` (${[principal.id, principal.name].filter(Boolean).join(" ")})` : ""}`
  return `from ${clientAddress}${helo === "" ? "" : ` as ${helo}`}, ${tls ?? "without TLS"}${who}, session ${sessionId}`
}

const maxSigners = 5

function decisionLines(decision: Decision | null): string[] {
  if (!decision) return []
  const rule = `policy     ${decision.verdict} by the rule ${decision.ruleId}, version ${decision.policyVersion}`
  const signature = storedFacts(decision.facts)?.signature
  if (!signature) return [rule]
  const signers = signature.signers.slice(0, maxSigners).map(({ holder, serialNumber, subject }) => `           signed by ${holder ? `${holder.name} (${holder.principalId})` : "somebody who is not registered"}, certificate ${serialNumber}, ${subject}`)
  return [`signature  ${[signature.status, ...signature.problems].join(" ")}`, ...signers, rule]
}

function holdLines(held: PolicyHold | null, step: Step): string[] {
  if (!held) return []
  const { kind, ruleId, reasonVi, reasonEn, heldAt, decision, decidedAt, decidedBy, note } = held
  return [
    step("held", heldAt, `for ${kind} by the rule ${ruleId}: ${reasonVi} / ${reasonEn}`),
    ...(decision === null || decidedAt === null ? ["           nobody has decided on it yet: `congthu held`"] : [step(decision, decidedAt, byAndWhy(decidedBy, note))]),
  ]
}

const byAndWhy = (by: string, why: string): string => `by ${by === "" ? "somebody" : by}${why === "" ? "" : `: ${why}`}`

interface Event {
  readonly at: number
  readonly line: string
}

function deliveryLines(delivery: DeliveryTrace, step: Step): string[] {
  const { recipient, originalRecipient, local, state, queuedAt, settledAt, seenAt, nextAttemptAt, pause, tries, steps, dsns, places } = delivery
  const event = (name: string, at: number, rest = ""): Event => ({ at, line: `  ${step(name, at, rest)}` })
  // what an attempt settled is told by the attempt
  const settledByAttempt = tries.at(-1)?.outcome === state
  const isRelease = ({ kind }: { readonly kind: string }): boolean => kind === "delivery.released"
  const stepEvent = ({ kind, at, by, why }: (typeof steps)[number]): Event => event(kind.replace(/^delivery\./, ""), at, byAndWhy(by, why))
  // of one millisecond: who was tried was released before it
  const events = [
    ...(queuedAt === null ? [] : [event("queued", queuedAt)]),
    ...steps.filter(isRelease).map(stepEvent),
    ...tries.map((attempt) => event(`try ${attempt.number}`, attempt.endedAt, attemptText(attempt))),
    ...steps.filter((one) => !isRelease(one)).map(stepEvent),
    ...(settledAt === null || settledByAttempt ? [] : [event(state, settledAt, settledText(delivery))]),
    ...dsns.map((dsn) => event("told", dsn.madeAt, dsnText(dsn))),
    ...(seenAt === null ? [] : [event("seen", seenAt)]),
  ].toSorted((a, b) => a.at - b.at)
  return [
    `to ${originalRecipient === recipient ? recipient : `${originalRecipient} → ${recipient}`}: ${state}`,
    ...events.map(({ line }) => line),
    ...(pause ? [`  paused     ${pause.pattern} until ${pause.until === null ? "it is resumed" : provinceTime(pause.until)}, ${byAndWhy(pause.by, pause.why)}`] : []),
    ...(nextAttemptAt === null || pause ? [] : [event("next try", nextAttemptAt).line]),
    ...(local && state === "delivered" ? [places.length === 0 ? "  lies       nowhere any more: it was removed from the mailbox" : `  lies       in ${places.map(({ mailbox, uid }) => `${mailbox} (uid ${uid})`).join(", ")}`] : []),
  ]
}

/** What an attempt came to: `deferred 4.7.1 (greylisted) by mx.xa.example [192.0.2.1], TLSv1.3 …, 120 ms: 451 4.7.1 later`. */
export const attemptText = ({ outcome, status, remoteMta, tls, tlsDetails, diagnostic, bounceClass, startedAt, endedAt }: AttemptRecord): string =>
  `${[outcome, status, bounceClass === null ? "" : `(${bounceClass})`].filter(Boolean).join(" ")}${remoteMta === "" ? ", no host was reached" : ` by ${remoteMta}, ${tls ?? "without TLS"}`}${tlsDetails ? tlsText(tlsDetails) : ""}, ${Math.max(endedAt - startedAt, 0)} ms${diagnostic === "" ? "" : `: ${diagnostic}`}`

/** How far the peer was verified, what was demanded, what was wrong. */
function tlsText({ policy, reason, version, verified, subject, fault, testFault }: TlsDetails): string {
  const peer = version === null ? "" : verified === "no" ? " not verified" : ` verified (${verified}) as ${subject}`
  const demand = policy === "opportunistic" ? "" : `; demanded: ${policy}${reason === "" ? "" : `, ${reason}`}`
  const tested = testFault ? `; ${reason}, with enforce it would not have gone: ${testFault.type}: ${testFault.detail}` : ""
  return `${peer}${demand}${fault && !testFault ? `; ${fault.type}: ${fault.detail}` : ""}${tested}`
}

const settledText = ({ status, diagnostic, remoteMta, state }: DeliveryTrace): string => [status, remoteMta === "" ? "" : `by ${remoteMta}`, state === "delivered" ? "" : diagnostic].filter(Boolean).join(" ")

const dsnText = ({ kind, envelopeId }: DsnLink): string => `the sender of the ${kind}, by envelope ${envelopeId}`
