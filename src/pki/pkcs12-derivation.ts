import { createHash } from "node:crypto"

export interface Pkcs12Derivation {
  readonly password: string
  readonly salt: Uint8Array
  readonly iterations: number
  /** 1: key, 2: initialization vector, 3: key of the MAC. */
  readonly id: 1 | 2 | 3
  readonly length: number
  /** SHA-1 is only for files that were written long ago. */
  readonly digest: "sha1" | "sha256"
}

/** Of both digests. */
const block = 64

/** Key material from a password as PKCS #12 alone does it (RFC 7292 appendix B.2). Pure. */
export function derivePkcs12({ password, salt, iterations, id, length, digest: name }: Pkcs12Derivation): Buffer {
  // appendix B.1: big-endian UTF-16 with a null at the end
  const text = Buffer.from(`${password}\0`, "utf16le").swap16()
  const input = Buffer.concat([filled(salt), filled(text)])
  const parts: Buffer[] = []
  for (let made = 0; made < length; made += parts.at(-1)?.length ?? length) {
    let digest = createHash(name).update(Buffer.alloc(block, id)).update(input).digest()
    for (let round = 1; round < iterations; round++) digest = createHash(name).update(digest).digest()
    parts.push(digest)
    addToEachBlock(input, filled(digest).subarray(0, block))
  }
  return Buffer.concat(parts).subarray(0, length)
}

/** Repeated until it fills whole blocks. */
const filled = (octets: Uint8Array): Buffer => (octets.length === 0 ? Buffer.alloc(0) : Buffer.alloc(Math.ceil(octets.length / block) * block, octets))

/** Each block of `input`, as a number, becomes itself + `digest` + 1. */
function addToEachBlock(input: Buffer, digest: Buffer): void {
  for (let start = 0; start < input.length; start += block) {
    let carry = 1
    for (let at = block - 1; at >= 0; at--) {
      carry += (input[start + at] ?? 0) + (digest[at] ?? 0)
      input[start + at] = carry & 0xff
      carry >>= 8
    }
  }
}
