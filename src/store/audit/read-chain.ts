import type { AuditChain } from "../audit-store.ts"
import type { AuditSeal } from "./entry.ts"
import type { AuditHead } from "./head.ts"
import { type ChainReport, verifyChain } from "./verify-chain.ts"

export interface VerifyOptions {
  /** Positions, the first and the last; absent: of the whole chain. */
  readonly from?: number
  readonly to?: number
  /** Kept elsewhere; those that the store has are looked at too. */
  readonly heads: readonly AuditHead[]
  /** Hex of the public keys that are trusted. */
  readonly keys: ReadonlySet<string>
}

/** Verifies the chain as it is stored now. Throws `RangeError` where it does not begin as early as `from`. */
export async function readChain(chain: AuditChain, { from, to, heads, keys }: VerifyOptions): Promise<ChainReport> {
  const checkpoint = await chain.checkpoint()
  const start = from === undefined || from <= checkpoint.position + 1 ? checkpoint : await chain.at(from - 1)
  if (!start) throw new RangeError(`the chain has no position ${(from ?? 0) - 1}`)
  // in this order, because the chain grows meanwhile: no head is of a link that is not looked at
  const stored = await chain.heads(start.position)
  const tip = await chain.tip()
  return verifyChain({
    start, keys, heads: [...stored, ...heads], ...(to !== undefined && { through: to }),
    seals: upTo(chain.seals(start.position), tip.position),
    // behind the last seal nothing has to be sealed yet
    entries: chain.entries(start.auditId, tip.auditId),
    positionOf: (auditId) => chain.positionOf(auditId),
  })
}

async function* upTo(seals: AsyncIterable<AuditSeal>, position: number): AsyncIterable<AuditSeal> {
  for await (const seal of seals) {
    if (seal.position > position) return
    yield seal
  }
}
