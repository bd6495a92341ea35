import { statfs } from "node:fs/promises"
import type { Logger } from "pino"
import type { FreeSpace } from "./free-space.ts"

/** Measures the free space of a folder's disk every few seconds, so that asking costs nothing. */
const intervalMs = 2_000

export function watchDiskSpace({ dir, minimumBytes, log }: { readonly dir: string; readonly minimumBytes: number; readonly log: Logger }): FreeSpace & { readonly ready: Promise<void>; close(): void } {
  let low = false
  const measure = async (): Promise<void> => {
    try {
      const { bavail, bsize } = await statfs(dir)
      const isLow = bavail * bsize < minimumBytes
      if (isLow !== low) log.warn({ dir, freeBytes: bavail * bsize, minimumBytes }, isLow ? "the disk is nearly full: new mail waits outside" : "there is room on the disk again")
      low = isLow
    } catch (error) {
      // a folder that cannot be measured cannot be written to either
      low = true
      log.error({ err: error, dir }, "free space cannot be measured")
    }
  }
  const timer = setInterval(() => void measure(), intervalMs)
  timer.unref()
  return { isLow: () => low, ready: measure(), close: () => clearInterval(timer) }
}
