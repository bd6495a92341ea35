import type { Logger } from "pino"

/** Says once that something is away and once that it is back, however many errors lie between. */
export interface OutageLog {
  down(error: unknown): void
  up(): void
}

export function createOutageLog(log: Logger, what: string): OutageLog {
  let isDown = false
  return {
    down(error) {
      if (!isDown) log.warn({ err: error }, `${what} is away`)
      isDown = true
    },
    up() {
      if (isDown) log.info(`${what} is back`)
      isDown = false
    },
  }
}
