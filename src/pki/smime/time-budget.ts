import type { Clock } from "../../base/clock.ts"
import { CmsError } from "../cms/cms-error.ts"

/** Ends work that takes too long, wherever bytes are waited for: a message made to be slow must not hold its verifier for ever. */
export class TimeBudget {
  private readonly clock: Clock
  private readonly until: number

  constructor(clock: Clock, budgetMs: number) {
    this.clock = clock
    this.until = clock.now() + budgetMs
  }

  check(): void {
    if (this.clock.now() > this.until) throw new CmsError("tooSlow", "verification takes too long")
  }

  /** The same chunks, until time is up. */
  async *limit(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.check()
      yield chunk
    }
  }
}
