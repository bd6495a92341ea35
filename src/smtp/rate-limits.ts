import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible"
import type { Clock } from "../base/clock.ts"
import type { SubmissionRates } from "../intake/submission-rates.ts"

export interface RateLimitOptions {
  /** 0: no limit. */
  readonly messagesPerHour: number
  /** An ioredis client; without one each process counts for itself, and so it does while Redis is away. */
  readonly redis?: object
  readonly clock: Clock
}

const hourSeconds = 3_600

/** Messages per hour and account, in fixed windows that begin with an account's first message. */
export function createSubmissionRates({ messagesPerHour, redis, clock }: RateLimitOptions): SubmissionRates {
  if (messagesPerHour === 0) return { take: () => true, isExhausted: () => false }
  const window = { keyPrefix: "{congthu}:submission", points: messagesPerHour, duration: hourSeconds }
  const memory = new RateLimiterMemory(window)
  const limiter = redis ? new RateLimiterRedis({ ...window, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter: memory }) : memory
  /** Account → when its window ends; known from the refusal, forgotten when the time has come. */
  const exhaustedUntil = new Map<number, number>()
  return {
    async take(accountId) {
      try {
        await limiter.consume(accountId)
        return true
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        exhaustedUntil.set(accountId, clock.now() + refusal.msBeforeNext)
        return false
      }
    },
    isExhausted(accountId) {
      const until = exhaustedUntil.get(accountId)
      if (until === undefined) return false
      if (clock.now() < until) return true
      exhaustedUntil.delete(accountId)
      return false
    },
  }
}
