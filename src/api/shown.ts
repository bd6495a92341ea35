import type { AttemptRecord, DeliveryRecord, DestinationSummary, QueuedDelivery, StepRecord } from "../store/queue-store.ts"
import type { Pause } from "../store/pause-store.ts"
import type { Trace, TraceSummary } from "../store/trace-store.ts"
import { shownTime } from "./fields.ts"

/** How the API shows what the store holds: times in RFC 3339, bytes in hexadecimal, names as they are. Pure. */
export const shownDelivery = ({ acceptedAt, nextAttemptAt, expiresAt, ...rest }: QueuedDelivery) =>
  ({ ...rest, acceptedAt: shownTime(acceptedAt), nextAttemptAt: shownTime(nextAttemptAt), expiresAt: shownTime(expiresAt) })

const shownAttempt = ({ startedAt, endedAt, ...rest }: AttemptRecord) => ({ ...rest, startedAt: shownTime(startedAt), endedAt: shownTime(endedAt) })

const shownStep = ({ at, ...rest }: StepRecord) => ({ ...rest, at: shownTime(at) })

export const shownRecord = ({ settledAt, hold, pause, tries, steps, ...delivery }: DeliveryRecord) => ({
  ...shownDelivery(delivery), settledAt: shownTime(settledAt), hold: hold && { ...hold, at: shownTime(hold.at) }, pause: pause && { ...pause, until: shownTime(pause.until) },
  attempts: tries.map(shownAttempt), attemptCount: delivery.attempts, steps: steps.map(shownStep),
})

export const shownDestination = ({ oldestAcceptedAt, ...rest }: DestinationSummary) => ({ ...rest, oldestAcceptedAt: shownTime(oldestAcceptedAt) })

export const shownPause = ({ until, pausedAt, ...rest }: Pause) => ({ ...rest, until: shownTime(until), pausedAt: shownTime(pausedAt) })

export const shownSummary = ({ acceptedAt, ...rest }: TraceSummary) => ({ ...rest, acceptedAt: shownTime(acceptedAt) })

/** Facts are for administrators with the policy before them; here are its verdict and what is known of the signature. */
export const shownTrace = ({ sha256, acceptedAt, committedAt, held, decision, dsnOf, deliveries, ...rest }: Trace) => ({
  ...rest,
  sha256: Buffer.from(sha256).toString("hex"),
  acceptedAt: shownTime(acceptedAt),
  committedAt: shownTime(committedAt),
  held: held && { ...held, heldAt: shownTime(held.heldAt), decidedAt: shownTime(held.decidedAt) },
  decision: decision && { policyVersion: decision.policyVersion, ruleId: decision.ruleId, verdict: decision.verdict, signature: signatureOf(decision.facts) },
  dsnOf: dsnOf.map(shownDsn),
  deliveries: deliveries.map(({ queuedAt, settledAt, seenAt, nextAttemptAt, expiresAt, pause, tries, steps, dsns, attempts, ...delivery }) => ({
    ...delivery, pause: pause && { ...pause, until: shownTime(pause.until) }, queuedAt: shownTime(queuedAt), settledAt: shownTime(settledAt), seenAt: shownTime(seenAt), nextAttemptAt: shownTime(nextAttemptAt), expiresAt: shownTime(expiresAt),
    attempts: tries.map(shownAttempt), attemptCount: attempts, steps: steps.map(shownStep), dsns: dsns.map(shownDsn),
  })),
})

const shownDsn = ({ madeAt, ...rest }: Trace["dsnOf"][number]) => ({ ...rest, madeAt: shownTime(madeAt) })

const signatureOf = (facts: unknown): unknown => (typeof facts === "object" && facts !== null && "signature" in facts ? facts.signature : null)
