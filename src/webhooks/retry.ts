/** When a webhook that did not answer is called again, and when what it was to be told is given up. Pure. */

/** Waits between tries; the last one repeats, each a little longer or shorter. */
const waitsMs = [2_000, 15_000, 120_000, 600_000, 1_800_000, 3_600_000]
export const giveUpAfterMs = 24 * 3_600_000

/** After so many tries in vain before this one (ms). */
export const waitAfter = (tries: number, random: () => number): number => Math.round((waitsMs[Math.min(tries, waitsMs.length - 1)] ?? giveUpAfterMs) * (0.8 + 0.4 * random()))

/** Calls under way at once, and how long one has its webhook to itself: longer than it may take. */
export const atOnce = 16
export const leaseMs = 60_000
