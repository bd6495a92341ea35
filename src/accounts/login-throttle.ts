import { createHash } from "node:crypto"
import { isIPv6 } from "node:net"
import { Redis } from "ioredis"
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible"
import type { Lockouts } from "./lockouts.ts"

/**
 * Counts failed sign-ins of one client address on one account name, whether or not there is such an account. In Redis when
 * there is one, so that all processes count together; else, and while Redis is away, in this process.
 */
export interface LoginThrottle {
  /** True when this client must wait before its next guess at this name. */
  isBlocked(clientAddress: string, name: string): Promise<boolean>
  failed(clientAddress: string, name: string): Promise<void>
  succeeded(clientAddress: string, name: string): Promise<void>
  /** When Redis is connected; at once when there is none. Until then this process counts alone. */
  readonly ready: Promise<void>
  close(): void
}

export interface LoginThrottleOptions {
  readonly maxFailures: number
  readonly failureWindowMs: number
  /** Empty: count in this process. */
  readonly redisUrl?: string
  /** Where administrators see who must wait, and let them in again. */
  readonly lockouts?: Lockouts
}

export function createLoginThrottle({ maxFailures, failureWindowMs, redisUrl = "", lockouts }: LoginThrottleOptions): LoginThrottle {
  const options = { keyPrefix: "{congthu}:login", points: maxFailures, duration: Math.ceil(failureWindowMs / 1000) }
  const memory = new RateLimiterMemory(options)
  const redis = redisUrl === "" ? undefined : connect(redisUrl)
  const limiter = redis === undefined ? memory : new RateLimiterRedis({ ...options, storeClient: redis, insuranceLimiter: memory })
  return {
    ready: redis === undefined ? Promise.resolve() : new Promise((resolve) => redis.once("ready", () => resolve())),
    async isBlocked(clientAddress, name) {
      if (maxFailures === 0) return false
      const counted = key(clientAddress, name)
      if (((await limiter.get(counted))?.consumedPoints ?? 0) < maxFailures) return false
      if (!(await lockouts?.isLifted(counted))) return true
      await limiter.delete(counted)
      return false
    },
    async failed(clientAddress, name) {
      if (maxFailures === 0) return
      const counted = key(clientAddress, name)
      const { consumedPoints: failures, msBeforeNext: forMs } = await limiter.penalty(counted)
      if (failures >= maxFailures) lockouts?.note({ key: counted, kind: "signIn", network: clientNetwork(clientAddress), name, failures, forMs })
    },
    async succeeded(clientAddress, name) {
      if (maxFailures > 0) await limiter.delete(key(clientAddress, name))
    },
    close: () => redis?.disconnect(),
  }
}

/** Answers at once or not at all: a sign-in does not wait for a Redis that is away. */
function connect(url: string): Redis {
  const redis = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 1_000 })
  // the limiter goes on in memory; the connection is retried by itself
  redis.on("error", () => undefined)
  return redis
}

/** Of fixed size, whatever a client sends. */
const key = (clientAddress: string, name: string): string => createHash("sha256").update(`${clientNetwork(clientAddress)}\0${name}`).digest("base64url")

/** An IPv6 client owns at least a /64 and could use another address for each guess. */
export const clientNetwork = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [plain = ""] = address.split("%")
  if (!isIPv6(plain)) return plain
  const [head = "", tail] = plain.split("::")
  const first = head === "" ? [] : head.split(":")
  const last = tail === undefined || tail === "" ? [] : tail.split(":")
  const zeros = Array.from({ length: tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length) }, () => "0")
  return [...first, ...zeros, ...last].slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":")
}
