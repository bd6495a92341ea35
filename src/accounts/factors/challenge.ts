import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { Clock } from "../../base/clock.ts"

/**
 * Challenges that prove themselves: random, good for one purpose and for a quarter of an hour, under a key of the server's. Nothing is stored until one
 * is answered, so that strangers who open the sign-in page cost no rows; `spentHash` is what is stored then.
 */
export interface Challenges {
  /** `purpose`: what the answer is for, and whose. */
  make(purpose: string): Uint8Array<ArrayBuffer>
  isOurs(challenge: Uint8Array, purpose: string): boolean
}

const lifeMs = 15 * 60_000
const randomLength = 16
const timeLength = 8
const macLength = 32

export function createChallenges({ key, clock }: { readonly key: Uint8Array; readonly clock: Clock }): Challenges {
  const mac = (head: Uint8Array, purpose: string): Buffer => createHmac("sha256", key).update(head).update(purpose).digest()
  return {
    make(purpose) {
      const ends = Buffer.alloc(timeLength)
      ends.writeBigUInt64BE(BigInt(clock.now() + lifeMs))
      const head = Buffer.concat([randomBytes(randomLength), ends])
      return Uint8Array.from(Buffer.concat([head, mac(head, purpose)]))
    },
    isOurs(challenge, purpose) {
      if (challenge.length !== randomLength + timeLength + macLength) return false
      const head = challenge.subarray(0, randomLength + timeLength)
      if (!timingSafeEqual(challenge.subarray(head.length), mac(head, purpose))) return false
      return Number(Buffer.from(head).readBigUInt64BE(randomLength)) > clock.now()
    },
  }
}

export const spentHash = (challenge: Uint8Array): Buffer => createHash("sha256").update(challenge).digest()
