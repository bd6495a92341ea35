import type { Meter } from "./meter.ts"
import type { Target } from "./target.ts"

/** One test: what it is called, how often it runs, and the figures it gives. A test measures; it never passes or fails. */
export interface BenchCase {
  readonly name: string
  readonly title: string
  /** `embedded` runs on the defaults, without Redis; `province` on Redis with the seeded province in the place of the bench users. */
  readonly engine: "redis" | "embedded" | "province"
  readonly runs: number
  /** A run that takes longer is given up, ms; absent: five minutes. */
  readonly limitMs?: number
  run(target: Target, meter: Meter): Promise<readonly Figure[]>
}

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly better: "more" | "less"
}

export const perSecond = (name: string, count: number, ms: number): Figure => ({ name, value: (count * 1000) / ms, unit: "/s", better: "more" })
export const milliseconds = (name: string, value: number): Figure => ({ name, value, unit: "ms", better: "less" })
