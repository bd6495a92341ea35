import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { z } from "zod"
import { canonicalJson } from "../../base/canonical-json.ts"
import { failed, ok, type Result } from "../../base/result.ts"

/**
 * The head of the chain at a time, signed with the server's Ed25519 key (RFC 8032): kept elsewhere, it shows that the whole chain was written anew.
 * Pure. Must not know: where heads and keys are kept.
 */
export interface AuditHead {
  readonly position: number
  readonly auditId: number
  readonly hash: Uint8Array
  /** ms since the epoch. */
  readonly at: number
  /** The server's name. */
  readonly system: string
  /** Ed25519, 32 octets. */
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  /** DER of an RFC 3161 token on the signature. */
  readonly stamp: Uint8Array | null
}

export type UnsignedHead = Omit<AuditHead, "publicKey" | "signature" | "stamp">

/** RFC 8410 §7, §4: what stands before the 32 octets in PKCS #8 and in SubjectPublicKeyInfo. */
const pkcs8Prefix = Buffer.from("302e020100300506032b657004220420", "hex")
const spkiPrefix = Buffer.from("302a300506032b6570032100", "hex")

export interface AuditKey {
  readonly privateKey: KeyObject
  readonly publicKey: Uint8Array
}

/** The key pair of the 32 octets in the server's key file. */
export function auditKey(seed: Uint8Array): AuditKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: "der", type: "pkcs8" })
  return { privateKey, publicKey: createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(spkiPrefix.length) }
}

export function signHead(head: UnsignedHead, { privateKey, publicKey }: AuditKey): AuditHead {
  return { ...head, publicKey, signature: sign(null, signedText(head), privateKey), stamp: null }
}

export function isSigned(head: AuditHead): boolean {
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, head.publicKey]), format: "der", type: "spki" })
  return verify(null, signedText(head), key, head.signature)
}

/** The first member keeps it from being taken for anything else that is signed. */
const signedText = ({ position, auditId, hash, at, system }: UnsignedHead): Buffer =>
  Buffer.from(canonicalJson({ congthuAuditHead: 1, position, entry: auditId, hash: hex(hash), at: new Date(at).toISOString(), system }))

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** One line of JSON, for a file or a printer far from this server. */
export const headLine = ({ position, auditId, hash, at, system, publicKey, signature, stamp }: AuditHead): string =>
  JSON.stringify({ congthuAuditHead: 1, position, entry: auditId, hash: hex(hash), at: new Date(at).toISOString(), system, publicKey: hex(publicKey), signature: hex(signature), ...(stamp && { stamp: Buffer.from(stamp).toString("base64") }) })

const bytes = (octets: number) => z.string().regex(new RegExp(`^[0-9a-f]{${octets * 2}}$`)).transform((text) => Buffer.from(text, "hex"))
const number = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

const headSchema = z
  .strictObject({
    congthuAuditHead: z.literal(1), position: number, entry: number, hash: bytes(32), at: z.iso.datetime({ precision: 3 }).transform((text) => Date.parse(text)), system: z.string().max(255),
    publicKey: bytes(32), signature: bytes(64), stamp: z.base64().max(64 * 1024).transform((text) => Buffer.from(text, "base64")).optional(),
  })
  .transform(({ position, entry, hash, at, system, publicKey, signature, stamp = null }): AuditHead => ({ position, auditId: entry, hash, at, system, publicKey, signature, stamp }))

/** Heads of a file, one a line; empty lines do not count. Failure: which line, and what is wrong with it. */
export function readHeads(text: string): Result<readonly AuditHead[], string> {
  const heads: AuditHead[] = []
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const head = headSchema.safeParse(parsed(line))
    if (!head.success) return failed(`line ${index + 1} is not a head of the audit`)
    heads.push(head.data)
  }
  return heads.length === 0 ? failed("there is no head in it") : ok(heads)
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
