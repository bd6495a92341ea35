import { createCipheriv, createDecipheriv, createHmac, createSecretKey, randomFillSync } from "node:crypto"
import { constants, deflateRawSync, inflateRawSync, zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { giveBack } from "../base/give-back.ts"

/**
 * How bytes rest: compressed when that helps (deflate for small pieces, zstd for large ones), then sealed with AES-256-GCM under one key.
 * The associated data binds each piece to its place, so that pieces cannot be exchanged on the disk.
 * Nonces are random: 96 bits allow 2^32 pieces under a key (NIST SP 800-38D §8.3).
 */
export interface Sealer {
  /** Fewer bytes than `worthCompressing` are not compressed. */
  seal(plain: Uint8Array, place: string | Uint8Array, worthCompressing?: number): Buffer
  /** The same bytes in parts that nobody else has: for who writes them one after the other and gives their memory back. */
  sealInParts(plain: Uint8Array, place: string | Uint8Array, worthCompressing?: number): readonly Uint8Array[]
  /** Throws when the bytes were changed, belong to another place, or were sealed with another key. */
  open(sealed: Uint8Array, place: string | Uint8Array, maxPlainBytes: number): Buffer
  /** The keyed hash under which a content is stored: nobody without the key can tell from it what is stored. */
  contentHash(sha256: Uint8Array): Buffer
}

const raw = 0
const zstd = 1
const deflate = 2
const nonceBytes = 12
const tagBytes = 16
/** Below this, compression costs more than it saves. */
const usuallyWorthCompressing = 256
/**
 * Below this, deflate is quicker than zstd both ways, because its state is smaller. Above, zstd is, most of all where an attachment's base64 leaves little
 * to find (letters of 4.2 and 10 KB: 38 and 59 µs, deflate 67 and 106), and it opens them almost as quickly (31 and 32 µs, deflate 20 and 28).
 */
const worthZstd = 4 * 1024
/** A window that holds what is deflated; the default one of 32 KiB would only be more memory to clear for each piece (800 bytes: 19 µs, with 16 KiB 25). */
const windowBits = 12
const largestOutputBytes = 256 * 1024
/** The default output buffer would be 16 KiB for every piece. One that is filled to the end is followed by another, and the two are joined. */
const outputBytes = (bytes: number): number => Math.max(64, Math.min(bytes, largestOutputBytes) + (bytes >> 8) + 64)
const nonceBatchBytes = nonceBytes * 256

export function createSealer(key: Uint8Array): Sealer {
  if (key.length !== 32) throw new Error("the content key must have 32 bytes")
  // key objects: a bare key would be made into one again for each piece
  const sealKey = createSecretKey(key)
  const hashKey = createSecretKey(createHmac("sha256", key).update("content-hash").digest())
  const nextNonce = createNonces()
  const sealInParts: Sealer["sealInParts"] = (plain, place, worthCompressing = usuallyWorthCompressing) => {
    const { form, bytes } = plain.length < worthCompressing ? { form: raw, bytes: plain } : squeeze(plain)
    const nonce = nextNonce()
    const cipher = createCipheriv("aes-256-gcm", sealKey, nonce)
    cipher.setAAD(placeBytes(form, place))
    const sealed = cipher.update(bytes)
    cipher.final()
    if (bytes !== plain) giveBack(bytes)
    return [Buffer.of(form), nonce, sealed, cipher.getAuthTag()]
  }
  return {
    seal: (plain, place, worthCompressing) => Buffer.concat(sealInParts(plain, place, worthCompressing)),
    sealInParts,
    open(sealed, place, maxPlainBytes) {
      if (sealed.length < 1 + nonceBytes + tagBytes) throw new Error("sealed bytes are too short")
      const form = sealed[0] ?? raw
      const decipher = createDecipheriv("aes-256-gcm", sealKey, sealed.subarray(1, 1 + nonceBytes))
      decipher.setAAD(placeBytes(form, place))
      decipher.setAuthTag(sealed.subarray(sealed.length - tagBytes))
      const bytes = decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes))
      decipher.final()
      const plain = expand(form, bytes, maxPlainBytes)
      if (plain !== bytes) giveBack(bytes)
      return plain
    },
    contentHash: (sha256) => createHmac("sha256", hashKey).update(sha256).digest(),
  }
}

interface Squeezed {
  readonly form: number
  readonly bytes: Uint8Array
}

function squeeze(plain: Uint8Array): Squeezed {
  const chunkSize = outputBytes(plain.length)
  const small = plain.length < worthZstd
  const bytes = small ? deflateRawSync(plain, { level: 1, windowBits, chunkSize }) : zstdCompressSync(plain, { params: { [constants.ZSTD_c_compressionLevel]: 1 }, pledgedSrcSize: plain.length, chunkSize })
  if (bytes.length < plain.length) return { form: small ? deflate : zstd, bytes }
  giveBack(bytes)
  return { form: raw, bytes: plain }
}

/** Throws when the plain bytes are more than `maxPlainBytes`. */
function expand(form: number, bytes: Buffer, maxPlainBytes: number): Buffer {
  if (form === raw) return bytes
  const maxOutputLength = Math.max(maxPlainBytes, 1)
  if (form === deflate) return inflateRawSync(bytes, { maxOutputLength, chunkSize: worthZstd })
  return zstdDecompressSync(bytes, { maxOutputLength, chunkSize: outputBytes(maxPlainBytes <= largestOutputBytes ? maxPlainBytes : Math.min(maxPlainBytes, bytes.length * 4)) })
}

/** Random nonces, drawn from the system many at a time. */
function createNonces(): () => Buffer {
  const pool = Buffer.alloc(nonceBatchBytes)
  let at = pool.length
  return () => {
    if (at === pool.length) {
      randomFillSync(pool)
      at = 0
    }
    return Buffer.from(pool.subarray(at, (at += nonceBytes)))
  }
}

const placeBytes = (form: number, place: string | Uint8Array): Buffer => Buffer.concat([Buffer.of(form), Buffer.from(place)])
