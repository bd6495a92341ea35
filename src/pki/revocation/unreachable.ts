import type { Clock } from "../../base/clock.ts"

/**
 * Servers that failed to answer several times running: they are left alone for a while, so that thousands of questions about certificates of
 * one authority that is down do not each wait for it. One answer clears the record. Bounded: the oldest are forgotten.
 */
export class Unreachable {
  private readonly failures = new Map<string, { readonly count: number; readonly at: number }>()
  private readonly clock: Clock
  private readonly restMs: number

  constructor({ clock, restMs }: { readonly clock: Clock; readonly restMs: number }) {
    this.clock = clock
    this.restMs = restMs
  }

  rests(origin: string): boolean {
    const failure = this.failures.get(origin)
    return failure !== undefined && failure.count >= manyFailures && this.clock.now() - failure.at < this.restMs
  }

  failed(origin: string): void {
    const count = (this.failures.get(origin)?.count ?? 0) + 1
    this.failures.delete(origin)
    this.failures.set(origin, { count, at: this.clock.now() })
    for (const oldest of this.failures.keys()) {
      if (this.failures.size <= maxOrigins) break
      this.failures.delete(oldest)
    }
  }

  answered(origin: string): void {
    this.failures.delete(origin)
  }
}

/** One lost connection says nothing of a server. */
const manyFailures = 3
const maxOrigins = 1_000
