import { parseDurationMs } from "../base/units.ts"

/** When a deferred delivery is tried again. Pure; the caller brings the clock and the dice. */
export interface RetrySchedule {
  /** Waits between attempts in order; the last one repeats. */
  readonly waitsMs: readonly number[]
}

export type NextTry = { readonly kind: "retry"; readonly at: number } | { readonly kind: "expired" }

/** Up to this share of a wait is added, so that what was deferred together does not come back together. */
const jitter = 0.1

/** The configuration's list of durations, already checked by the schema. */
export function retrySchedule(durations: readonly string[]): RetrySchedule {
  return { waitsMs: durations.map((text) => parseDurationMs(text) ?? 0) }
}

export interface DeferredDelivery {
  /** Attempts made so far, the one that was just deferred included. */
  readonly attempts: number
  readonly now: number
  readonly expiresAt: number
  /** From 0 up to 1. */
  readonly random: number
  /** A greylist asks for this wait instead of the schedule's. */
  readonly greylistedMs?: number | undefined
}

/** A server that still greylists after as many tries means something else by it. */
const maxGreylistedAttempts = 5

/** RFC 5321 §4.5.4.1, RFC 6647 §3. A wait that would end past the expiry is cut short: the last attempt is made at the expiry itself. */
export function nextTry({ waitsMs }: RetrySchedule, { attempts, now, expiresAt, random, greylistedMs }: DeferredDelivery): NextTry {
  if (now >= expiresAt) return { kind: "expired" }
  const asked = attempts <= maxGreylistedAttempts ? greylistedMs : undefined
  const wait = asked ?? waitsMs[Math.min(Math.max(attempts, 1), waitsMs.length) - 1] ?? 0
  return { kind: "retry", at: Math.min(now + Math.round(wait * (1 + jitter * random)), expiresAt) }
}
