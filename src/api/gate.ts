import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"
import { type ApiTokenHolder, type ApiTokenStore, bearerHash } from "../accounts/api-token.ts"
import { clientNetwork } from "../accounts/login-throttle.ts"
import type { Lockouts } from "../accounts/lockouts.ts"
import type { Problem } from "./problem.ts"

/**
 * Who asks, and whether he may ask now. Whatever is wrong with a token, the answer is the same; a network that guesses is soon not listened to. Counted by this
 * process. Must not know: HTTP, what is asked.
 */
export interface ApiGate {
  /** `lane`: requests that are counted apart, with a limit of their own. */
  admit(authorization: string | undefined, clientAddress: string, lane?: ApiLane): Promise<{ readonly kind: "caller"; readonly caller: ApiTokenHolder } | { readonly kind: "problem"; readonly problem: Problem }>
}

export interface ApiLane {
  readonly name: string
  /** Of one token; 0: as many as it likes. */
  readonly requestsPerMinute: number
}

export interface ApiGateParts {
  readonly tokens: Pick<ApiTokenStore, "live">
  /** Of one token; 0: as many as it likes. */
  readonly requestsPerMinute: number
  /** Wrong tokens from one network within the window before it must wait; 0: as many as it likes. */
  readonly maxFailures: number
  readonly failureWindowMs: number
  /** Where administrators see which networks must wait, and let them in again. */
  readonly lockouts?: Lockouts
  /** Told of each wrong token. */
  readonly failed?: (clientAddress: string) => void
}

export function createApiGate({ tokens, requestsPerMinute, maxFailures, failureWindowMs, lockouts, failed: tellFailed }: ApiGateParts): ApiGate {
  const usual: ApiLane = { name: "", requestsPerMinute }
  const lanes = new Map<string, RateLimiterMemory>()
  const requestsOf = (lane: ApiLane): RateLimiterMemory => {
    const limiter = lanes.get(lane.name) ?? new RateLimiterMemory({ keyPrefix: lane.name, points: Math.max(lane.requestsPerMinute, 1), duration: 60 })
    lanes.set(lane.name, limiter)
    return limiter
  }
  const failures = new RateLimiterMemory({ points: Math.max(maxFailures, 1), duration: Math.ceil(failureWindowMs / 1000) })
  const problem = (one: Problem) => ({ kind: "problem", problem: one }) as const
  return {
    async admit(authorization, clientAddress, lane = usual) {
      const network = clientNetwork(clientAddress)
      const failed = maxFailures === 0 ? null : await failures.get(network)
      // before the token is looked at: else a guess that is right would be told from one that is wrong
      if (failed && failed.consumedPoints >= maxFailures) {
        if (!(await lockouts?.isLifted(lockoutKey(network)))) return problem({ kind: "tooMany", waitSeconds: seconds(failed.msBeforeNext) })
        await failures.delete(network)
      }
      const hash = bearerHash(authorization)
      const caller = hash && (await tokens.live(hash))
      if (!caller) {
        if (authorization !== undefined) tellFailed?.(clientAddress)
        if (maxFailures > 0 && authorization !== undefined) {
          const { consumedPoints, msBeforeNext: forMs } = await failures.penalty(network)
          if (consumedPoints >= maxFailures) lockouts?.note({ key: lockoutKey(network), kind: "api", network, name: "", failures: consumedPoints, forMs })
        }
        return problem({ kind: "unauthorized" })
      }
      const waitMs = lane.requestsPerMinute === 0 ? 0 : await take(requestsOf(lane), caller.id)
      return waitMs > 0 ? problem({ kind: "tooMany", waitSeconds: seconds(waitMs) }) : { kind: "caller", caller }
    },
  }
}

const lockoutKey = (network: string): string => `api ${network}`

const seconds = (ms: number): number => Math.max(Math.ceil(ms / 1000), 1)

/** 0, or how long to wait (ms). */
async function take(limiter: RateLimiterMemory, key: number): Promise<number> {
  try {
    await limiter.consume(key)
    return 0
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return Math.max(refusal.msBeforeNext, 1)
    throw refusal
  }
}
