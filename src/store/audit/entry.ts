import { createHash } from "node:crypto"
import { canonicalJson } from "../../base/canonical-json.ts"

/**
 * An entry of the audit, and the chain that it is a link of: hash = SHA-256 (hash before || canonical JSON (RFC 8785) of the entry). Pure.
 * Whoever changes what is hashed here breaks every chain there is.
 */
export interface AuditEntry {
  readonly id: number
  /** RFC 3339 in UTC with microseconds. */
  readonly at: string
  readonly kind: string
  readonly principalId: string | null
  readonly accountId: number | null
  readonly clientAddress: string | null
  readonly envelopeId: number | null
  readonly actor: unknown
  readonly detail: unknown
}

/** Before the first link. */
export const chainStart: Uint8Array = new Uint8Array(32)

export function chainHash(before: Uint8Array, entry: AuditEntry): Buffer {
  const { id, at, kind, principalId, accountId, clientAddress, envelopeId, actor, detail } = entry
  return createHash("sha256").update(before).update(canonicalJson({ id, at, kind, principalId, accountId, clientAddress, envelopeId, actor, detail })).digest()
}

/** Where an entry stands in the chain. */
export interface AuditSeal {
  readonly position: number
  readonly auditId: number
  readonly hash: Uint8Array
}
