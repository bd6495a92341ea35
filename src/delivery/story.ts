/** A message's story as lines of text: accepted, committed, queued, delivered, seen; each with its time in Vietnam. Pure. */
import type { DeliveryStory, Story } from "../store/story-store.ts"

/** Vietnam keeps UTC+7 all year (Asia/Ho_Chi_Minh). */
const utcOffsetMs = 7 * 3_600_000

/** `2026-11-24 09:30:15.123`, in Asia/Ho_Chi_Minh. */
export const provinceTime = (ms: number): string => new Date(ms + utcOffsetMs).toISOString().slice(0, -1).replace("T", " ")

/** Waits below this are shown in milliseconds. */
const showMsBelow = 10_000

const since = (fromMs: number, toMs: number): string => {
  const ms = Math.max(toMs - fromMs, 0)
  return ms < showMsBelow ? `+${ms} ms` : `+${Math.round(ms / 1000)} s`
}

export type Step = (name: string, at: number, rest?: string) => string

/** One step of a message that was accepted at a time: its name, when, and how much later. */
export const stepAfter = (acceptedAt: number): Step => (name, at, rest = "") => `${name.padEnd(10)} ${provinceTime(at)}  ${since(acceptedAt, at).padStart(9)}${rest === "" ? "" : `  ${rest}`}`

export function storyLines(story: Story): string[] {
  const step = stepAfter(story.acceptedAt)
  const sender = story.reversePath === "" ? "<>" : story.reversePath
  return [
    `Message-ID <${story.messageId}>, envelope ${story.envelopeId}, ${story.size} bytes, from ${sender} (${story.source})`,
    `SHA-256    ${Buffer.from(story.sha256).toString("hex")}`,
    step("accepted", story.acceptedAt),
    step("committed", story.committedAt),
    ...story.deliveries.flatMap((delivery) => deliveryLines(delivery, step)),
    ...(story.deliveryCount > story.deliveries.length ? [`… and ${story.deliveryCount - story.deliveries.length} more recipients`] : []),
  ]
}

const settledName = { waiting: "waiting", held: "held", deferred: "deferred", delivered: "delivered", relayed: "relayed", failed: "failed" } as const satisfies Record<DeliveryStory["state"], string>

function deliveryLines(delivery: DeliveryStory, step: Step): string[] {
  const { recipient, state, queuedAt, settledAt, seenAt, nextAttemptAt, status, diagnostic, remoteMta } = delivery
  const detail = [status, remoteMta === "" ? "" : `by ${remoteMta}`, state === "delivered" ? "" : diagnostic].filter(Boolean).join(" ")
  return [
    `to ${recipient}: ${settledName[state]}`,
    ...(queuedAt === null ? [] : [`  ${step("queued", queuedAt)}`]),
    ...(settledAt === null ? [] : [`  ${step(settledName[state], settledAt, detail)}`]),
    ...(nextAttemptAt === null ? [] : [`  ${step("next try", nextAttemptAt, detail)}`]),
    ...(seenAt === null ? [] : [`  ${step("seen", seenAt)}`]),
  ]
}
