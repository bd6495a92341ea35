import type { Clock } from "../base/clock.ts"
import type { SendSlots } from "../store/send-slots.ts"

const maxRemembered = 10_000

/** Slots of this process alone. */
export function createProcessSendSlots(clock: Clock): SendSlots {
  const free = new Map<string, number>()
  return {
    async take(key, spacingMs) {
      const now = clock.now()
      const waitMs = (free.get(key) ?? 0) - now
      if (waitMs > 0) return waitMs
      free.delete(key)
      free.set(key, now + spacingMs)
      for (const [other, at] of free) {
        if (free.size <= maxRemembered && at > now) break
        free.delete(other)
      }
      return 0
    },
  }
}
