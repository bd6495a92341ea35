import bcrypt from "bcrypt"
import { isComparable, normalPassword } from "./credential.ts"

/**
 * bcrypt, a few at a time: each takes a libuv thread for tens of milliseconds, and files and name look-ups need those
 * threads too. What waits is bounded, so a flood of sign-ins is turned away instead of remembered.
 */
export interface PasswordWork {
  hash(password: string): Promise<string>
  /** False for a wrong password, after the time of a right one; undefined when too many are waiting. `hash` null: nothing fits. */
  verify(password: string, hash: string | null): Promise<boolean | undefined>
}

export interface PasswordWorkOptions {
  /** Work factor of new hashes. */
  readonly cost: number
  /** bcrypts at once. */
  readonly concurrency?: number
  readonly maxWaiting?: number
}

export function createPasswordWork({ cost, concurrency = 3, maxWaiting = 200 }: PasswordWorkOptions): PasswordWork {
  const waiting: (() => void)[] = []
  let running = 0

  const turn = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  // What nothing fits: compared when there is no password to compare, so that it takes as long (of the same cost).
  let nothing: Promise<string> | undefined
  const nothingHash = (): Promise<string> => (nothing ??= bcrypt.genSalt(cost).then((salt) => `${salt}${"/".repeat(31)}`))

  return {
    hash: (password) => turn(() => bcrypt.hash(normalPassword(password), cost)),
    async verify(password, hash) {
      if (waiting.length >= maxWaiting) return undefined
      const possible = isComparable(password)
      const against = hash ?? (await nothingHash())
      const matches = await turn(() => bcrypt.compare(possible ? normalPassword(password) : "impossible", against))
      return matches && possible && hash !== null
    },
  }
}
