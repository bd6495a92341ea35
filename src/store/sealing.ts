import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"

/**
 * How bytes rest: compressed with zstd when that helps, then sealed with AES-256-GCM under one key.
 * The associated data binds each piece to its place, so that pieces cannot be exchanged on the disk.
 * Nonces are random: 96 bits allow 2^32 pieces under a key (NIST SP 800-38D §8.3).
 */
export interface Sealer {
  seal(plain: Uint8Array, place: string | Uint8Array): Buffer
  /** Throws when the bytes were changed, belong to another place, or were sealed with another key. */
  open(sealed: Uint8Array, place: string | Uint8Array, maxPlainBytes: number): Buffer
  /** The keyed hash under which a content is stored: nobody without the key can tell from it what is stored. */
  contentHash(sha256: Uint8Array): Buffer
}

const raw = 0
const zstd = 1
const nonceBytes = 12
const tagBytes = 16
/** Below this, compression costs more than it saves. */
const worthCompressing = 256
const compression = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new Error("the content key must have 32 bytes")
  const hashKey = createHmac("sha256", key).update("content-hash").digest()
  return {
    seal(plain, place) {
      const squeezed = plain.length >= worthCompressing ? zstdCompressSync(plain, compression) : undefined
      const [form, bytes] = squeezed && squeezed.length < plain.length ? [zstd, squeezed] : [raw, plain]
      const sealed = Buffer.allocUnsafe(1 + nonceBytes + bytes.length + tagBytes)
      sealed[0] = form
      const nonce = randomBytes(nonceBytes)
      nonce.copy(sealed, 1)
      const cipher = createCipheriv("aes-256-gcm", key, nonce)
      cipher.setAAD(placeBytes(form, place))
      cipher.update(bytes).copy(sealed, 1 + nonceBytes)
      cipher.final()
      cipher.getAuthTag().copy(sealed, sealed.length - tagBytes)
      return sealed
    },
    open(sealed, place, maxPlainBytes) {
      if (sealed.length < 1 + nonceBytes + tagBytes) throw new Error("sealed bytes are too short")
      const form = sealed[0] ?? raw
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + nonceBytes))
      decipher.setAAD(placeBytes(form, place))
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
      const bytes = decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes))
      decipher.final()
      return form === zstd ? zstdDecompressSync(bytes, { maxOutputLength: Math.max(maxPlainBytes, 1) }) : bytes
    },
    contentHash: (sha256) => createHmac("sha256", hashKey).update(sha256).digest(),
  }
}

const placeBytes = (form: number, place: string | Uint8Array): Buffer => Buffer.concat([Buffer.of(form), Buffer.from(place)])
