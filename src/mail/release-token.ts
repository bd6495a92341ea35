/**
 * The word in a link by which a recipient releases the own copy of a message that was set aside: which delivery, until when, sealed with a keyed hash
 * over both and over whose copy it is. Nothing is kept; that it works once follows from the delivery, which is held only once. Pure, apart from the key.
 */
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto"

export interface ReleaseTokens {
  /** `expiresAt` in ms since the epoch; seconds count. Letters, digits, `-` and `_`. */
  make(copy: { readonly deliveryId: number; readonly recipient: string; readonly expiresAt: number }): string
  /** Undefined when it has not the form of one. */
  read(token: string): ReleaseToken | undefined
}

/** What a token claims; nothing of it is true before `isFor` has said so. */
export interface ReleaseToken {
  readonly deliveryId: number
  readonly expiresAt: number
  /** Whether it was made here, for this recipient's copy. */
  isFor(recipient: string): boolean
}

const idBytes = 6
const timeBytes = 5
const claimBytes = idBytes + timeBytes
/** 160 bits: nobody guesses one. */
const hashBytes = 20
const form = new RegExp(`^[A-Za-z0-9_-]{${Math.ceil(((claimBytes + hashBytes) * 4) / 3)}}$`)

export function createReleaseTokens({ key }: { readonly key: KeyObject }): ReleaseTokens {
  const hash = (claim: Uint8Array, recipient: string): Buffer => createHmac("sha256", key).update(claim).update(recipient).digest().subarray(0, hashBytes)
  return {
    make({ deliveryId, recipient, expiresAt }) {
      const claim = Buffer.alloc(claimBytes)
      claim.writeUIntBE(deliveryId, 0, idBytes)
      claim.writeUIntBE(Math.floor(expiresAt / 1000), idBytes, timeBytes)
      return Buffer.concat([claim, hash(claim, recipient)]).toString("base64url")
    },
    read(token) {
      if (!form.test(token)) return undefined
      const bytes = Buffer.from(token, "base64url")
      // the last character has bits that mean nothing: of the forms that read the same only one is ours
      if (bytes.toString("base64url") !== token) return undefined
      const claim = bytes.subarray(0, claimBytes)
      return {
        deliveryId: claim.readUIntBE(0, idBytes),
        expiresAt: claim.readUIntBE(idBytes, timeBytes) * 1000,
        isFor: (recipient) => timingSafeEqual(bytes.subarray(claimBytes), hash(claim, recipient)),
      }
    },
  }
}
