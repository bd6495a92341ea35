import { createHash } from "node:crypto"
import type { Redis } from "ioredis"
import type { SendSlots } from "../send-slots.ts"

/** KEYS[1]: when the next one is free (ms, by Redis' own clock). ARGV[1]: the spacing (ms). Answers 0, or the ms until then. */
const takeScript = `
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  local free = tonumber(redis.call('GET', KEYS[1]) or '0')
  if now < free then return math.ceil(free - now) end
  redis.call('SET', KEYS[1], string.format('%.3f', now + ARGV[1]), 'PX', math.ceil(ARGV[1]) + 1000)
  return 0`

/** Slots of all processes together. While Redis is away each counts by `alone`: mail does not stop for it. */
export function createRedisSendSlots({ redis, alone }: { readonly redis: Redis; readonly alone: SendSlots }): SendSlots {
  return {
    async take(key, spacingMs) {
      const waitMs = await redis.eval(takeScript, 1, keyOf(key), spacingMs).catch(() => undefined)
      return typeof waitMs === "number" ? waitMs : alone.take(key, spacingMs)
    },
  }
}

/** Names of hosts, as many as there are, are a key of one length. */
const keyOf = (key: string): string => `{congthu}:slot:${createHash("sha256").update(key).digest("base64url")}`
