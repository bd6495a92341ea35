import { createHmac, randomBytes } from "node:crypto"
import type { Clock } from "../base/clock.ts"
import { isComparable, isSameHash, normalPassword, type StoredCredential } from "./credential.ts"

/**
 * Passwords that bcrypt has found right lately, so that a mail client that opens five connections costs one bcrypt. Kept as
 * HMACs under a key of this process, each bound to the stored hash it was right for: a changed or revoked one fits no more.
 */
export interface RecentPasswords {
  has(credential: StoredCredential, password: string): boolean
  add(credential: StoredCredential, password: string): void
}

const maxAgeMs = 15 * 60_000
const maxKept = 10_000

export function createRecentPasswords(clock: Clock): RecentPasswords {
  const key = randomBytes(32)
  const kept = new Map<number, { readonly mac: string; readonly since: number }>()
  const macOf = ({ hash }: StoredCredential, password: string): string => createHmac("sha256", key).update(`${hash}\0${normalPassword(password)}`).digest("hex")
  return {
    has(credential, password) {
      const entry = kept.get(credential.id)
      if (entry === undefined || clock.now() - entry.since > maxAgeMs || !isComparable(password)) return false
      return isSameHash(entry.mac, macOf(credential, password))
    },
    add(credential, password) {
      kept.delete(credential.id)
      kept.set(credential.id, { mac: macOf(credential, password), since: clock.now() })
      const [oldest] = kept.keys()
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest)
    },
  }
}
