import { type AuditEntry, type AuditSeal, chainHash } from "./entry.ts"
import type { AuditHead } from "./head.ts"
import { isSigned } from "./head.ts"

/**
 * Reads entries and seals beside each other and says where they part. It goes on behind what is wrong, by the hash that is stored there, so that one
 * changed entry is one problem and not all that follow. Pure but for the reading. Must not know: SQL.
 */
export interface ChainQuestion {
  /** The link before the first that is looked at. */
  readonly start: AuditSeal
  /** The last position that is looked at; absent: the whole chain. */
  readonly through?: number
  /** Entries behind `start`, by id. */
  readonly entries: AsyncIterable<AuditEntry>
  /** Seals behind `start`, by position. */
  readonly seals: AsyncIterable<AuditSeal>
  /** Where an entry that was met out of turn is sealed; undefined: nowhere. */
  readonly positionOf: (auditId: number) => Promise<number | undefined>
  /** What is known of the chain from elsewhere, in any order. */
  readonly heads: readonly AuditHead[]
  /** Hex of the keys that heads may be signed with. */
  readonly keys: ReadonlySet<string>
}

export interface ChainProblem {
  readonly position: number
  readonly auditId: number | null
  readonly kind: "changed" | "removed" | "inserted" | "reordered" | "sealRemoved" | "truncated" | "rewritten" | "headForged" | "forgotten"
}

export interface ChainReport {
  readonly checked: number
  readonly headsChecked: number
  /** The last link that was read. */
  readonly last: AuditSeal
  /** The first of them, by position. */
  readonly problems: readonly ChainProblem[]
}

/** The whole chain, with the time stamps of its heads. */
export interface Verified extends Pick<ChainReport, "checked" | "headsChecked" | "last" | "problems"> {
  /** Positions whose time stamp is not of their head. */
  readonly badStamps: readonly number[]
}

/** More say nothing more. */
const maxProblems = 20

export async function verifyChain({ start, through = Infinity, entries, seals, positionOf, heads, keys }: ChainQuestion): Promise<ChainReport> {
  const problems: ChainProblem[] = []
  const tell = (kind: ChainProblem["kind"], position: number, auditId: number | null): void => void problems.push({ kind, position, auditId })
  const meant = heads.filter(({ position }) => position >= start.position && position <= through)
  for (const head of meant) if (!keys.has(Buffer.from(head.publicKey).toString("hex")) || !isSigned(head)) tell("headForged", head.position, head.auditId)
  const headsAt = Map.groupBy(meant, ({ position }) => position)
  const compare = ({ position, auditId, hash }: AuditSeal): void => {
    if (headsAt.get(position)?.some((head) => head.auditId !== auditId || !same(head.hash, hash))) tell("rewritten", position, auditId)
  }
  if (start.position > 0) compare(start)

  const rows = cursor(entries)
  let entry = await rows.next()
  let last = start
  let checked = 0
  for await (const seal of seals) {
    if (seal.position > through || problems.length >= maxProblems) break
    const { position, auditId } = seal
    if (position !== last.position + 1) tell("sealRemoved", last.position + 1, null)
    while (entry && entry.id < auditId && problems.length < maxProblems) {
      const sealed = await positionOf(entry.id)
      tell(sealed === undefined ? "inserted" : "reordered", position, entry.id)
      entry = await rows.next()
    }
    // one that was told of where it should have stood is not told of again
    if (auditId > last.auditId) {
      if (entry?.id !== auditId) tell("removed", position, auditId)
      else {
        if (!same(chainHash(last.hash, entry), seal.hash)) tell("changed", position, auditId)
        entry = await rows.next()
      }
    } else if (!problems.some((one) => one.auditId === auditId)) tell("reordered", position, auditId)
    compare(seal)
    checked++
    last = auditId > last.auditId ? seal : { ...seal, auditId: last.auditId }
  }
  await rows.end()
  const known = Math.max(0, ...meant.map(({ position }) => position))
  if (known > last.position && problems.length < maxProblems) tell("truncated", last.position + 1, null)
  return { checked, headsChecked: meant.length, last, problems: problems.toSorted((a, b) => a.position - b.position).slice(0, maxProblems) }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function cursor<T>(from: AsyncIterable<T>): { next(): Promise<T | undefined>; end(): Promise<void> } {
  const iterator = from[Symbol.asyncIterator]()
  return {
    async next() {
      const { done, value } = await iterator.next()
      return done ? undefined : value
    },
    end: async () => void (await iterator.return?.()),
  }
}
