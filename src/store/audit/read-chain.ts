import type { AuditChain } from "../audit-store.ts"
import type { AuditSeal } from "./entry.ts"
import type { AuditHead } from "./head.ts"
import { type ChainProblem, type ChainReport, verifyChain } from "./verify-chain.ts"

export interface VerifyOptions {
  /** Positions, the first and the last; absent: of the whole chain. */
  readonly from?: number
  readonly to?: number
  /** Kept elsewhere; those that the store has are looked at too. */
  readonly heads: readonly AuditHead[]
  /** Hex of the public keys that are trusted. */
  readonly keys: ReadonlySet<string>
  /** How long entries are kept (ms; `audit.keep`); 0: for ever. What was deleted sooner is a problem, unless `from` says that the chain begins behind it. */
  readonly keepMs: number
  /** ms since the epoch. */
  readonly now: number
}

export interface StoredChainReport extends ChainReport {
  /** Of the heads kept elsewhere: those of positions that are not looked at, so that they say nothing. */
  readonly headsUnused: number
}

const maxStrangers = 5

/** Whoever put it there, a checkpoint lets entries be deleted, and the triggers believe it. Only age makes it right. */
function forgotten(checkpoint: AuditSeal, head: AuditHead | undefined, { keepMs, now }: Pick<VerifyOptions, "keepMs" | "now">): readonly ChainProblem[] {
  const mayBeGone = checkpoint.position === 0 || (keepMs > 0 && head !== undefined && head.at < now - keepMs)
  return mayBeGone ? [] : [{ kind: "forgotten", position: checkpoint.position, auditId: null }]
}

/** Verifies the chain as it is stored now. Throws `RangeError` where it does not begin as early as `from`. */
export async function readChain(chain: AuditChain, { from, to, heads, keys, keepMs, now }: VerifyOptions): Promise<StoredChainReport> {
  const checkpoint = await chain.checkpoint()
  const start = from === undefined || from <= checkpoint.position + 1 ? checkpoint : await chain.at(from - 1)
  if (!start) throw new RangeError(`the chain has no position ${(from ?? 0) - 1}`)
  // in this order, because the chain grows meanwhile: no head is of a link that is not looked at
  const stored = await chain.heads(start.position)
  const tip = await chain.tip()
  const report = await verifyChain({
    start, keys, heads: [...stored, ...heads], ...(to !== undefined && { through: to }),
    seals: upTo(chain.seals(start.position), tip.position),
    // ids begin with 1, but whoever owns the table can give others; behind the last seal nothing has to be sealed yet
    entries: chain.entries(start.position === 0 ? Number.MIN_SAFE_INTEGER : start.auditId, tip.auditId),
    positionOf: (auditId) => chain.positionOf(auditId),
  })
  const late = to === undefined ? (await chain.strangers(maxStrangers)).map((auditId): ChainProblem => ({ kind: "inserted", position: tip.position + 1, auditId })) : []
  const early = from === undefined ? forgotten(checkpoint, stored.find(({ position }) => position === checkpoint.position), { keepMs, now }) : []
  const headsUnused = heads.filter(({ position }) => position < start.position || position > (to ?? Infinity)).length
  return { ...report, headsUnused, problems: [...early, ...report.problems, ...late] }
}

async function* upTo(seals: AsyncIterable<AuditSeal>, position: number): AsyncIterable<AuditSeal> {
  for await (const seal of seals) {
    if (seal.position > position) return
    yield seal
  }
}
