import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"

/** How many lookups somebody has left, an account or a client network; the directory is there to be asked, not to be copied. Counted by this process. */
export interface LookupRates {
  /** 0, or for how many seconds they must wait. */
  take(whom: number | string): Promise<number>
}

const hourSeconds = 3_600

export function createLookupRates(lookups: number, withinSeconds = hourSeconds): LookupRates {
  if (lookups === 0) return { take: async () => 0 }
  const limiter = new RateLimiterMemory({ points: lookups, duration: withinSeconds })
  return {
    async take(whom) {
      try {
        await limiter.consume(whom)
        return 0
      } catch (refusal) {
        if (refusal instanceof RateLimiterRes) return Math.max(Math.ceil(refusal.msBeforeNext / 1000), 1)
        throw refusal
      }
    },
  }
}
