import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible"

/** How many recipients a system may write to in an hour: it slows itself, not others. Every process counts the same when there is Redis. */
export interface SendLimits {
  /** 0: taken; otherwise how long to wait (ms), and nothing was counted. */
  take(tokenId: number, recipients: number): Promise<number>
  /** What was taken for nothing. */
  giveBack(tokenId: number, recipients: number): Promise<void>
}

const hourSeconds = 3_600

/** `recipientsPerHour` 0: no limit. `redis`: an ioredis client. */
export function createSendLimits({ recipientsPerHour, redis }: { readonly recipientsPerHour: number; readonly redis?: object }): SendLimits {
  if (recipientsPerHour === 0) return { take: async () => 0, giveBack: async () => undefined }
  const window = { keyPrefix: "{congthu}:notifications", points: recipientsPerHour, duration: hourSeconds }
  const memory = new RateLimiterMemory(window)
  const limiter: RateLimiterAbstract = redis ? new RateLimiterRedis({ ...window, storeClient: redis, rejectIfRedisNotReady: true, insuranceLimiter: memory }) : memory
  return {
    async take(tokenId, recipients) {
      try {
        await limiter.consume(tokenId, recipients)
        return 0
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        // what was refused must not count, or one call too large would stop all that would fit
        await limiter.reward(tokenId, recipients)
        return Math.max(refusal.msBeforeNext, 1)
      }
    },
    giveBack: async (tokenId, recipients) => void (await limiter.reward(tokenId, recipients)),
  }
}
